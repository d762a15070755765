"""The only source of time.

``now`` is for windows, ages, and the times until which a plan or a decision is valid. ``wall`` is for the age of a link
or a form, for claims and for retries. In production both are the same; the ``now`` of a development host may run ahead.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self


class Clock(Protocol):
    def now(self) -> datetime:
        """Domain time, aware, UTC."""
        ...

    def wall(self) -> datetime:
        """Real time, aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits in real time."""
        ...


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks."""

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
