"""What the activity log remembers: every write that reached a service, with how it went.

A write has a BeginRequest event (Started) and an EndRequest event (Succeeded or Failed); one that takes time has an
EndRequest event that says Accepted as well (Azure docs: activity-log-schema, category Administrative).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ...errors import ServiceError
from ...http import Request, Response
from ..authorization.actions import call_of
from ..operations import Operation

if TYPE_CHECKING:
    from ...world import World

_WRITES = ("PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class LoggedWrite:
    """`number` fixes its generated ids; `operation` is what goes on after the answer, if anything does."""

    number: int
    at: datetime
    request: Request
    action: str
    status: int
    operation: Operation | None

    def stages(self) -> Iterator[tuple[str, str, datetime]]:
        """Name, status and time of its events so far, in their order."""
        yield "BeginRequest", "Started", self.at
        if self.status >= 400:
            yield "EndRequest", "Failed", self.at
        elif self.operation is None:
            yield "EndRequest", "Succeeded", self.at
        else:
            yield "EndRequest", "Accepted", self.at
            if self.operation.ended is not None:
                is_good = self.operation.status == "Succeeded"
                yield "EndRequest", "Succeeded" if is_good else "Failed", self.operation.ended


class ActivityLog:
    """All writes, oldest first."""

    def __init__(self) -> None:
        self.writes: list[LoggedWrite] = []

    def add(self, at: datetime, request: Request, status: int, operation: Operation | None = None) -> None:
        """Remember a write that was answered."""
        call = call_of(request.method, request.path)
        action = call.action if call is not None else f"{request.method} {request.path}"
        self.writes.append(LoggedWrite(len(self.writes), at, request, action, status, operation))


def logged(world: World, request: Request, handle: Callable[[], Response]) -> Response:
    """Handle a request and, when it writes, remember it."""
    if request.method not in _WRITES:
        return handle()
    at = world.now()
    try:
        response = handle()
    except ServiceError as error:
        world.activity.add(at, request, error.status)
        raise
    operation = world.operations.touching(request.path.lower().rstrip("/"))
    world.activity.add(at, request, response.status, operation)
    return response
