"""Long-running operations: started by a write, finished by time, polled at an opaque URL.

An operation ends when its duration has passed on the simulated clock or on the machine's, whichever is first: a clock
jump ends it, and so does waiting. A fault may decide that the
next operation fails, is canceled, never ends, or loses its status URL.
Shapes: Azure docs (async-operations) and traffic of Microsoft.Network, whose poll body is only
`{"status": ...}` and whose URLs carry a long signature that must be sent back as it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..clock import SimulatedClock
from ..noise import stable_uuid

RUNNING = "InProgress"
SUCCEEDED = "Succeeded"
FOR_EVER = timedelta(days=36_500)


@dataclass(frozen=True)
class Fate:
    """How an operation ends: as Succeeded, Failed, Canceled or never; `seconds`, if given, is when."""

    ends: str = SUCCEEDED
    code: str = "InternalServerError"
    message: str = "An error occurred."
    seconds: float | None = None
    status_url_lost: bool = False

    def error(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "details": []}


def fate_of(described: str | Mapping[str, Any]) -> Fate:
    """A fate from `"Failed"` or `{"ends", "code", "message", "seconds", "status_url"}`."""
    given = {"ends": described} if isinstance(described, str) else dict(described)
    return Fate(status_url_lost=given.pop("status_url", "kept") == "lost", **given)


@dataclass(eq=False)
class Operation:
    """A write in progress. `finish(at)` applies its effect, `abandon` undoes it."""

    name: str
    provider: str
    subscription: str
    location: str
    resource_key: str
    lock_id: str
    """What nobody else may write meanwhile: a subnet's virtual network."""
    seconds: float
    poll_after_seconds: int
    finish: Callable[[datetime], None]
    abandon: Callable[[str], None] | None = None
    """Called instead when it ends as Failed or Canceled."""
    scaled: bool = True
    """Whether the scenario's scale of time holds for it."""
    id: str = field(init=False)
    started: datetime = field(init=False)
    started_wall: datetime = field(init=False)
    duration: timedelta = field(init=False)
    fate: Fate = field(init=False)
    status: str = RUNNING
    ended: datetime | None = None
    error: dict[str, Any] | None = None

    @property
    def running(self) -> bool:
        return self.status == RUNNING


class Operations:
    """All operations, running and over.

    `now` is the moment at which what is due happens; `time_scale` multiplies durations.
    """

    def __init__(
        self, clock: SimulatedClock, seed: str, time_scale: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._clock, self._seed, self._time_scale, self._now = clock, seed, time_scale, now
        self._all: dict[str, Operation] = {}
        self._running: list[Operation] = []
        self._fate: Fate | None = None

    @contextmanager
    def fated(self, fate: Fate | None) -> Iterator[None]:
        """The operation that is started inside meets this fate."""
        self._fate = fate
        try:
            yield
        finally:
            self._fate = None

    def start(self, operation: Operation) -> Operation:
        """Begin an operation that takes its `seconds`, and then calls its `finish`."""
        operation.fate = fate = self._fate or Fate()
        seconds = operation.seconds * (self._time_scale() if operation.scaled else 1.0)
        seconds = fate.seconds if fate.seconds is not None else seconds
        operation.duration = FOR_EVER if fate.ends == "never" else timedelta(seconds=seconds)
        operation.id = self.next_id()
        operation.started, operation.started_wall = self._now(), self._clock.wall()
        self._all[operation.id] = operation
        self._running.append(operation)
        return operation

    def next_id(self) -> str:
        """The id that the next operation will have."""
        return stable_uuid(self._seed, "operation", len(self._all))

    def get(self, operation_id: str) -> Operation | None:
        """The operation, unless there is none of that id, or its status URL was lost."""
        found = self._all.get(operation_id.lower())
        return None if found is None or found.fate.status_url_lost else found

    def running(self) -> list[Operation]:
        return list(self._running)

    def holding(self, lock_key: str) -> Operation | None:
        """The running operation that locks a resource (a virtual network for its subnets)."""
        return next((each for each in self._running if each.lock_id.lower() == lock_key), None)

    def touching(self, resource_key: str) -> Operation | None:
        """The running operation that writes this resource."""
        return next((each for each in self._running if each.resource_key == resource_key), None)

    def settle(self, now: datetime) -> None:
        """Finish the operations that end by `now`, in the order of their ends."""
        wall = self._clock.wall()
        due: list[tuple[datetime, Operation]] = []
        for operation in self._running:
            ends = operation.started + operation.duration
            if ends <= now:
                due.append((ends, operation))
            elif wall - operation.started_wall >= operation.duration:
                due.append((now, operation))
        for ended, operation in sorted(due, key=lambda pair: pair[0]):
            if operation.fate.ends in ("Failed", "Canceled"):
                self.cancel(operation, operation.fate.error(), operation.fate.ends, ended)
                continue
            self._running.remove(operation)
            operation.status, operation.ended = SUCCEEDED, ended
            operation.finish(ended)

    def cancel(
        self, operation: Operation, error: dict[str, Any], status: str = "Canceled", ended: datetime | None = None
    ) -> None:
        """End an operation without its effect."""
        self._running.remove(operation)
        operation.status, operation.ended, operation.error = status, ended or self._clock.now(), error
        if operation.abandon is not None:
            operation.abandon(status)


def operation_url(base_url: str, operation: Operation, api_version: str, collection: str) -> str:
    """The URL to poll: `collection` is `operations` or `operationResults`. Long, signed, opaque."""
    ticks = int((operation.started.timestamp() + 62135596800) * 10_000_000)
    certificate, signature, digest = (
        _opaque(size, operation.id, purpose, collection) for size, purpose in ((1900, "c"), (342, "s"), (43, "h"))
    )
    return (
        f"{base_url}/subscriptions/{operation.subscription}/providers/{operation.provider}"
        f"/locations/{operation.location}/{collection}/{operation.id}?api-version={api_version}"
        f"&t={ticks}&c={certificate}&s={signature}&h={digest}"
    )


def _opaque(size: int, *names: str) -> str:
    raw = b"".join(
        hashlib.sha256("\0".join((*names, str(i))).encode()).digest() for i in range(size * 3 // 4 // 32 + 1)
    )
    return base64.urlsafe_b64encode(raw)[:size].decode()
