"""App settings of watching and telling: Azure, when something is a finding, and messages. See ``settings``."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from . import setting_types as types
from .maintenance_windows import MaintenanceWindows
from .routes import Routes, parse_routes


def text(default: Any, meaning: str, alias: str | None = None) -> Any:
    return Field(default, alias=alias, description=meaning)


def number(default: int | None, least: int, most: int, meaning: str) -> Any:
    return Field(default, ge=least, le=most, description=meaning)


class WatchSettings(BaseModel):
    """A setting has the field's name in upper case, or the alias that Azure Functions prescribes."""

    model_config = ConfigDict(alias_generator=str.upper, frozen=True, extra="ignore", hide_input_in_errors=True)

    # --- Azure ---
    subscriptions: types.Names = text((), "Subscription ids to watch, separated by commas. Empty: all readable ones.")
    detector_client_id: str = text("", "Client id of the managed identity that reads. Empty: the default credential.")
    arm_endpoint: types.Url = text("https://management.azure.com", "Resource Manager; another in a national cloud.")
    arm_audience: str = text("", "Token audience of Resource Manager. Empty: the endpoint.")
    metrics_mode: Literal["auto", "batch", "arm"] = text(
        "auto",
        "How metrics are read: `batch` asks 50 resources a request and needs Monitoring Reader at the subscription, "
        "`arm` asks one by one; `auto` tries batch and falls back.",
    )
    metrics_endpoint: types.RegionUrl = text(
        "https://{region}.metrics.monitor.azure.com",
        "Azure Monitor's batch API, with `{region}`; another one for a national cloud.",
    )
    metrics_audience: types.Url = text("https://metrics.monitor.azure.com", "Token audience of the batch API.")
    workspace_id: str = text("", "Log Analytics workspace with the load balancers' health events. Empty: none.")
    logs_endpoint: types.Url = text("https://api.loganalytics.io", "Log Analytics; another one for a national cloud.")
    region_name: str = text("", "The app's region; Azure Functions sets it. Empty: unknown.")
    discovery_minutes: int = number(10, 1, 1440, "How long the list of clusters is kept.")
    expect_clusters: Literal["on", "off"] = text(
        "on",
        "`on`: health is not well until a cluster was found: most often a role is missing. `off`: having none is fine.",
    )

    # --- Detection ---
    watch_schedule: str = text("0 * * * * *", "When to scan: NCRONTAB with seconds, UTC. Always set it.")
    ingestion_lag_minutes: int = number(3, 0, 30, "Younger minutes are not assessed: Azure Monitor may lack them.")
    window_minutes: int = number(5, 1, 60, "Minutes that one scan assesses.")
    clean_minutes: int = number(
        10, 1, 1440, "Measured minutes without trouble until an incident is cleared; more for one that comes back."
    )
    cooldown_minutes: int = number(60, 0, 10080, "An incident re-opens when its trouble returns within this time.")
    remind_minutes: int = number(
        30, 5, 1440, "While connections fail, a reminder is posted this often; after a denial every four hours."
    )
    pressure_every: int = number(
        5, 1, 60, "Minutes between scans of every node's ports; clusters with an incident are scanned each time."
    )
    pressure_warn_percent: int = number(
        75, 1, 99, "Used of allocated SNAT ports of a node that is a warning. Tag: `snatbot-pressure-warn`."
    )
    pressure_high_percent: int = number(90, 2, 100, "The same, nearly full. Tag: `snatbot-pressure-high`.")
    exhaustion_minutes: int = number(
        60, 5, 1440, "How far ahead port exhaustion is predicted. Tag: `snatbot-exhaustion-minutes`."
    )
    critical_share_percent: int = number(
        10, 1, 100, "Share of a load balancer's failed connections that is critical. Tag: `snatbot-critical-share`."
    )
    nat_capacity_percent: int = number(
        70, 1, 100, "Share of a NAT gateway's ports in use that is a warning. Tag: `snatbot-nat-capacity`."
    )
    datapath_percent: int = number(
        90, 1, 100, "Availability of a NAT gateway's data path over 15 minutes. Tag: `snatbot-datapath`."
    )
    not_measured_minutes: int = number(15, 1, 1440, "Minutes that clusters may go unmeasured before a post says so.")
    maintenance_windows: types.WindowsText = text(
        MaintenanceWindows(),
        "When nothing is posted, UTC: `sat 22:00-02:00; daily 03:00-03:30`. Tag for one cluster: "
        "`snatbot-maintenance`.",
    )
    fan_out_above: int = number(1000, 1, 5000, "Above this many clusters, queue workers scan, 100 clusters each.")

    # --- Messages ---
    slack_webhook_url: types.SecretUrl | None = text(
        None, "Slack incoming webhook, where each message is a post of its own. Secret."
    )
    slack_bot_token: types.SlackBotToken | None = text(
        None,
        "Instead of the webhook: bot token (`xoxb-…`) of a Slack app with the scopes `chat:write` and "
        "`channels:history`. It rewrites one message an incident, with the details in its thread. Secret.",
    )
    slack_channel: types.SlackChannelId = text(
        "", "Id of the Slack channel for SLACK_BOT_TOKEN, such as `C0123456789`."
    )
    slack_api_url: types.Url = text(
        "https://slack.com/api", "Slack's web API; `https://slack-gov.com/api` in GovSlack."
    )
    slack_signing_secret: SecretStr | None = text(
        None,
        "Signing secret of the Slack app: people then use its slash command (docs/slack.md). Needs SLACK_BOT_TOKEN, "
        "SLACK_TEAM_ID, SLACK_APP_ID and SIGNING_KEYS. Secret.",
    )
    slack_team_id: types.SlackTeamId = text("", "Id of the Slack workspace whose members may use the bot: `T…`.")
    slack_app_id: types.SlackAppId = text("", "Id of the Slack app: `A…`.")
    slack_command: types.SlackCommand = text("/snat", "The app's slash command.")
    slack_role_hours: int = number(
        8, 1, 24, "Hours for which an app role, seen when somebody signed in to link a Slack account, counts in Slack."
    )
    teams_webhook_url: types.SecretUrl | None = text(None, "Teams Workflows webhook. Secret.")
    routes: Annotated[Routes | None, BeforeValidator(parse_routes)] = text(
        None,
        "JSON: more channels, and which clusters' messages go to which (docs/telling.md). The settings above are the "
        "default. Holds secrets.",
    )
    language: types.PreferredLanguage = text(
        "en",
        "Language of messages, and of pages where the browser wants none of them: `en` or `es`. A route of ROUTES may "
        "have another for its channels.",
    )
    sockets_in_chat: Literal["off", "on"] = text(
        "off",
        "`on`: the list of sockets that somebody pastes on an incident's page is a line in its Slack thread, with "
        "names of pods and destinations.",
    )
    public_base_url: types.Url | None = text(None, "This app's address as people reach it, for links in messages.")
