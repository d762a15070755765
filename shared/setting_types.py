"""Parse the texts of app settings into values.

Errors say what would be right, and never repeat the value: it may be a secret in the wrong place.
"""

import re
from datetime import date
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from .approval_policy import parse_policy
from .core.approval.policy import Policy
from .maintenance_windows import EXAMPLE, MaintenanceWindows, parse_maintenance
from .wording.languages import LANGUAGES, known_language

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NAME_LENGTH = 60  # of Azure's 80; the rest is for the cluster's name, shortened if needed, and longer numbers


def _like(pattern: str, problem: str) -> AfterValidator:
    def check(given: str | SecretStr) -> str | SecretStr:
        if not re.fullmatch(pattern, given.get_secret_value() if isinstance(given, SecretStr) else given, re.ASCII):
            raise ValueError(problem)
        return given

    return AfterValidator(check)


def _address(text: str) -> SplitResult:
    """A URL; urlsplit's error texts are replaced, because they repeat the value."""
    problem = "must be a complete https:// address"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(problem) from None
    local = parts.hostname in LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not (local and parts.scheme == "http")):
        raise ValueError(problem)
    if parts.username is not None:
        raise ValueError("must have no user name or password in the address")
    return parts


def _https_url(text: str) -> str:
    parts = _address(text)
    if parts.query or parts.fragment:
        raise ValueError("must have no query and no fragment")
    return text.rstrip("/")


def _secret_url(secret: SecretStr) -> SecretStr:
    _address(secret.get_secret_value())
    return secret


def _connection_string(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    names = {part.partition("=")[0].strip().lower() for part in text.split(";") if "=" in part}
    is_emulator = text.rstrip(";").lower() == "usedevelopmentstorage=true"
    has_account = bool(names & {"accountname", "tableendpoint"})
    if not is_emulator and not (has_account and names & {"accountkey", "sharedaccesssignature"}):
        raise ValueError("must be a storage connection string: AccountName=…;AccountKey=…")
    return secret


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _split(text)]
    if any(not sign or not key.strip() for key, sign, _ in pairs):
        raise ValueError("must be name=value pairs separated by commas")
    return {key.strip(): value.strip() for key, _, value in pairs}


class _PriceList(BaseModel):
    """All fields or none: nobody can check a price without its currency, source and date."""

    model_config = ConfigDict(extra="forbid")

    gateway_hour: float = Field(ge=0, allow_inf_nan=False)
    ip_hour: float = Field(ge=0, allow_inf_nan=False)
    gb: float | None = Field(None, ge=0, allow_inf_nan=False)
    currency: str
    source: str
    as_of: Annotated[date, BeforeValidator(date.fromisoformat)]


def _prices(text: str) -> dict[str, str]:
    pairs = {name: value for name, value in _pairs(text).items() if value}
    try:
        _PriceList.model_validate(pairs)
    except ValidationError as error:
        problems = dict.fromkeys(_price_problem(entry["type"], str(entry["loc"][0])) for entry in error.errors())
    else:
        return pairs
    raise ValueError(f"{', '.join(problems)}; its names are {', '.join(_PriceList.model_fields)}")


def _price_problem(kind: str, name: str) -> str:
    if kind == "extra_forbidden":
        return "holds other names"
    if kind == "missing":
        return f"lacks {name}"
    right = "date such as 2026-11-01" if name == "as_of" else "number from 0 up"
    return f"has a value of {name} that is no {right}"


def _signing_keys(secret: SecretStr) -> SecretStr:
    if any(len(key.strip()) < 32 for key in secret.get_secret_value().split(",")):
        raise ValueError("each key must have at least 32 characters")
    return secret


def _name_template(text: str) -> str:
    try:
        name = text.format(kind="pip", cluster="c", number=1)
    except (AttributeError, KeyError, IndexError, ValueError):
        name = ""
    allowed = re.fullmatch(r"[A-Za-z0-9][\w.-]*\w", name, re.ASCII)
    if "{kind}" not in text or "{number}" not in text or not allowed:
        raise ValueError("must hold {kind} and {number}, may hold {cluster}, else only letters, digits, dot, _ and -")
    if len(name) > _NAME_LENGTH:
        raise ValueError(f"must leave names of at most {_NAME_LENGTH} characters besides the cluster's own")
    return text


def _region_url(text: str) -> str:
    if text.count("{region}") != 1:
        raise ValueError("must hold {region} once")
    _https_url(text.replace("{region}", "westeurope"))
    return text.rstrip("/")


def _windows(text: str) -> MaintenanceWindows:
    try:
        return parse_maintenance(text)
    except ValueError:
        raise ValueError(f"must be maintenance windows separated by semicolons, {EXAMPLE}") from None


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
    return text


def _preferred_language(text: str) -> str:
    """A machine's locale may set a variable of this name too, such as ``en_US:en``; that is no mistake."""
    return known_language(text.split(":")) if {"_", ":"} & set(text) else _language(text)


Url = Annotated[str, AfterValidator(_https_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
ConnectionString = Annotated[SecretStr, AfterValidator(_connection_string)]
SlackBotToken = Annotated[SecretStr, _like(r"xoxb-[\w-]+", "must be a bot token that does not expire: xoxb-…")]
SlackChannelId = Annotated[str, _like("[CG][A-Z0-9]{2,}", "must be a channel's id, such as C0123456789, not its name")]
SlackTeamId = Annotated[str, _like("T[A-Z0-9]{2,}", "must be an id that begins with T, in capitals and digits")]
SlackAppId = Annotated[str, _like("A[A-Z0-9]{2,}", "must be an id that begins with A, in capitals and digits")]
SlackCommand = Annotated[
    str, _like("/[a-z0-9_-]{1,31}", "must begin with /, and go on with lower-case letters, digits, - and _")
]
AuthenticationContext = Annotated[str, _like(r"c[1-9]\d?", "must be the id of an authentication context, c1 to c99")]
SigningKey = Annotated[SecretStr, _like("(?s:.{32,})", "must have at least 32 characters")]
RoutingKey = Annotated[SecretStr, _like("[A-Za-z0-9]{32}", "must be the integration's key of 32 letters and digits")]
SigningKeys = Annotated[SecretStr, AfterValidator(_signing_keys)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Pairs = Annotated[dict[str, str], BeforeValidator(_pairs)]
Prices = Annotated[dict[str, str], BeforeValidator(_prices)]
NameTemplate = Annotated[str, AfterValidator(_name_template)]
RegionUrl = Annotated[str, AfterValidator(_region_url)]
WindowsText = Annotated[MaintenanceWindows, BeforeValidator(_windows)]
PolicyText = Annotated[Policy, BeforeValidator(parse_policy)]
_PREFIX_ID = "(?i:/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft[.]Network/publicIPPrefixes/[^/]+)"
NatIps = Annotated[
    str,
    _like(f"addresses|prefix|{_PREFIX_ID}", "must be addresses, prefix, or the resource id of a public IP prefix"),
]
Language = Annotated[str, AfterValidator(_language)]
PreferredLanguage = Annotated[str, AfterValidator(_preferred_language)]
_GUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
Guid = Annotated[
    str,
    _like(_GUID, "must be an id of 32 hexadecimal digits, 8-4-4-4-12: no token holds a name"),
    AfterValidator(str.lower),
]
Prefix = Annotated[
    str,
    _like("[a-z][a-z0-9]{2,20}", "must be 3 to 21 lower-case letters and digits, starting with a letter"),
]
