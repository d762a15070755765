"""A simulated Azure in this process: snatbot's own clients, with the network between them and the simulator cut out.

Seven simulated days take seconds this way. Requests and answers pass as the same bytes as over HTTP; that both
give the same is shown by ``over_http``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest

from shared.cloud.arm import Arm
from shared.cloud.metrics_batch import BatchMetrics
from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.http import Request
from simulator.scenario import Content
from simulator.state.identities import Identity, issue_token
from simulator.world import World

BASE_URL = "https://management.azure.com"
DETECTOR = "detector-client-id"


class ReplayClock(SimulatedClock):
    """A settable clock; it also accepts times before the scenario's start."""

    def __init__(self, start: datetime) -> None:
        super().__init__(wall=lambda: start, speed=0.0)
        self._moment = start

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        self._moment = moment

    def advance(self, seconds: float) -> None:
        self._moment += timedelta(seconds=seconds)


class InProcessAzure:
    """A scenario's world that starts at ``start``, and the clients that read it."""

    def __init__(self, content: Content, start: datetime) -> None:
        self.clock = ReplayClock(start)
        self.world: World = build_world(content, self.clock)
        self._simulator = Simulator(self.world, sleep=lambda _seconds: None)
        self.arm: Arm = _ArmInProcess(self._simulator)
        self.batch: BatchMetrics = _BatchInProcess(self._simulator)

    def go_to(self, moment: datetime) -> None:
        """Run all events that are due by then."""
        self.clock.set(moment)
        with self.world.lock:
            self.world.settle()


class _Answer:
    """The parts of an HTTP response that the clients read."""

    def __init__(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = body

    def text(self) -> str:
        return self.content.decode()


class _Client:
    """Replaces a pipeline client."""

    def __init__(self, simulator: Simulator, path_prefix: str = "") -> None:
        self._simulator = simulator
        self._path_prefix = path_prefix
        # Tokens expire by the machine's clock: the credential libraries use that clock.
        token = issue_token(Identity(DETECTOR), "tenant", "", datetime.now().astimezone())
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def send_request(self, request: HttpRequest, *, is_read: bool) -> _Answer:
        del is_read  # in-process calls need no retries
        parts = urlsplit(request.url)
        path = self._path_prefix + parts.path
        reply = self._simulator.handle(
            Request(
                method=request.method,
                path=unquote(path),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=self._headers,
                body=request.content.encode() if isinstance(request.content, str) else request.content or b"",
                base_url=BASE_URL,
                raw_target=f"{path}?{parts.query}",
            )
        )
        if reply.response is None:
            return _Answer(503, {}, b'{"error": {"code": "ConnectionDropped", "message": "connection dropped"}}')
        content, _ = reply.response.encoded()
        return _Answer(reply.response.status, reply.response.headers, content)

    def close(self) -> None:
        """Does nothing: no connection is open."""


class _NoCredential:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("unused", int(time.time()) + 3600)


class _ArmInProcess(Arm):
    def __init__(self, simulator: Simulator) -> None:
        super().__init__(BASE_URL, _NoCredential())
        self._client.close()
        self._client = cast(Any, _Client(simulator))


class _BatchInProcess(BatchMetrics):
    def __init__(self, simulator: Simulator) -> None:
        super().__init__(_NoCredential())
        self._simulator = simulator

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                self._clients[region] = cast(Any, _Client(self._simulator, f"/metrics/{region}"))
            return self._clients[region]
