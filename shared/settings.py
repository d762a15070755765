"""Every app setting: name, default, bounds and meaning.

The caller passes settings in as a mapping; nothing reads the environment at import. All mistakes are reported together,
by name and without the value, which may be a secret in the wrong place.
"""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from . import setting_types as types
from .approval_policy import DEFAULT_POLICY
from .errors import MisconfiguredError
from .routes import OWN_NAMES
from .watch_settings import WatchSettings, number, text

# The platform then passes the reference itself, which anybody can guess: never a key. Nor does it resolve one that is
# a part of a value, such as the second of two keys.
_REFERENCE = re.compile(r"@Microsoft\.\w+\(", re.IGNORECASE)
_UNRESOLVED = (
    "is a reference that Azure could not resolve: it must be all of the value, and the app's identity must be able to "
    "read the secret"
)


class Settings(WatchSettings):
    """All settings, in the order of their documentation."""

    # --- Storage and health ---
    storage_connection_string: types.ConnectionString | None = text(
        None,
        "Storage account by connection string. Secret. The Functions host uses it too.",
        alias="AzureWebJobsStorage",
    )
    storage_table_endpoint: types.Url | None = text(
        None,
        "Storage account by identity: its table endpoint. The host needs `__queueServiceUri` and `__blobServiceUri` "
        "beside it.",
        alias="AzureWebJobsStorage__tableServiceUri",
    )
    storage_client_id: str = text(
        "",
        "Client id of the identity for storage. Empty: the default Azure credential.",
        alias="AzureWebJobsStorage__clientId",
    )
    table_prefix: types.Prefix = text("snatbot", "Start of the table names, when several bots share an account.")
    queue_prefix: types.Prefix = text("snatbot", "Start of the queue names. The host reads it too: always set it.")
    health_max_age_minutes: int = number(
        15, 2, 1440, "Health answers 503 when no scan has succeeded for this long, or no delivery while one waits."
    )
    heartbeat_url: types.SecretUrl | None = text(
        None, "Requested with GET after each good scan, for a dead man's switch elsewhere. Secret."
    )

    # --- Changes ---
    remediation: Literal["off", "on"] = text(
        "off", "`on` lets approved plans be applied. `off`: no approve buttons, and applying refuses."
    )
    remediator_client_id: str = text("", "Client id of the managed identity that writes. Needed with REMEDIATION=on.")
    approval_mode: Literal["signin", "link"] = text(
        "signin",
        "`signin`: people sign in with Entra ID and need an app role. `link`: whoever holds the link may approve, and "
        "is recorded as unverified; for demos and trials only.",
    )
    entra_tenant_id: types.Guid = text(
        "", "Tenant whose people sign in, by id. Needed with REMEDIATION=on and APPROVAL_MODE=signin."
    )
    entra_client_id: types.Guid = text(
        "",
        "Client id of the app registration that people sign in to. Needed as ENTRA_TENANT_ID is.",
    )
    entra_client_secret: SecretStr | None = text(
        None, "Client secret of the app registration, for development. Secret. Empty: the identity that reads vouches."
    )
    entra_authority: types.Url = text("https://login.microsoftonline.com", "Entra ID; another in a national cloud.")
    step_up_context: types.AuthenticationContext = text(
        "c1", "Authentication context that a rule with `page_with_step_up` asks for (docs/sign-in.md)."
    )
    allow_guests: Literal["off", "on"] = text("off", "`on`: guests of the tenant who have a role may use it.")
    allow_link_approval: Literal["off", "on"] = text(
        "off", "`on` allows APPROVAL_MODE=link where PUBLIC_BASE_URL is not this machine: for trials, never production."
    )
    approval_policy: types.PolicyText = text(
        DEFAULT_POLICY,
        "Who may approve what: JSON rules, the first that matches decides (docs/approval-policy.md). Empty: one person "
        "with the role Snat.Approve, on the page.",
    )
    approval_minutes: int = number(
        1440,
        5,
        1440,
        "Minutes in which a plan must be decided on; then it and its link expire. At most 60 with APPROVAL_MODE=link, "
        "whatever is set here.",
    )
    signing_keys: types.SigningKeys | None = text(
        None,
        "Keys that sign links and decisions, separated by commas: the first signs, all verify. Secret. "
        "Needed with REMEDIATION=on.",
    )
    nat_resource_group: str = text("", "Resource group of the NAT gateway and its IPs. Empty: the virtual network's.")
    nat_ips: types.NatIps = text(
        "addresses",
        "Egress IPs that a NAT gateway gets: `addresses`, `prefix` (a new prefix), or the resource id of a public IP "
        "prefix of yours (/28 to /31).",
    )
    prices: types.Prices = text(
        {},
        "Your prices for the cost in a plan: "
        "`gateway_hour=…,ip_hour=…,gb=…,currency=USD,source=…,as_of=2026-11-01`; only `gb` may be left out. "
        "Empty: cost unknown.",
    )
    name_template: types.NameTemplate = text(
        "{kind}-snatbot-{cluster}-{number}",
        "Names of what is created; `{kind}` (ng, pip), `{cluster}`, `{number}` are filled in.",
    )
    resource_tags: types.Pairs = text({}, "Extra tags on what is created: `team=net,cost=42`.")
    idle_timeout_minutes: int | None = number(None, 4, 120, "NAT gateway TCP idle timeout. Empty: the cluster's own.")
    pause_between_subnets_minutes: int = number(0, 0, 720, "Extra wait after each subnet. A change has 24 hours.")
    gate_limit_minutes: int = number(
        15,
        5,
        240,
        "Longest wait for a moved subnet's traffic to show before the change stops and asks. "
        "At least INGESTION_LAG_MINUTES and 5.",
    )
    verify_window_minutes: int = number(10, 5, 60, "Assessed minutes that prove a fix.")

    @property
    def has_storage(self) -> bool:
        """False only for a command that writes nothing."""
        return self.storage_connection_string is not None or self.storage_table_endpoint is not None

    @property
    def default_channels(self) -> tuple[str, ...]:
        """Names of the channels that have settings of their own."""
        given = (self.slack_webhook_url or self.slack_bot_token, self.teams_webhook_url)
        return tuple(name for name, secret in zip(OWN_NAMES, given, strict=True) if secret is not None)

    def language_of(self, channel: str) -> str:
        return (self.routes.language_of(channel) if self.routes else None) or self.language

    @property
    def is_remediation_on(self) -> bool:
        return self.remediation == "on"

    @property
    def people_sign_in(self) -> bool:
        """Never while it is not set up, which is possible while REMEDIATION is off."""
        return self.approval_mode == "signin" and bool(self.entra_tenant_id and self.entra_client_id)

    @property
    def decide_minutes(self) -> int:
        """The lifetime of a proposal and its link; at most an hour if the link alone approves."""
        return min(self.approval_minutes, 60) if self.approval_mode == "link" else self.approval_minutes

    @property
    def signing_key_list(self) -> tuple[str, ...]:
        """Newest first; empty if none is set."""
        if self.signing_keys is None:
            return ()
        return tuple(key.strip() for key in self.signing_keys.get_secret_value().split(","))


_NEEDS = {
    "SLACK_BOT_TOKEN": ("SLACK_CHANNEL",),
    "SLACK_CHANNEL": ("SLACK_BOT_TOKEN",),
    "SLACK_SIGNING_SECRET": ("SLACK_BOT_TOKEN", "SLACK_TEAM_ID", "SLACK_APP_ID", "SIGNING_KEYS"),
}


def load_settings(env: Mapping[str, str], *, needs_storage: bool = True) -> Settings:
    """Raises MisconfiguredError with the name of every invalid setting.

    Surrounding blanks are ignored, and an empty value counts as not set.
    """
    known = {field.alias for field in Settings.model_fields.values()}
    given = {name: value.strip() for name, value in env.items() if name in known and value.strip()}
    problems = _missing(given, needs_storage)
    try:
        settings = Settings.model_validate(given)
        problems |= _contradictions(settings)
    except ValidationError as error:
        for entry in error.errors(include_input=False, include_url=False, include_context=False):
            problems[str(entry["loc"][0])] = entry["msg"].removeprefix("Value error, ")
    problems |= {name: _UNRESOLVED for name, value in given.items() if _REFERENCE.search(value)}
    if problems:
        raise MisconfiguredError(problems)
    return settings


def _missing(given: Mapping[str, str], needs_storage: bool) -> dict[str, str]:
    """Checked on the raw texts, so that missing and invalid settings are reported together."""
    problems: dict[str, str] = {}
    if needs_storage and not given.keys() & {"AzureWebJobsStorage", "AzureWebJobsStorage__tableServiceUri"}:
        problems["AzureWebJobsStorage"] = "must be set, or AzureWebJobsStorage__tableServiceUri for access by identity"
    for name, needed in _NEEDS.items():
        if name in given:
            problems |= {other: f"must be set when {name} is" for other in needed if other not in given}
    if {"SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL"} <= given.keys():
        problems["SLACK_WEBHOOK_URL"] = "must not be set beside SLACK_BOT_TOKEN: each would get every message"
    if given.get("REMEDIATION") == "on":
        for name in ("REMEDIATOR_CLIENT_ID", "SIGNING_KEYS", "PUBLIC_BASE_URL"):
            if name not in given:
                problems[name] = "must be set when REMEDIATION is on"
        for name in ("ENTRA_TENANT_ID", "ENTRA_CLIENT_ID"):
            if given.get("APPROVAL_MODE", "signin") == "signin" and name not in given:
                problems[name] = "must be set when REMEDIATION is on and people sign in to approve"
    return problems


def _contradictions(settings: Settings) -> dict[str, str]:
    problems: dict[str, str] = {}
    reader, writer = settings.detector_client_id, settings.remediator_client_id
    if settings.is_remediation_on and writer and writer == reader:
        problems["REMEDIATOR_CLIENT_ID"] = "must not be the detector's: reading and writing are two identities"
    if settings.routes and (wrong := [*settings.routes.problems(settings.default_channels, settings.slack_channel)]):
        problems["ROUTES"] = "; ".join(wrong)
    is_plain = (settings.public_base_url or "").startswith("http://")
    if settings.is_remediation_on and settings.approval_mode == "signin" and is_plain:
        problems["PUBLIC_BASE_URL"] = (
            "must begin with https:// when people sign in: no cookie of theirs goes without TLS"
        )
    if settings.pressure_warn_percent >= settings.pressure_high_percent:
        if "pressure_warn_percent" in settings.model_fields_set:
            problems["PRESSURE_WARN_PERCENT"] = "must be below PRESSURE_HIGH_PERCENT"
        else:
            problems["PRESSURE_HIGH_PERCENT"] = "must be above PRESSURE_WARN_PERCENT"
    lag, limit = settings.ingestion_lag_minutes, settings.gate_limit_minutes
    if limit < lag + 5:  # such a wait would end before Azure Monitor has the metrics
        problems["GATE_LIMIT_MINUTES"] = (
            f"is {limit} and must be at least {lag + 5}: what it waits for is measured {lag} minutes later"
        )
    if settings.approval_mode == "link":
        problems |= _link_contradictions(settings)
    return problems


def _link_contradictions(settings: Settings) -> dict[str, str]:
    """Nobody knows who holds a link: it must not do for a certain person, for two, or unnoticed in production."""
    problems: dict[str, str] = {}
    host = urlsplit(settings.public_base_url or "").hostname
    if host and host not in types.LOOPBACK and settings.allow_link_approval == "off":
        problems["APPROVAL_MODE"] = (
            "link approves by possession of a link, and PUBLIC_BASE_URL is not this machine: use signin, or set "
            "ALLOW_LINK_APPROVAL=on"
        )
    strict = [rule.name for rule in settings.approval_policy.rules if rule.object_ids or rule.people > 1]
    if strict:
        names = ", ".join(map(repr, strict))
        problems["APPROVAL_POLICY"] = f"names people, or wants two, in rule {names}: that needs APPROVAL_MODE=signin"
    return problems
