"""Every app setting: name, default, bounds and meaning.

The caller passes settings in as a mapping; nothing reads the environment at import. All mistakes are reported together,
by name and without the value, which may be a secret in the wrong place.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from . import setting_types as types
from .approval_policy import DEFAULT_POLICY
from .errors import MisconfiguredError
from .maintenance_windows import MaintenanceWindows
from .routes import OWN_NAMES, Routes, parse_routes

# The platform then passes the reference itself, which anybody can guess: never a key.
_UNRESOLVED = "is a reference that Azure could not resolve: the app's identity must be able to read the secret"


def _text(default: Any, meaning: str, alias: str | None = None) -> Any:
    return Field(default, alias=alias, description=meaning)


def _number(default: int | None, least: int, most: int, meaning: str) -> Any:
    return Field(default, ge=least, le=most, description=meaning)


class Settings(BaseModel):
    """A setting has the field's name in upper case, or the alias that Azure Functions prescribes."""

    model_config = ConfigDict(alias_generator=str.upper, frozen=True, extra="ignore", hide_input_in_errors=True)

    # --- Azure ---
    subscriptions: types.Names = _text((), "Subscription ids to watch, separated by commas. Empty: all readable ones.")
    detector_client_id: str = _text("", "Client id of the managed identity that reads. Empty: the default credential.")
    arm_endpoint: types.Url = _text("https://management.azure.com", "Resource Manager; another in a national cloud.")
    arm_audience: str = _text("", "Token audience of Resource Manager. Empty: the endpoint.")
    metrics_mode: Literal["auto", "batch", "arm"] = _text(
        "auto",
        "How metrics are read: `batch` asks 50 resources a request and needs Monitoring Reader at the subscription, "
        "`arm` asks one by one; `auto` tries batch and falls back.",
    )
    metrics_endpoint: types.RegionUrl = _text(
        "https://{region}.metrics.monitor.azure.com",
        "Azure Monitor's batch API, with `{region}`; another one for a national cloud.",
    )
    metrics_audience: types.Url = _text("https://metrics.monitor.azure.com", "Token audience of the batch API.")
    workspace_id: str = _text("", "Log Analytics workspace with the load balancers' health events. Empty: none.")
    logs_endpoint: types.Url = _text("https://api.loganalytics.io", "Log Analytics; another one for a national cloud.")
    region_name: str = _text("", "The app's region; Azure Functions sets it. Empty: unknown.")
    discovery_minutes: int = _number(10, 1, 1440, "How long the list of clusters is kept.")
    expect_clusters: Literal["on", "off"] = _text(
        "on",
        "`on`: health is not well until a cluster was found: most often a role is missing. `off`: having none is fine.",
    )

    # --- Detection ---
    watch_schedule: str = _text("0 * * * * *", "When to scan: NCRONTAB with seconds, UTC. Always set it.")
    ingestion_lag_minutes: int = _number(3, 0, 30, "Younger minutes are not assessed: Azure Monitor may lack them.")
    window_minutes: int = _number(5, 1, 60, "Minutes that one scan assesses.")
    clean_minutes: int = _number(
        10, 1, 1440, "Measured minutes without trouble until an incident is cleared; more for one that comes back."
    )
    cooldown_minutes: int = _number(60, 0, 10080, "An incident re-opens when its trouble returns within this time.")
    remind_minutes: int = _number(
        30, 5, 1440, "While connections fail, a reminder is posted this often; after a denial every four hours."
    )
    pressure_every: int = _number(
        5, 1, 60, "Minutes between scans of every node's ports; clusters with an incident are scanned each time."
    )
    pressure_warn_percent: int = _number(
        75, 1, 99, "Used of allocated SNAT ports of a node that is a warning. Tag: `snatbot-pressure-warn`."
    )
    pressure_high_percent: int = _number(90, 2, 100, "The same, nearly full. Tag: `snatbot-pressure-high`.")
    exhaustion_minutes: int = _number(
        60, 5, 1440, "How far ahead port exhaustion is predicted. Tag: `snatbot-exhaustion-minutes`."
    )
    critical_share_percent: int = _number(
        10, 1, 100, "Share of a load balancer's failed connections that is critical. Tag: `snatbot-critical-share`."
    )
    nat_capacity_percent: int = _number(
        70, 1, 100, "Share of a NAT gateway's ports in use that is a warning. Tag: `snatbot-nat-capacity`."
    )
    datapath_percent: int = _number(
        90, 1, 100, "Availability of a NAT gateway's data path over 15 minutes. Tag: `snatbot-datapath`."
    )
    not_measured_minutes: int = _number(15, 1, 1440, "Minutes that clusters may go unmeasured before a post says so.")
    maintenance_windows: types.WindowsText = _text(
        MaintenanceWindows(),
        "When nothing is posted, UTC: `sat 22:00-02:00; daily 03:00-03:30`. Tag for one cluster: "
        "`snatbot-maintenance`.",
    )
    fan_out_above: int = _number(1000, 1, 5000, "Above this many clusters, queue workers scan, 100 clusters each.")

    # --- Messages ---
    slack_webhook_url: types.SecretUrl | None = _text(
        None, "Slack incoming webhook, where each message is a post of its own. Secret."
    )
    slack_bot_token: types.SlackBotToken | None = _text(
        None,
        "Instead of the webhook: bot token (`xoxb-…`) of a Slack app with the scopes `chat:write` and "
        "`channels:history`. It rewrites one message an incident, with the details in its thread. Secret.",
    )
    slack_channel: types.SlackChannelId = _text(
        "", "Id of the Slack channel for SLACK_BOT_TOKEN, such as `C0123456789`."
    )
    slack_api_url: types.Url = _text(
        "https://slack.com/api", "Slack's web API; `https://slack-gov.com/api` in GovSlack."
    )
    slack_signing_secret: SecretStr | None = _text(
        None,
        "Signing secret of the Slack app: people then use its slash command (docs/slack.md). Needs SLACK_BOT_TOKEN, "
        "SLACK_TEAM_ID, SLACK_APP_ID and SIGNING_KEYS. Secret.",
    )
    slack_team_id: types.SlackTeamId = _text("", "Id of the Slack workspace whose members may use the bot: `T…`.")
    slack_app_id: types.SlackAppId = _text("", "Id of the Slack app: `A…`.")
    slack_command: types.SlackCommand = _text("/snat", "The app's slash command.")
    slack_role_hours: int = _number(
        8, 1, 24, "Hours for which an app role, seen when somebody signed in to link a Slack account, counts in Slack."
    )
    teams_webhook_url: types.SecretUrl | None = _text(None, "Teams Workflows webhook. Secret.")
    routes: Annotated[Routes | None, BeforeValidator(parse_routes)] = _text(
        None,
        "JSON: more channels, and which clusters' messages go to which (docs/telling.md). The settings above are the "
        "default. Holds secrets.",
    )
    language: types.PreferredLanguage = _text(
        "en",
        "Language of messages, and of pages where the browser wants none of them: `en` or `es`. A route of ROUTES may "
        "have another for its channels.",
    )
    public_base_url: types.Url | None = _text(None, "This app's address as people reach it, for links in messages.")

    # --- Storage and health ---
    storage_connection_string: types.ConnectionString | None = _text(
        None,
        "Storage account by connection string. Secret. The Functions host uses it too.",
        alias="AzureWebJobsStorage",
    )
    storage_table_endpoint: types.Url | None = _text(
        None,
        "Storage account by identity: its table endpoint. The host needs `__queueServiceUri` and `__blobServiceUri` "
        "beside it.",
        alias="AzureWebJobsStorage__tableServiceUri",
    )
    storage_client_id: str = _text(
        "",
        "Client id of the identity for storage. Empty: the default Azure credential.",
        alias="AzureWebJobsStorage__clientId",
    )
    table_prefix: types.Prefix = _text("snatbot", "Start of the table names, when several bots share an account.")
    queue_prefix: types.Prefix = _text("snatbot", "Start of the queue names. The host reads it too: always set it.")
    health_max_age_minutes: int = _number(
        15, 2, 1440, "Health answers 503 when no scan has succeeded for this long, or no delivery while one waits."
    )
    heartbeat_url: types.SecretUrl | None = _text(
        None, "Requested with GET after each good scan, for a dead man's switch elsewhere. Secret."
    )

    # --- Changes ---
    remediation: Literal["off", "on"] = _text(
        "off", "`on` lets approved plans be applied. `off`: no approve buttons, and applying refuses."
    )
    remediator_client_id: str = _text("", "Client id of the managed identity that writes. Needed with REMEDIATION=on.")
    approval_mode: Literal["signin", "link"] = _text(
        "signin",
        "`signin`: people sign in with Entra ID and need an app role. `link`: whoever holds the link may approve, and "
        "is recorded as unverified; for demos and trials only.",
    )
    entra_tenant_id: types.Guid = _text(
        "", "Tenant whose people sign in, by id. Needed with REMEDIATION=on and APPROVAL_MODE=signin."
    )
    entra_client_id: types.Guid = _text(
        "",
        "Client id of the app registration that people sign in to. Needed as ENTRA_TENANT_ID is.",
    )
    entra_client_secret: SecretStr | None = _text(
        None, "Client secret of the app registration, for development. Secret. Empty: the identity that reads vouches."
    )
    entra_authority: types.Url = _text("https://login.microsoftonline.com", "Entra ID; another in a national cloud.")
    step_up_context: types.AuthenticationContext = _text(
        "c1", "Authentication context that a rule with `page_with_step_up` asks for (docs/sign-in.md)."
    )
    allow_guests: Literal["off", "on"] = _text("off", "`on`: guests of the tenant who have a role may use it.")
    allow_link_approval: Literal["off", "on"] = _text(
        "off", "`on` allows APPROVAL_MODE=link where PUBLIC_BASE_URL is not this machine: for trials, never production."
    )
    approval_policy: types.PolicyText = _text(
        DEFAULT_POLICY,
        "Who may approve what: JSON rules, the first that matches decides (docs/approval-policy.md). Empty: one person "
        "with the role Snat.Approve, on the page.",
    )
    approval_minutes: int = _number(
        1440,
        5,
        1440,
        "Minutes in which a plan must be decided on; then it and its link expire. At most 60 with APPROVAL_MODE=link, "
        "whatever is set here.",
    )
    signing_keys: types.SigningKeys | None = _text(
        None,
        "Keys that sign links and decisions, separated by commas: the first signs, all verify. Secret. "
        "Needed with REMEDIATION=on.",
    )
    nat_resource_group: str = _text("", "Resource group of the NAT gateway and its IPs. Empty: the virtual network's.")
    nat_ips: types.NatIps = _text(
        "addresses",
        "Egress IPs that a NAT gateway gets: `addresses`, `prefix` (a new prefix), or the resource id of a public IP "
        "prefix of yours (/28 to /31).",
    )
    prices: types.Prices = _text(
        {},
        "Your prices for the cost in a plan: "
        "`gateway_hour=…,ip_hour=…,gb=…,currency=USD,source=…,as_of=2026-11-01`; only `gb` may be left out. "
        "Empty: cost unknown.",
    )
    name_template: types.NameTemplate = _text(
        "{kind}-snatbot-{cluster}-{number}",
        "Names of what is created; `{kind}` (ng, pip), `{cluster}`, `{number}` are filled in.",
    )
    resource_tags: types.Pairs = _text({}, "Extra tags on what is created: `team=net,cost=42`.")
    idle_timeout_minutes: int | None = _number(None, 4, 120, "NAT gateway TCP idle timeout. Empty: the cluster's own.")
    pause_between_subnets_minutes: int = _number(0, 0, 720, "Extra wait after each subnet. A change has 24 hours.")
    gate_limit_minutes: int = _number(
        15,
        5,
        240,
        "Longest wait for a moved subnet's traffic to show before the change stops and asks. "
        "At least INGESTION_LAG_MINUTES and 5.",
    )
    verify_window_minutes: int = _number(10, 5, 60, "Assessed minutes that prove a fix.")

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
    problems |= {name: _UNRESOLVED for name, value in given.items() if value.startswith("@Microsoft.")}
    if problems:
        raise MisconfiguredError(problems)
    return settings


def _missing(given: Mapping[str, str], needs_storage: bool) -> dict[str, str]:
    """Checked on the raw texts, so that missing and invalid settings are reported together."""
    problems: dict[str, str] = {}
    if needs_storage and not given.keys() & {"AzureWebJobsStorage", "AzureWebJobsStorage__tableServiceUri"}:
        problems["AzureWebJobsStorage"] = "must be set, or AzureWebJobsStorage__tableServiceUri for access by identity"
    if "SLACK_BOT_TOKEN" in given and "SLACK_CHANNEL" not in given:
        problems["SLACK_CHANNEL"] = "must be set when SLACK_BOT_TOKEN is"
    if "SLACK_CHANNEL" in given and "SLACK_BOT_TOKEN" not in given:
        problems["SLACK_BOT_TOKEN"] = "must be set when SLACK_CHANNEL is"
    if {"SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL"} <= given.keys():
        problems["SLACK_WEBHOOK_URL"] = "must not be set beside SLACK_BOT_TOKEN: each would get every message"
    if "SLACK_SIGNING_SECRET" in given:
        for name in ("SLACK_BOT_TOKEN", "SLACK_TEAM_ID", "SLACK_APP_ID", "SIGNING_KEYS"):
            if name not in given:
                problems[name] = "must be set when SLACK_SIGNING_SECRET is"
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


def describe() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the documentation."""
    return [
        (
            str(field.alias),
            f"`{field.default}`" if isinstance(field.default, (str, int, float)) and field.default != "" else "",
            str(field.description),
        )
        for field in Settings.model_fields.values()
    ]
