"""One change on a simulated Azure, worked on by processes that can be killed for real.

Processes are forked from one that has imported everything: each has clients of its own and shares nothing with the
others but the storage, Azure, and the clock's offset, which outlives whoever is killed.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from ctypes import c_double
from datetime import UTC, datetime, timedelta
from multiprocessing.sharedctypes import RawValue
from typing import Any

from shared.app import App
from shared.errors import SnatbotError
from shared.model.change import Change, ChangeState
from simulator.testing import RunningSimulator
from tests.scenario.theatre import LEASE, JumpingClock, Theatre

_MOST_SWEEPS = 150
KILLED = -9


class SharedClock(JumpingClock):
    """Its offset lies in memory that forked processes share."""

    def __init__(self, simulator: RunningSimulator) -> None:
        super().__init__(simulator)
        self._seconds: Any = RawValue(c_double, 0.0)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._seconds.value)

    def advance(self, seconds: float) -> None:
        self._simulator.advance(seconds)
        self._seconds.value += seconds


class Stage(Theatre):
    def __init__(self, simulator: RunningSimulator, storage: str) -> None:
        super().__init__(simulator, storage)
        self.clock: SharedClock = SharedClock(simulator)
        self.app: App = self.new_app()

    def prepared(self) -> Change:
        """An approved plan. Looking at clusters starts threads, which must never be there when a process is forked."""
        assert self.in_process(self._approve) == 0, "no plan could be prepared"
        self.new_app()
        return self.changes()[0]

    def rollback_of(self, change: Change) -> Change:
        """The same for a roll-back of this change, once it is applied."""

        def work() -> None:
            self.sweep(change, is_applied)
            applied = self.change(change.id)
            asked = self.app.propose.propose_rollback(applied, self.clock.now(), self.clock.wall(), "Ada")
            self.decide(asked, "approve")

        assert self.in_process(work) == 0, "no roll-back could be prepared"
        self.new_app()
        return next(one for one in self.changes() if one.plan.of_change_id == change.id)

    def _approve(self) -> None:
        self.new_app()
        self.approved()

    def sweep(self, change: Change, until: Callable[[Change], bool]) -> None:
        """What the timer's closing sweep does, minute after minute, until nobody owes the change another look."""
        app = self.new_app()
        for _ in range(_MOST_SWEEPS):
            try:
                found = app.records.change(self.partition, change.id)
                assert found is not None
                if until(found.value):
                    return
                self.clock.advance(60)
                for key in app.records.due("change", self.clock.now()):
                    app.advance.run(key.partition, key.row.removeprefix("change-"))
            except SnatbotError as error:  # the host logs it, and the next tick tries again
                print(f"  {type(error).__name__}: {error}", file=sys.stderr)
                time.sleep(LEASE.total_seconds())
        raise AssertionError(f"still {self.change(change.id).state} after {_MOST_SWEEPS} sweeps")

    def in_process(self, work: Callable[[], None]) -> int:
        """Runs ``work`` in a process of its own: 0 when it ended well, 1 when not, KILLED when it was killed."""
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                time.sleep = _brief  # type: ignore[assignment]  # the storage client's own pauses between its tries
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)


_sleep = time.sleep


def _brief(seconds: float) -> None:
    _sleep(min(seconds, LEASE.total_seconds()))


def is_settled(change: Change) -> bool:
    return change.due_at is None


def is_applied(change: Change) -> bool:
    return change.state is ChangeState.VERIFYING or change.due_at is None
