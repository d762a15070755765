"""One change on a simulated Azure, as the processes that work on it see it.

What happens is the same in every process: time is the simulator's and moves only when somebody sleeps or lets a minute
pass, so two processes that start from the same scene make the same calls.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from shared.app import App
from shared.errors import SnatbotError
from shared.model.change import Change, ChangeState
from simulator.testing import RunningSimulator
from tests.support.theatre import LEASE, JumpingClock, Theatre

ROOT = Path(__file__).parents[2]
KILLED = -9
_MOST_SWEEPS = 150
_MOST_SECONDS = 240
_sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Place:
    """Where Azure and storage are: all that a process is told."""

    url: str
    http_url: str
    ca_path: str
    pid: int
    storage: str
    table_prefix: str

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Place:
        return cls(**json.loads(text))


class SimulatorsTime(JumpingClock):
    """What the simulator's clock shows. It stands still unless it is moved, by whichever process."""

    def __init__(self, simulator: RunningSimulator) -> None:
        super().__init__(simulator)
        self._now = simulator.now()

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now = self._simulator.advance(seconds)


class Stage(Theatre):
    """Sets this process's environment: the identity endpoint of the place, and the certificate to trust."""

    def __init__(self, place: Place) -> None:
        simulator = RunningSimulator(place.url, place.http_url, Path(place.ca_path), place.pid)
        # Saying that nothing here is behind a proxy saves looking for one at every request.
        os.environ.update(simulator.environment() | {"NO_PROXY": "127.0.0.1"})
        super().__init__(simulator, place.storage, TABLE_PREFIX=place.table_prefix)
        self.place = place
        self.clock: SimulatorsTime = SimulatorsTime(simulator)
        self.app: App = self.new_app()

    def sweep(self, change: Change, until: Callable[[Change], bool]) -> None:
        """What the timer's closing sweep does, minute after minute; ``until`` is asked between two of them."""
        self.new_app()
        for _ in range(_MOST_SWEEPS):
            if until(change):
                return
            try:
                change = self.look(change)
            except SnatbotError as error:  # the host logs it, and the next tick tries again
                print(f"  {type(error).__name__}: {error}", file=sys.stderr)
                _sleep(LEASE.total_seconds())
        raise AssertionError(f"still {change.state} after {_MOST_SWEEPS} sweeps")

    def look(self, change: Change) -> Change:
        """One minute passes, and what is due is advanced. Returns the change as it is then."""
        self.clock.advance(60)
        seen = None
        for key in self.app.records.due("change", self.clock.now()):
            advanced = self.app.reconciler.run(key.partition, key.row.removeprefix("change-"))
            seen = advanced if advanced is not None and advanced.id == change.id else seen
        return seen or self.change(change.id)


def in_forked_process(work: Callable[[], None]) -> int:
    """Runs ``work`` in a process of its own: 0 when it ended well, 1 when not, KILLED when it was killed."""
    return wait_for(forked(work))


def forked(work: Callable[[], None]) -> int:
    """Starts ``work`` in a process of its own, and returns its id."""
    sys.stderr.flush()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        gc.disable()  # it lives for a second
        time.sleep = _hardly_sleep  # type: ignore[assignment]  # what SDKs do between two tries
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def wait_for(pid: int) -> int:
    """The exit code of a process, or the negative number of the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def in_plain_process(place: Place, *arguments: str) -> None:
    """Runs ``tests.faults.worker``: it shares nothing with this process but its arguments. Raises AssertionError."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", "tests.faults.worker", *arguments, place.to_text()],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", "")},
            stderr=subprocess.PIPE,
            text=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"the closing sweep was not over after {_MOST_SECONDS} s") from None
    sys.stderr.write(run.stderr)
    assert run.returncode == 0, f"the closing sweep ended with {run.returncode}: {run.stderr.strip()[-300:]}"


def _hardly_sleep(seconds: float) -> None:
    _sleep(min(seconds, 0.01))


def is_settled(change: Change) -> bool:
    return change.due_at is None


def is_applied(change: Change) -> bool:
    return change.state is ChangeState.VERIFYING or change.due_at is None
