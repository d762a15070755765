"""The only source of time.

``now`` is for windows, ages, and the times until which a plan or a decision is valid. ``wall`` is for the age of a link
or a form, for claims and for retries. In production both are the same; the ``now`` of a development host may run ahead.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
