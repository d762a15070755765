"""One instance of the app in a process of its own, for tests of several at once.

    python -m tests.scenario.instance PLACE

PLACE is JSON: where the simulated Azure and the storage are, and the link to decide on. The instance says that it is
ready, and waits for a line. It approves in several threads at once, then works on the change with every message
doubled, until nobody owes it another look. It prints how many of its approvals were taken.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from shared.auth.signing import LinkTarget
from shared.clock import Instant
from shared.errors import Refused, SnatbotError
from simulator.testing import RunningSimulator
from tests.support.theatre import ADA, JumpingClock, Theatre

_MOST_LOOKS = 400


class SimulatorsTime(JumpingClock):
    """What the simulator's clock shows, whoever moves it."""

    def now(self) -> datetime:
        return self._simulator.now()


class Instance(Theatre):
    """Leases last as long as in production: processes are slow to start and must not lose them for that."""

    def __init__(self, place: dict[str, str]) -> None:
        simulator = RunningSimulator(place["url"], place["http_url"], Path(place["ca_path"]), 0)
        super().__init__(simulator, place["storage"], TABLE_PREFIX=place["table_prefix"])
        self.clock = SimulatorsTime(simulator)
        self.new_app()
        del self.app.vnet_lock  # with the lease that the app itself would take


def at_once(count: int, deed: Callable[[], None]) -> None:
    threads = [threading.Thread(target=deed) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(place: dict[str, str]) -> int:
    instance = Instance(place)
    app, target = instance.app, LinkTarget(place["partition"], place["change_id"], place["digest"])
    app.reconciler, app.decide  # noqa: B018  # imports what they need, before the race
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    taken: list[str] = []

    def approve() -> None:
        try:
            app.decide.decide(target, "approve", ADA, Instant.of(instance.clock))
            taken.append("approved")
        except Refused:
            pass

    def advance() -> None:
        try:
            app.reconciler.run(target.partition, target.change_id)
        except SnatbotError as error:  # the host logs it, and the next message tries again
            sys.stderr.write(f"{type(error).__name__}: {error}\n")

    at_once(int(place["approvals"]), approve)
    for _ in range(_MOST_LOOKS):
        at_once(2, advance)
        stored = app.records.change(target.partition, target.change_id)
        assert stored is not None
        if stored.value.due_at is None:
            sys.stdout.write(f"{len(taken)}\n")
            return 0
        if stored.value.due_at > instance.clock.now():
            instance.clock.advance(20)
    return 1


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
