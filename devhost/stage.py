"""The environment of the demo and `make serve`: a simulated Azure, Azurite, and the function app in the local host."""

from __future__ import annotations

import json
import math
import secrets
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from devhost.azurite import Azurite
from devhost.host import DevHost
from shared.cli.slack import app_manifest
from simulator.testing import RunningSimulator, start_simulator

APP_FOLDER = Path(__file__).parent.parent
DETECTOR = "11111111-1111-4111-8111-111111111111"
REMEDIATOR = "22222222-2222-4222-8222-222222222222"
SIGN_IN = {
    "APPROVAL_MODE": "signin",
    "ENTRA_TENANT_ID": "99999999-9999-4999-8999-999999999999",  # of a scenario that names none
    "ENTRA_CLIENT_ID": "aaaaaaaa-0000-4000-8000-0000000000b1",
}
"""App settings with which the people of a scenario sign in."""
IN_CHAT = {
    **SIGN_IN,
    "APPROVAL_POLICY": json.dumps(
        [{"clusters": "all", "kinds": "all", "who": ["Snat.Approve"], "where": ["page", "chat"]}]
    ),
}
"""With which they also approve in Slack."""


@dataclass(frozen=True)
class Stage:
    simulator: RunningSimulator
    host: DevHost

    def pass_minutes(self, minutes: int = 1) -> None:
        """Advances the simulated Azure and the app minute by minute; the timer fires each minute."""
        for _ in range(minutes):
            self.simulator.advance(60)
            self.host.advance_clock(60)
            self.simulator.run_probes()
            self.host.run_timer("watch")
            self.host.drain(120)


@contextmanager
def set_up(
    folder: Path,
    scenario: str | Path,
    *,
    port: int = 0,
    storage: str = "",
    extra: Mapping[str, str] | Callable[[RunningSimulator], Mapping[str, str]] | None = None,
    longest_sleep: float = math.inf,
    with_tls: bool = False,
    with_slack_bot: bool = False,
) -> Iterator[Stage]:
    """Starts all three on free loopback ports and stops them at the end. Logs and data go into `folder`.

    `storage`, a connection string, is of an emulator that runs; the app has a table and queues of its own there.
    `extra` app settings, or what makes them, overrule the stage's own; `longest_sleep` is as in `DevHost.start`.
    `with_tls`: the app is called by https, which its session cookies need, with a certificate of the simulator's
    authority. `with_slack_bot`: Slack is reached by a bot's token, not by a webhook.
    """
    with ExitStack() as stack:
        simulator = stack.enter_context(start_simulator(scenario, folder=folder / "simulator"))
        own, tls = {}, None
        if with_tls:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(folder / "simulator" / "server.pem", folder / "simulator" / "server.key")
        if storage:
            own = dict.fromkeys(("TABLE_PREFIX", "QUEUE_PREFIX"), f"t{secrets.token_hex(8)}")
        else:
            storage = stack.enter_context(Azurite.start(folder / "azurite")).connection_string

        def settings(base_url: str) -> dict[str, str]:
            more = extra(simulator) if callable(extra) else extra or {}
            slack = (
                slack_bot(simulator, base_url) if with_slack_bot else {"SLACK_WEBHOOK_URL": simulator.slack_webhook_url}
            )
            return {**app_settings(simulator, base_url), **slack, **own, **more}

        host = stack.enter_context(
            DevHost.start(
                APP_FOLDER,
                settings,
                storage,
                work_folder=folder / "host",
                port=port,
                longest_sleep=longest_sleep,
                tls=tls,
            )
        )
        _pass_first_tick(host.settings)
        yield Stage(simulator, host)


def _pass_first_tick(settings: Mapping[str, str]) -> None:
    """As if the app had said before what it sees."""
    from shared.app import App
    from shared.clock import SystemClock
    from shared.model.coverage import FleetRecord
    from shared.settings import load_settings
    from shared.store.records import FLEET_PARTITION, Put

    App(load_settings(settings), SystemClock()).records.commit_in(FLEET_PARTITION, [Put(FleetRecord())])


def slack_bot(simulator: RunningSimulator, base_url: str) -> dict[str, str]:
    """The app settings of a bot in the simulated Slack, where its app is installed with the slash command."""
    secret, manifest = secrets.token_hex(16), app_manifest(base_url, "/snat")
    installed = simulator.install_slack_app(manifest, signing_secret=secret, bot_token="xoxb-simulated")
    return {
        "SLACK_BOT_TOKEN": "xoxb-simulated",
        "SLACK_CHANNEL": "C0ALERTS",
        "SLACK_API_URL": simulator.slack_api_url.rstrip("/"),
        "SLACK_SIGNING_SECRET": secret,
        "SLACK_TEAM_ID": "T01CONTOSO",
        "SLACK_APP_ID": installed["app_id"],
    }


def app_settings(simulator: RunningSimulator, base_url: str) -> dict[str, str]:
    """The app settings that point the function app at the simulated Azure, as a national cloud's would."""
    return {
        **simulator.environment(),
        "ARM_ENDPOINT": simulator.url,
        "METRICS_ENDPOINT": simulator.url + "/metrics/{region}",
        "WATCH_SCHEDULE": "0 * * * * *",
        "QUEUE_PREFIX": "snatbot",
        "DETECTOR_CLIENT_ID": DETECTOR,
        "REMEDIATOR_CLIENT_ID": REMEDIATOR,
        "TEAMS_WEBHOOK_URL": simulator.teams_webhook_url,
        "PUBLIC_BASE_URL": base_url,
        "ENTRA_AUTHORITY": simulator.url,
        "REMEDIATION": "on",
        "APPROVAL_MODE": "link",
        "SIGNING_KEYS": secrets.token_hex(32),
    }
