"""Start a simulator for tests and demonstrations, and talk to its control endpoints.

    from simulator.testing import start_simulator

    with start_simulator("storm") as simulator:
        simulator.url            # https://127.0.0.1:PORT: ARM, Entra ID, metrics, Slack, Teams
        simulator.http_url       # the same over plain http; managed identity endpoints need that
        simulator.ca_path        # trust this: REQUESTS_CA_BUNDLE, or connection_verify=
        simulator.environment()  # IDENTITY_ENDPOINT, IDENTITY_HEADER, REQUESTS_CA_BUNDLE
        simulator.advance(600)   # ten simulated minutes pass at once
        simulator.requests(), simulator.messages(), simulator.state()
        simulator.add_fault({"match": {"path": "natGateways"}, "times": 1, "then": {"status": 500}})

By default the simulator is a process of its own, ended by its pid on the way out.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

START_SECONDS = 30.0


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers, and its control client."""

    url: str
    http_url: str
    ca_path: Path
    pid: int

    @property
    def slack_webhook_url(self) -> str:
        """An incoming webhook that accepts messages."""
        return f"{self.url}/slack/services/T000/B000/secret"

    @property
    def slack_api_url(self) -> str:
        """The base URL of Slack's web API, with the slash that slack_sdk wants."""
        return f"{self.url}/slack/api/"

    @property
    def teams_webhook_url(self) -> str:
        """A workflow that accepts messages."""
        return f"{self.url}/teams/workflows/alerts/triggers/manual/paths/invoke?sig=secret"

    def metrics_url(self, region: str) -> str:
        """The endpoint of the batch API for a region."""
        return f"{self.url}/metrics/{region}"

    def environment(self) -> dict[str, str]:
        """Environment variables for azure-identity, and for clients (requests, urllib) to trust the certificate."""
        return {
            "IDENTITY_ENDPOINT": f"{self.http_url}/msi/token",
            "IDENTITY_HEADER": "simulated",
            "REQUESTS_CA_BUNDLE": str(self.ca_path),
            "SSL_CERT_FILE": str(self.ca_path),
        }

    # -- control ----------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Simulated time."""
        return datetime.fromisoformat(self._control("GET", "/_sim/clock")["now"])

    def advance(self, seconds: float) -> datetime:
        """Move simulated time forward; returns the new time."""
        return datetime.fromisoformat(self._control("POST", "/_sim/clock", {"advance_seconds": seconds})["now"])

    def messages(self) -> list[dict[str, Any]]:
        """Messages posted to Slack and Teams: service, kind, channel, at, status, body, (ts)."""
        return list(self._control("GET", "/_sim/messages"))

    def chat(self, **wanted: str) -> list[dict[str, Any]]:
        """Messages as people see them, with revisions, threads and notices; `wanted`: service, channel, person."""
        return list(self._control("GET", f"/chat/messages?{urlencode(wanted)}"))

    def install_slack_app(self, manifest: Mapping[str, Any], **more: str) -> dict[str, Any]:
        """Install an app by its manifest; returns its `bot_token`, `signing_secret` and more."""
        return dict(self._control("POST", "/chat/app", {"manifest": manifest} | more))

    def click(self, message: str, action_id: str, person: str, **more: Any) -> dict[str, Any]:
        """Click a button in Slack, and wait for the result shown to the person; `more`: confirmed, block_id, forged."""
        body = {"message": message, "action_id": action_id, "person": person} | more
        return dict(self._control("POST", "/chat/clicks", body))

    def command(self, channel: str, command: str, person: str, **more: str) -> dict[str, Any]:
        """Give a slash command in Slack; `more`: text, forged."""
        body = {"channel": channel, "command": command, "person": person} | more
        return dict(self._control("POST", "/chat/commands", body))

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """The request log: seq, at, method, path, client_id, status (0: connection dropped)."""
        return list(self._control("GET", f"/_sim/requests?after={after}"))

    def add_fault(self, *faults: Mapping[str, Any]) -> None:
        """Add faults, in this order."""
        self._control("POST", "/_sim/faults", list(faults))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._control("DELETE", "/_sim/faults")

    def add_event(self, event: Mapping[str, Any]) -> None:
        """Schedule an event, as scenario files have them: now, at its minute, or after a write."""
        self._control("POST", "/_sim/events", event)

    def apply_probes(self, cluster: str, url: str, key: str) -> int:
        """Start the scenario's probes of a cluster as a person does, with their Secret; returns how many pods."""
        return int(self._control("POST", "/_sim/probes", {"cluster": cluster, "url": url, "key": key})["pods"])

    def run_probes(self) -> dict[str, int]:
        """Let all rounds of probes that are due by now happen; the last answer's status by pod (-1: none was due)."""
        return dict(self._control("POST", "/_sim/probes/rounds"))

    def sockets(self, node: str) -> list[dict[str, Any]]:
        """What Inspektor Gadget's `snapshot_socket -o json` says of a node."""
        return list(self._control("GET", f"/_sim/sockets?node={node}"))

    def people(self) -> list[dict[str, Any]]:
        """The people who can sign in: name, user_principal_name, object_id, tenant, guest, roles, chat."""
        return list(self._control("GET", "/_sim/people"))

    def roll_keys(self, *, keep_old: bool = True) -> None:
        """Make Entra ID sign with a new key, and withdraw the old keys unless they are kept."""
        self._control("POST", "/_sim/keys", {"keep_old": keep_old})

    def sign_in(self, url: str, user: str, *, approve: bool = True) -> str:
        """Sign somebody in at an authorize URL as a browser would, and return where the browser is sent.

        user: a user principal name. approve: what becomes of a second factor.
        Raises ValueError with the page's text when Entra ID shows an error instead.
        """
        parts = urlsplit(url.replace("/oauth2/v2.0/authorize", "/login"))
        form = {"request": parts.query, "person": user}
        second = form | {"second_factor": "approved" if approve else "denied"}
        context = ssl.create_default_context(cafile=str(self.ca_path))
        for fields in (form, second):
            with closing(HTTPSConnection(parts.netloc, context=context, timeout=60)) as connection:
                connection.request("POST", parts.path, urlencode(fields))
                answer = connection.getresponse()
                page = answer.read().decode()
            if answer.status == 302:
                return str(answer.headers["Location"])
        raise ValueError(page)

    def state(self) -> dict[str, Any]:
        """Scenario, clock, clusters with failures, running operations, faults."""
        return dict(self._control("GET", "/_sim/state"))

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        # Plain http: a TLS handshake costs more than these small requests.
        request = urllib.request.Request(self.http_url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{method} {path}: {error.read().decode()}") from error


@contextmanager
def start_simulator(
    scenario: str | Path = "storm",
    *,
    clusters: int = 0,
    speed: float = 1.0,
    arguments: Sequence[str] = (),
    folder: Path | None = None,
) -> Iterator[RunningSimulator]:
    """Run a simulator process with TLS until the block ends. It writes its certificates and log to `folder`."""
    with tempfile.TemporaryDirectory(prefix="simulator-") as temporary:
        home = folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        (home / "ports.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "simulator", "--tls", str(home), "--scenario", str(scenario)]
        command += ["--clusters", str(clusters), "--speed", str(speed), *arguments]
        trusting = {**os.environ, "SSL_CERT_FILE": str(home / "ca.pem")}  # for clicks, where the app has TLS
        with (home / "simulator.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=trusting, stdout=log, stderr=log)
        try:
            ports = _wait_for_ports(process, home)
            yield RunningSimulator(
                f"https://127.0.0.1:{ports['https']}",
                f"http://127.0.0.1:{ports['http']}",
                home / "ca.pem",
                process.pid,
            )
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_ports(process: subprocess.Popen[bytes], home: Path) -> dict[str, int]:
    deadline = time.monotonic() + START_SECONDS
    while not (home / "ports.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the simulator did not start: {(home / 'simulator.log').read_text().strip()}")
        time.sleep(0.02)
    ports: dict[str, int] = json.loads((home / "ports.json").read_text())
    return ports
