"""The activity log: every write that reached a service, with its outcome.

A write has a BeginRequest event (Started) and an EndRequest event (Succeeded or Failed); an asynchronous write also
has an EndRequest event with Accepted (Azure docs: activity-log-schema, category Administrative).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..http import Request
from .operations import Operation


@dataclass(frozen=True)
class LoggedWrite:
    """`number` fixes its generated ids; `operation` is the long-running operation that it started, if any."""

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

    def add(self, at: datetime, request: Request, action: str, status: int, operation: Operation | None) -> None:
        """Keep a write that was answered."""
        self.writes.append(LoggedWrite(len(self.writes), at, request, action, status, operation))
