"""What the text of an app setting may be, and the value that it becomes.

Every refusal says what would be right, and never what was given: a value in the wrong place may be a secret.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from .maintenance_windows import EXAMPLE, MaintenanceWindows, parse_maintenance

_NAME_LENGTH = 60  # of Azure's 80: the rest is for the cluster's name, cut if need be, and longer numbers


def _address(text: str) -> SplitResult:
    """Parsed here and nowhere else: the texts of urlsplit's own errors hold what was given."""
    problem = "must be a complete https:// address"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(problem) from None
    local = parts.hostname in ("127.0.0.1", "localhost")
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


_PRICE_NUMBERS = ("gateway_hour", "ip_hour", "gb")
_PRICE_NAMES = (*_PRICE_NUMBERS, "currency", "source", "as_of")


def _prices(text: str) -> dict[str, str]:
    """All or nothing: nobody can check a price without its currency, source and date."""
    pairs = _pairs(text)
    problems = [f"lacks {name}" for name in _PRICE_NAMES if name != "gb" and not pairs.get(name)]
    problems += ["holds other names"] if pairs.keys() - set(_PRICE_NAMES) else []
    problems += [
        f"has a {name} that is no number from 0 up"
        for name in _PRICE_NUMBERS
        if pairs.get(name) and not _is_price(pairs[name])
    ]
    if pairs.get("as_of") and not _is_date(pairs["as_of"]):
        problems.append("has an as_of that is no date such as 2026-11-01")
    if problems:
        raise ValueError(f"{', '.join(problems)}; its names are {', '.join(_PRICE_NAMES)}")
    return pairs


def _is_price(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


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


def _nat_ips(text: str) -> str:
    is_prefix_id = re.fullmatch(
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/publicIPPrefixes/[^/]+",
        text,
        re.IGNORECASE,
    )
    if text not in ("addresses", "prefix") and not is_prefix_id:
        raise ValueError("must be addresses, prefix, or the resource id of a public IP prefix")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]{2,20}", text):
        raise ValueError("must be 3 to 21 lower-case letters and digits, starting with a letter")
    return text


Url = Annotated[str, AfterValidator(_https_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
ConnectionString = Annotated[SecretStr, AfterValidator(_connection_string)]
SigningKeys = Annotated[SecretStr, AfterValidator(_signing_keys)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Pairs = Annotated[dict[str, str], BeforeValidator(_pairs)]
Prices = Annotated[dict[str, str], BeforeValidator(_prices)]
NameTemplate = Annotated[str, AfterValidator(_name_template)]
RegionUrl = Annotated[str, AfterValidator(_region_url)]
WindowsText = Annotated[MaintenanceWindows, BeforeValidator(_windows)]
NatIps = Annotated[str, AfterValidator(_nat_ips)]
Prefix = Annotated[str, AfterValidator(_prefix)]
