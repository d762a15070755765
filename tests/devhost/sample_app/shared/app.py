"""Where the sample app keeps the clock that a host may replace."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime: ...


clock: Clock | None = None


def use_clock(other: Clock) -> None:
    global clock
    clock = other
