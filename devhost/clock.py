"""The clock of the local host: wall time plus an offset that can be moved ahead. A real host has no such clock.

The offset is kept in a file that the host and all its workers read, so one write moves time for all of them at once.
Domain time jumps; wall time never does.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class FileClock:
    """The machine's clock plus an offset in seconds read from `file`; without the file the offset is zero."""

    def __init__(self, file: Path, longest_sleep: float = math.inf) -> None:
        """`longest_sleep` is the longest wait in seconds: a simulated Azure needs no longer."""
        self._file = file
        self._longest_sleep = longest_sleep

    def now(self) -> datetime:
        """Domain time, aware, UTC: wall time plus the offset."""
        return self.wall() + timedelta(seconds=self.offset_seconds())

    def wall(self) -> datetime:
        """Real time, aware, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Waits in real time."""
        time.sleep(min(seconds, self._longest_sleep))

    def offset_seconds(self) -> float:
        """How far domain time is ahead of wall time."""
        try:
            return float(self._file.read_text())
        except FileNotFoundError:
            return 0.0

    def advance(self, seconds: float) -> None:
        """Moves domain time ahead, for every process that reads the same file.

        Raises ValueError for a negative number: time doesn't run backwards.
        """
        if seconds < 0:
            raise ValueError(f"can't move the clock by {seconds} s: it only goes ahead")
        # A reader must not get a partly written file.
        scratch = self._file.with_name(f"{self._file.name}.new")
        scratch.write_text(repr(self.offset_seconds() + seconds))
        scratch.replace(self._file)
