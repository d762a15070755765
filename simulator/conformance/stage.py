"""A fresh simulator for one recording, with the state of the replay. Only the replay advances time. It maps recorded
values to those that the simulator generates (etags, the URLs of operations), so that later requests can use them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..app import Simulator
from ..clock import SimulatedClock
from ..http import Request, Response
from ..settings import Settings
from ..state.identities import Identity, issue_token
from ..state.operations import Operation
from ..world import Subscription, World
from .recorder import restored_url
from .recording import Exchange, Recording

CLIENT = Identity("00000000-0000-4000-8000-0000000000c0", "conformance")
TENANT = "00000000-0000-4000-8000-0000000000d0"
SOME_DAY = datetime(2025, 1, 1, tzinfo=UTC)
MINUTES_OF_HISTORY = 45 * 24 * 60
_OPERATION = re.compile(r"/locations/(?P<location>[^/?]+)/operation(?:s|results)/(?P<id>[^/?]+)", re.IGNORECASE)
_UNAUTHENTICATED = {
    "AuthenticationFailed": {"authorization": ""},
    "InvalidAuthenticationToken": {"authorization": "Bearer invalid"},
    "ExpiredAuthenticationToken": {"authorization": "Bearer invalid"},
}
"""What to send in place of a good token, by the code of the refusal."""


@dataclass(frozen=True)
class Answer:
    """The simulator's answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Stage:
    """The simulator during one replay, and its values for those in the recording."""

    recording: Recording
    simulator: Simulator
    location: str
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The last recorded body of each resource, by key."""
    written: set[str] = field(default_factory=set)
    """Keys of resources that replayed requests have written: the simulator must derive how they look."""
    operations: dict[str, Operation] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    stand_ins: set[Operation] = field(default_factory=set)
    """Operations that no replayed request began."""
    undo: list[Callable[[], None]] = field(default_factory=list)
    """Removes what was arranged for one exchange only."""

    @property
    def world(self) -> World:
        return self.simulator.world

    # -- asking -----------------------------------------------------------------------------------

    def replay(self, exchange: Exchange) -> Answer:
        """Send the recorded request; map the recorded etags and URLs to the simulated ones."""
        path, _, query = restored_url(exchange).partition("?")
        target = f"{path}?{query}"
        operation = operation_in(path)
        if operation is not None:
            target = self.targets.get(_kind_and_id(path), target)
        headers = dict(exchange.request_headers)
        if "if-match" in headers:
            headers["if-match"] = self.etags.get(headers["if-match"], headers["if-match"])
        if exchange.status == 401 and exchange.error_code in _UNAUTHENTICATED:
            headers |= _UNAUTHENTICATED[exchange.error_code]
        answer = self.send(exchange.method, target, self._translated(exchange.request_body), headers, exchange.host)
        self._remember(exchange, answer)
        return answer

    def send(
        self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None, host: str = ""
    ) -> Answer:
        """Send a request, with a valid token unless `headers` has another."""
        path, _, query = target.partition("?")
        token = issue_token(CLIENT, TENANT, "https://management.azure.com", self.world.clock.wall())
        given = {"authorization": f"Bearer {token}"} | (headers or {})
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        request = Request(
            method=method,
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name: value for name, value in given.items() if value},
            body=content.encode(),
            base_url=f"https://{host or 'management.azure.com'}",
            raw_target=target,
        )
        response = self.simulator.handle(request).response
        assert response is not None, "no faults are set, so no connection is dropped"
        return _answer(response)

    def _translated(self, body: Any) -> Any:
        if isinstance(body, dict) and body.get("etag") in self.etags:
            return body | {"etag": self.etags[body["etag"]]}
        return body

    def _remember(self, exchange: Exchange, answer: Answer) -> None:
        for theirs, ours in _same_places(exchange.body, answer.body, "etag"):
            self.etags[theirs] = ours
        for name in ("azure-asyncoperation", "location"):
            there, here = exchange.headers.get(name), answer.headers.get(name)
            if there and here:
                self.follow(there, here)

    def follow(self, recorded_url: str, simulated_url: str) -> None:
        """Polls of the recorded URL go to the simulated one from now on."""
        path, target = urlsplit(recorded_url).path, urlsplit(simulated_url)
        self.targets[_kind_and_id(path)] = f"{target.path}?{target.query}"
        theirs, ours = operation_in(path), operation_in(target.path)
        operation = self.world.operations.get(ours) if ours else None
        if theirs and operation is not None:
            self.operations[theirs] = operation

    # -- what has been shown and written ----------------------------------------------------------

    def must_put(self, key: str, body: dict[str, Any]) -> bool:
        """Whether a resource must be created or changed to what the recording shows.

        Not when replayed requests wrote it: then the simulator must derive it. But when two recorded reads after the
        last write differ in settings, another client wrote it.
        """
        before, self.shown[key] = self.shown.get(key), body
        if key not in self.written:
            return before != body
        if before is not None and settings_of(before) != settings_of(body):
            self.written.discard(key)
            return True
        return False

    def has_written(self, key: str) -> None:
        """A replayed request has written the resource."""
        self.written.add(key)
        self.shown.pop(key, None)

    # -- places -----------------------------------------------------------------------------------

    def know_subscription(self, subscription: str) -> None:
        known = Subscription(subscription, subscription, TENANT)
        self.world.subscriptions.setdefault(subscription.lower(), known)

    def know_group(self, subscription: str, group: str) -> None:
        self.know_subscription(subscription)
        self.world.make_group(subscription, group, self.location)


def open_stage(recording: Recording) -> Stage:
    """An empty simulator at the time of the recording."""
    began = next((moment for each in recording.exchanges if (moment := date_of(each))), SOME_DAY)
    settings = Settings(history_minutes=MINUTES_OF_HISTORY, ingestion_lag_seconds=0)
    world = World(SimulatedClock(wall=lambda: began), settings, "conformance", "conformance")
    return Stage(recording, Simulator(world), _location(recording))


def date_of(exchange: Exchange) -> datetime | None:
    """When the exchange was recorded: the Date header, or the ticks in an operation's URL."""
    date = exchange.headers.get("date")
    if date:
        try:
            return parsedate_to_datetime(date).astimezone(UTC)
        except ValueError:
            return None
    ticks = re.search(r"[?&]t=(\d{18})\b", exchange.headers.get("azure-asyncoperation", ""))
    return datetime.fromtimestamp(int(ticks[1]) / 10_000_000 - 62135596800, UTC) if ticks else None


def operation_in(path: str) -> str | None:
    """The id of the operation that a path polls, in lower case."""
    match = _OPERATION.search(path)
    return match["id"].lower() if match else None


_MADE_BY_AZURE = frozenset({"etag", "provisioningstate", "resourceguid", "ipaddress", "ipprefix", "ipconfigurations"})


def settings_of(body: Any) -> Any:
    """A body without the properties that change when no client writes the resource."""
    if isinstance(body, dict):
        return {key: settings_of(value) for key, value in body.items() if key.lower() not in _MADE_BY_AZURE}
    return [settings_of(each) for each in body] if isinstance(body, list) else body


def _kind_and_id(path: str) -> str:
    return path.partition("?")[0].lower().partition("/locations/")[2]


def _location(recording: Recording) -> str:
    """The region that most of the recording is about: what its operations or resources name first."""
    for exchange in recording.exchanges:
        texts = [exchange.headers.get("azure-asyncoperation", ""), exchange.path]
        found = next((match["location"] for text in texts if (match := _OPERATION.search(text))), None)
        place = found or exchange.body_object.get("location")
        if isinstance(place, str):
            return place
    return "westeurope"


def _answer(response: Response) -> Answer:
    content, content_type = response.encoded()
    headers = {name.lower(): value for name, value in response.headers.items()}
    if content_type is not None:
        headers.setdefault("content-type", content_type)
    is_json = content_type is not None and content_type.startswith("application/json")
    return Answer(response.status, headers, json.loads(content) if is_json else response.body)


def _same_places(recorded: Any, simulated: Any, name: str) -> Iterable[tuple[str, str]]:
    """Pairs of texts that both bodies have under `name` at the same place."""
    if isinstance(recorded, dict) and isinstance(simulated, dict):
        for key, value in recorded.items():
            if key == name and isinstance(value, str) and isinstance(simulated.get(key), str):
                yield value, simulated[key]
            yield from _same_places(value, simulated.get(key), name)
    elif isinstance(recorded, list) and isinstance(simulated, list):
        for theirs, ours in zip(recorded, simulated, strict=False):
            yield from _same_places(theirs, ours, name)
