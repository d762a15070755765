"""The simulator's clock: wall time, sped up if asked, plus an offset that jumps.

Every answer follows this clock: metrics, long operations, events, the Date header. Only two things
follow the machine's own time: the life of access tokens (the credential libraries compare that with
the machine's clock) and the rate at which a waiting client can poll.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)


def floor_to_minute(moment: datetime) -> datetime:
    """The start of the minute that contains `moment`."""
    return moment.replace(second=0, microsecond=0)


def ticks_text(moment: datetime) -> str:
    """A time with seven decimals, as many services of Azure write it; such texts order like their times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def iso_text(moment: datetime) -> str:
    """A time in UTC with milliseconds, as the request log and `/_sim/` write it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_now() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


class SimulatedClock:
    """Simulated time. Threads may read and move it at once.

    `wall` gives the machine's time; `speed` is how many simulated seconds pass in one real second.
    """

    def __init__(self, wall: Callable[[], datetime] = wall_now, speed: float = 1.0) -> None:
        if speed < 0:
            raise ValueError(f"speed was {speed}; it must be 0 (time stands still) or more")
        self._wall = wall
        self._started = wall()
        self._speed = speed
        self._offset = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Simulated time, aware, in UTC."""
        with self._lock:
            return self._started + (self._wall() - self._started) * self._speed + self._offset

    def wall(self) -> datetime:
        """The machine's time, aware, in UTC."""
        return self._wall()

    def advance(self, seconds: float) -> None:
        """Jump forward. Time never runs backwards: past measurements don't change."""
        if seconds < 0:
            raise ValueError(f"advance_seconds was {seconds}; it must be 0 or more")
        with self._lock:
            self._offset += timedelta(seconds=seconds)

    def move_to(self, moment: datetime) -> None:
        """Jump to `moment`, which must not be in the simulated past."""
        self.advance((moment - self.now()).total_seconds())
