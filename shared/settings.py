"""Every app setting, once: name, meaning, unit and default.

Settings are built from a mapping that is passed in, never read at import. All mistakes are reported together, by
name, and never with the value: a value in the wrong place may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .errors import MisconfiguredError
from .setting_types import (
    ConnectionString,
    MaintenanceWindows,
    Names,
    NameTemplate,
    NatIps,
    Pairs,
    Prefix,
    Prices,
    RegionUrl,
    SecretUrl,
    SigningKeys,
    Url,
)


class Settings(BaseSettings):
    """Field names are ours; the alias is the app setting's name as a person writes it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # --- where to look ---
    subscriptions: Names = Field(
        (),
        alias="SUBSCRIPTIONS",
        description="Subscription ids to watch, separated by commas. Empty: all readable ones.",
    )
    detector_client_id: str = Field(
        "",
        alias="DETECTOR_CLIENT_ID",
        description="Client id of the managed identity that reads. Empty: the default Azure credential.",
    )
    arm_endpoint: Url = Field(
        "https://management.azure.com",
        alias="ARM_ENDPOINT",
        description="Azure Resource Manager; another one for a national cloud.",
    )
    arm_audience: str = Field(
        "", alias="ARM_AUDIENCE", description="Token audience of Resource Manager. Empty: the endpoint."
    )

    metrics_mode: Literal["auto", "batch", "arm"] = Field(
        "auto",
        alias="METRICS_MODE",
        description="How metrics are read: `batch` asks 50 resources a request and needs Monitoring Reader at the "
        "subscription, `arm` asks one by one; `auto` tries batch and falls back.",
    )
    metrics_endpoint: RegionUrl = Field(
        "https://{region}.metrics.monitor.azure.com",
        alias="METRICS_ENDPOINT",
        description="Azure Monitor's batch API, with `{region}`; another one for a national cloud.",
    )
    metrics_audience: Url = Field(
        "https://metrics.monitor.azure.com", alias="METRICS_AUDIENCE", description="Token audience of the batch API."
    )
    workspace_id: str = Field(
        "",
        alias="WORKSPACE_ID",
        description="Log Analytics workspace with the load balancers' health events: a second witness. Empty: none.",
    )
    logs_endpoint: Url = Field(
        "https://api.loganalytics.io",
        alias="LOGS_ENDPOINT",
        description="Log Analytics; another one for a national cloud.",
    )
    discovery_minutes: int = Field(
        10, ge=1, le=1440, alias="DISCOVERY_MINUTES", description="How long the list of clusters is kept."
    )

    expect_clusters: Literal["on", "off"] = Field(
        "on",
        alias="EXPECT_CLUSTERS",
        description="`on`: health is not well until a cluster was found: most often a role is missing. "
        "`off`: having none is fine.",
    )

    # --- when and how to judge ---
    watch_schedule: str = Field(
        "0 * * * * *",
        alias="WATCH_SCHEDULE",
        description="When to look: NCRONTAB with seconds, UTC. The host reads it too: always set it.",
    )
    ingestion_lag_minutes: int = Field(
        3,
        ge=0,
        le=30,
        alias="INGESTION_LAG_MINUTES",
        description="Minutes younger than this are not judged: Azure Monitor may still lack them.",
    )
    window_minutes: int = Field(5, ge=1, le=60, alias="WINDOW_MINUTES", description="Minutes that one look judges.")
    clean_minutes: int = Field(
        10,
        ge=1,
        le=1440,
        alias="CLEAN_MINUTES",
        description="Measured minutes without trouble until an incident is cleared; more for one that comes back.",
    )
    cooldown_minutes: int = Field(
        60,
        ge=0,
        le=10080,
        alias="COOLDOWN_MINUTES",
        description="Trouble that returns within this re-opens its incident.",
    )
    remind_minutes: int = Field(
        30,
        ge=5,
        le=1440,
        alias="REMIND_MINUTES",
        description="While connections fail, people are reminded this often; after a denial every four hours.",
    )
    pressure_every: int = Field(
        5,
        ge=1,
        le=60,
        alias="PRESSURE_EVERY",
        description="Minutes between looks at every node's ports; clusters in trouble are looked at each time.",
    )
    pressure_warn_percent: int = Field(
        75,
        ge=1,
        le=99,
        alias="PRESSURE_WARN_PERCENT",
        description="Used of allocated SNAT ports of a node that is a warning. Tag: `snatbot-pressure-warn`.",
    )
    pressure_high_percent: int = Field(
        90,
        ge=2,
        le=100,
        alias="PRESSURE_HIGH_PERCENT",
        description="The same, nearly full. Tag: `snatbot-pressure-high`.",
    )
    exhaustion_minutes: int = Field(
        60,
        ge=5,
        le=1440,
        alias="EXHAUSTION_MINUTES",
        description="How far ahead running out of ports is foretold. Tag: `snatbot-exhaustion-minutes`.",
    )
    critical_share_percent: int = Field(
        10,
        ge=1,
        le=100,
        alias="CRITICAL_SHARE_PERCENT",
        description="Share of failed connections that is critical. Tag: `snatbot-critical-share`.",
    )
    nat_capacity_percent: int = Field(
        70,
        ge=1,
        le=100,
        alias="NAT_CAPACITY_PERCENT",
        description="Share of a NAT gateway's ports in use that is a warning. Tag: `snatbot-nat-capacity`.",
    )
    datapath_percent: int = Field(
        90,
        ge=1,
        le=100,
        alias="DATAPATH_PERCENT",
        description="Availability of a NAT gateway's data path over 15 minutes. Tag: `snatbot-datapath`.",
    )
    not_measured_minutes: int = Field(
        15,
        ge=1,
        le=1440,
        alias="NOT_MEASURED_MINUTES",
        description="Minutes that clusters may go unmeasured before people are told.",
    )
    maintenance_windows: MaintenanceWindows = Field(
        "",
        alias="MAINTENANCE_WINDOWS",
        description="When nothing is posted, UTC: `sat 22:00-02:00; daily 03:00-03:30`. "
        "Tag for one cluster: `snatbot-maintenance`.",
    )
    fan_out_above: int = Field(
        1000,
        ge=1,
        le=5000,
        alias="FAN_OUT_ABOVE",
        description="A fleet with more clusters is looked at by queue workers, 100 clusters each.",
    )
    metric_workers: int = Field(
        16, ge=1, le=64, alias="METRIC_WORKERS", description="Requests to Azure Monitor at a time, per process."
    )
    tick_deadline_seconds: int = Field(
        50,
        ge=5,
        le=480,
        alias="TICK_DEADLINE_SECONDS",
        description="What one look has not reached by then is left to the next, and counted.",
    )

    # --- where to tell ---
    slack_webhook_url: SecretUrl | None = Field(
        None, alias="SLACK_WEBHOOK_URL", description="Slack incoming webhook. Secret."
    )
    teams_webhook_url: SecretUrl | None = Field(
        None, alias="TEAMS_WEBHOOK_URL", description="Teams Workflows webhook. Secret."
    )
    public_base_url: Url | None = Field(
        None,
        alias="PUBLIC_BASE_URL",
        description="This app's address as people reach it, for links in messages.",
    )

    # --- what to remember ---
    storage_connection_string: ConnectionString | None = Field(
        None,
        alias="AzureWebJobsStorage",
        description="Storage account by connection string. Secret. The Functions host uses it too.",
    )
    storage_table_endpoint: Url | None = Field(
        None,
        alias="AzureWebJobsStorage__tableServiceUri",
        description="Storage account by identity: its table endpoint. "
        "The host needs `__queueServiceUri` and `__blobServiceUri` beside it.",
    )
    storage_client_id: str = Field(
        "",
        alias="AzureWebJobsStorage__clientId",
        description="Client id of the identity for storage. Empty: the default Azure credential.",
    )
    table_prefix: Prefix = Field(
        "snatbot",
        alias="TABLE_PREFIX",
        description="Start of the table names, when several bots share an account.",
    )
    queue_prefix: Prefix = Field(
        "snatbot", alias="QUEUE_PREFIX", description="Start of the queue names. The host reads it too: always set it."
    )
    health_max_age_minutes: int = Field(
        15,
        ge=2,
        le=1440,
        alias="HEALTH_MAX_AGE_MINUTES",
        description="Health answers 503 when no look has succeeded for this long, or no delivery while one waits.",
    )
    heartbeat_url: SecretUrl | None = Field(
        None,
        alias="HEARTBEAT_URL",
        description="Asked with GET after each good look, for a dead man's switch elsewhere. Secret.",
    )

    # --- whether and how to act ---
    remediation: Literal["off", "on"] = Field(
        "off",
        alias="REMEDIATION",
        description="`on` lets approved plans be applied. `off`: no approve buttons, and applying refuses.",
    )
    remediator_client_id: str = Field(
        "",
        alias="REMEDIATOR_CLIENT_ID",
        description="Client id of the managed identity that writes. Needed with REMEDIATION=on.",
    )
    approval_mode: Literal["signin", "link"] = Field(
        "signin",
        alias="APPROVAL_MODE",
        description="`link`: whoever holds the link may approve, recorded as unverified; for demos and trials only.",
    )
    approval_minutes: int = Field(
        1440,
        ge=5,
        le=1440,
        alias="APPROVAL_MINUTES",
        description="Minutes in which a plan must be decided on; then it and its link expire. "
        "At most 60 with APPROVAL_MODE=link, whatever is set here.",
    )
    signing_keys: SigningKeys | None = Field(
        None,
        alias="SIGNING_KEYS",
        description="Keys that sign links and decisions, separated by commas: the first signs, all verify. Secret. "
        "Needed with REMEDIATION=on.",
    )
    nat_resource_group: str = Field(
        "",
        alias="NAT_RESOURCE_GROUP",
        description="Resource group for the NAT gateway and its public IPs. Empty: the virtual network's.",
    )
    nat_ips: NatIps = Field(
        "addresses",
        alias="NAT_IPS",
        description="Egress IPs that a NAT gateway gets: `addresses`, `prefix` (a new prefix), or the resource id of a "
        "public IP prefix of yours (/28 to /31).",
    )
    prices: Prices = Field(
        {},
        alias="PRICES",
        description="Your prices for the cost in a plan: "
        "`gateway_hour=…,ip_hour=…,gb=…,currency=USD,source=…,as_of=2026-11-01`; only `gb` may be left out. "
        "Empty: cost unknown.",
    )
    name_template: NameTemplate = Field(
        "{kind}-snatbot-{cluster}-{number}",
        alias="NAME_TEMPLATE",
        description="Names of what is created; `{kind}` (ng, pip), `{cluster}`, `{number}` are filled in.",
    )
    resource_tags: Pairs = Field(
        {}, alias="RESOURCE_TAGS", description="Extra tags on what is created: `team=net,cost=42`."
    )
    idle_timeout_minutes: int | None = Field(
        None,
        ge=4,
        le=120,
        alias="IDLE_TIMEOUT_MINUTES",
        description="NAT gateway TCP idle timeout. Empty: the cluster's current one.",
    )
    pause_between_subnets_minutes: int = Field(
        0,
        ge=0,
        le=720,
        alias="PAUSE_BETWEEN_SUBNETS_MINUTES",
        description="Extra wait after each subnet. The whole change has 24 hours.",
    )
    wait_limit_minutes: int = Field(
        60,
        ge=5,
        le=240,
        alias="WAIT_LIMIT_MINUTES",
        description="Longest wait for one step before the change stops and asks.",
    )

    gate_limit_minutes: int = Field(
        15,
        ge=5,
        le=240,
        alias="GATE_LIMIT_MINUTES",
        description="Longest wait for a moved subnet's traffic to show before the change stops and asks. "
        "At least INGESTION_LAG_MINUTES and 5.",
    )

    # --- how to prove ---
    verify_window_minutes: int = Field(
        10, ge=5, le=60, alias="VERIFY_WINDOW_MINUTES", description="Judged minutes that prove a fix."
    )
    verify_limit_minutes: int = Field(
        60,
        ge=15,
        le=1440,
        alias="VERIFY_LIMIT_MINUTES",
        description="When nothing is proven by then, the verdict is “can't tell”, or “not fixed” while connections "
        "fail. At least VERIFY_WINDOW_MINUTES, INGESTION_LAG_MINUTES and 2.",
    )
    activity_log_minutes: int = Field(
        15,
        ge=5,
        le=120,
        alias="ACTIVITY_LOG_MINUTES",
        description="How late Azure's activity log may be. It is asked for writes by others that came in between.",
    )
    nat_background_per_minute: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        alias="NAT_BACKGROUND_PER_MINUTE",
        description="New connections a minute that a NAT gateway shows without any traffic (platform health checks).",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the mapping that was passed in counts."""
        return (init_settings,)

    @property
    def has_storage(self) -> bool:
        """Only a command that writes nothing goes without."""
        return self.storage_connection_string is not None or self.storage_table_endpoint is not None

    @property
    def decide_minutes(self) -> int:
        """How long a proposal and its link last: a link that approves by itself must not lie around."""
        return min(self.approval_minutes, 60) if self.approval_mode == "link" else self.approval_minutes

    @property
    def signing_key_list(self) -> tuple[str, ...]:
        """Newest first; empty when none is set."""
        if self.signing_keys is None:
            return ()
        return tuple(key.strip() for key in self.signing_keys.get_secret_value().split(","))


def _joint_problems(given: Mapping[str, str], needs_storage: bool) -> dict[str, str]:
    """What is wrong between settings, found on the raw texts so that it is reported with all the rest."""
    problems: dict[str, str] = {}
    has_storage = "AzureWebJobsStorage" in given or "AzureWebJobsStorage__tableServiceUri" in given
    if needs_storage and not has_storage:
        problems["AzureWebJobsStorage"] = "must be set, or AzureWebJobsStorage__tableServiceUri for access by identity"
    if given.get("REMEDIATION") == "on":
        for name in ("REMEDIATOR_CLIENT_ID", "SIGNING_KEYS", "PUBLIC_BASE_URL"):
            if name not in given:
                problems[name] = "must be set when REMEDIATION is on"
        remediator = given.get("REMEDIATOR_CLIENT_ID")
        if remediator is not None and remediator == given.get("DETECTOR_CLIENT_ID"):
            problems["REMEDIATOR_CLIENT_ID"] = "must not be the detector's: reading and writing are two identities"
    warn, high = given.get("PRESSURE_WARN_PERCENT", "75"), given.get("PRESSURE_HIGH_PERCENT", "90")
    if warn.isdigit() and high.isdigit() and int(warn) >= int(high):
        if "PRESSURE_WARN_PERCENT" in given:
            problems["PRESSURE_WARN_PERCENT"] = "must be below PRESSURE_HIGH_PERCENT"
        else:
            problems["PRESSURE_HIGH_PERCENT"] = "must be above PRESSURE_WARN_PERCENT"
    return problems


def _too_short(settings: Settings) -> dict[str, str]:
    """A wait that ends before its evidence can be there would always end without it."""
    lag = settings.ingestion_lag_minutes
    needed = {
        "GATE_LIMIT_MINUTES": (settings.gate_limit_minutes, lag + 5),
        "VERIFY_LIMIT_MINUTES": (settings.verify_limit_minutes, settings.verify_window_minutes + lag + 2),
    }
    return {
        name: f"is {given} and must be at least {least}: what it waits for is measured {lag} minutes later"
        for name, (given, least) in needed.items()
        if given < least
    }


def load_settings(env: Mapping[str, str], *, needs_storage: bool = True) -> Settings:
    """Raises MisconfiguredError naming every setting that cannot be used.

    Blanks around a value don't count, and an empty one counts as not set.
    """
    known = {field.alias for field in Settings.model_fields.values()}
    given = {name: value.strip() for name, value in env.items() if name in known and value.strip()}
    problems = _joint_problems(given, needs_storage)
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
        problems |= _too_short(settings)
    except ValidationError as error:
        for entry in error.errors(include_input=False, include_url=False, include_context=False):
            problems[str(entry["loc"][0])] = entry["msg"].removeprefix("Value error, ")
    if problems:
        raise MisconfiguredError(problems)
    return settings


def describe() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the README's table."""
    rows = []
    for field in Settings.model_fields.values():
        default = field.default
        if isinstance(default, (tuple, dict)) or default is None:
            default = ""
        rows.append((field.alias or "", f"`{default}`" if default != "" else "", field.description or ""))
    return rows
