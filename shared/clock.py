"""The only source of time.

``now`` is for windows, ages, and deadlines of plans and decisions. ``wall`` is for the age of links and forms, for
claims and for retries. In production both are equal; in a development host ``now`` may be ahead.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self


class Clock(Protocol):
    def now(self) -> datetime:
        """Domain time, timezone-aware, UTC."""
        ...

    def wall(self) -> datetime:
        """Real time, timezone-aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits in real time."""
        ...


@dataclass(frozen=True, slots=True)
class Instant:
    """The same moment on both clocks."""

    domain: datetime
    wall: datetime

    @classmethod
    def of(cls, clock: Clock) -> Self:
        return cls(clock.now(), clock.wall())


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
