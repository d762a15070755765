"""Runs one timer function when it is due.

As in Azure, runs don't overlap, a failed run isn't retried, and several missed times make one run; the first run after
a missed time has ``past_due`` set. Azure docs: "Timer trigger for Azure Functions".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from devhost.clock import FileClock
from devhost.errors import DevHostError
from devhost.messages import TimerCall
from devhost.schedule import Schedule

# Also the longest time until a clock jump takes effect.
TICK_SECONDS = 0.2


class TimerListener:
    """Waits for each due time in a thread of its own. `status_file` remembers the last and next across restarts."""

    def __init__(
        self, schedule: Schedule, run: Callable[[TimerCall], None], clock: FileClock, status_file: Path
    ) -> None:
        self._schedule = schedule
        self._run = run
        self._clock = clock
        self._status_file = status_file
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._wait_and_run, name=f"timer-{status_file.stem}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Starts no more runs."""
        self._stopping.set()

    def join(self) -> None:
        """Waits, after `stop`, for a run that has begun."""
        if self._thread.ident is not None:
            self._thread.join()

    def _wait_and_run(self) -> None:
        last, due = self._read_status()
        past_due = due <= self._clock.now()
        while not self._stopping.wait(TICK_SECONDS):
            started = self._clock.now()
            if started < due:
                continue
            with suppress(DevHostError):  # logged where it happened; there is no retry, only the next time
                self._run(TimerCall(past_due=past_due, last=last, next=due))
            last, due, past_due = started, self._schedule.next_after(started), False
            self._status_file.write_text(json.dumps({"last": last.isoformat(), "next": due.isoformat()}))

    def _read_status(self) -> tuple[datetime | None, datetime]:
        """When the timer last ran, and when it is or was due next."""
        try:
            status = json.loads(self._status_file.read_text())
        except FileNotFoundError:
            return None, self._schedule.next_after(self._clock.now())
        return datetime.fromisoformat(status["last"]), datetime.fromisoformat(status["next"])
