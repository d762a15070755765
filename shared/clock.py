"""The one place where time comes in.

Domain times (windows, ages, expiry of a plan, the times that a decision holds for) use ``now``; the age of a link or a
form, claims and retries use ``wall``. In production both are the same. A development host may install a clock whose
``now`` jumps ahead of the wall.
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
