"""What a cell starts from: a simulated Azure and the rows of storage, at one moment of a change's life.

There is a scene before each look that the closing sweep takes at the change, so a cell plays one look, in which things
go wrong, and what comes after it. A process forked from the one that holds the scene *is* that Azure, as it was, and
rows are copied: every cell of a scene starts from exactly the same world, and none pays for making it.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from shared.clock import Instant
from shared.ids import new_id
from shared.model.change import Change, ChangeState
from shared.store.codec import from_columns
from shared.store.table import Table
from simulator import scenario
from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.server import SimulatorServer
from simulator.tls import make_certificates

from .stage import Place, Stage, forked, is_applied, is_settled, wait_for

Phase = Literal["apply", "roll back"]
GOOD = {"apply": ChangeState.FIXED, "roll back": ChangeState.ROLLED_BACK}
_MOST_LOOKS = 100
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class House:
    """What all scenes share: storage, and the certificates in ``folder``."""

    storage: str
    folder: Path
    tls: ssl.SSLContext

    @classmethod
    def at(cls, storage: str, folder: Path) -> House:
        return cls(storage, folder, make_certificates(folder))

    def place(self, ports: Sequence[int], pid: int, prefix: str) -> Place:
        secure, plain = (f"{scheme}://127.0.0.1:{port}" for scheme, port in zip(("https", "http"), ports, strict=True))
        return Place(secure, plain, str(self.folder / "ca.pem"), pid, self.storage, prefix)


@dataclass(frozen=True, slots=True)
class Scene:
    """An Azure that nobody serves, and every row of storage, before the look with this number, counted from 1.

    Requests with a ``seq`` up to ``approved_at`` were sent before the change was approved.
    """

    phase: Phase
    look: int
    simulator: Simulator
    rows: tuple[Any, ...]
    approved_at: int


def scenes(phase: Phase, house: House) -> Iterator[Scene]:
    """One after the other, as an undisturbed change goes on: each is gone when the next is asked for.

    Whenever one is there, this process has no other thread, and can be forked. Raises RuntimeError when the change
    does not end well.
    """
    # Time stands still unless it is moved: else each cell would start at another moment.
    simulator = Simulator(build_world(scenario.load("storm"), SimulatedClock(speed=0)))
    prefix = f"t{new_id()}"
    table = Table(prefix, connection_string=house.storage).client()
    _work_on(simulator, house, prefix, _approve if phase == "apply" else _approve_rollback)
    approved_at = int(simulator.log.after(0)[-1]["seq"])
    for look in range(1, _MOST_LOOKS):
        rows = tuple(table.list_entities())
        change = max(_changes(rows), key=lambda one: one.proposed_at)
        if is_settled(change):
            if change.state is not GOOD[phase]:
                raise RuntimeError(f"the undisturbed {phase} ends as {change.state}")
            return
        yield Scene(phase, look, simulator, rows, approved_at)
        _work_on(simulator, house, prefix, _look)
    raise RuntimeError(f"the undisturbed {phase} is not over after {_MOST_LOOKS} looks")


@contextmanager
def played(scene: Scene, house: House) -> Iterator[Stage]:
    """This scene once more, on ports and in a table of its own, until the block ends."""
    ready, says = os.pipe()
    lives, life = os.pipe()

    def be_azure() -> None:
        os.close(life)
        with os.fdopen(says, "w") as pipe:
            servers = _serve(scene.simulator, house)
            pipe.write(json.dumps([server.server_port for server in servers]) + "\n")
        os.read(lives, 1)  # until whoever started this is gone

    pid = forked(be_azure)
    os.close(says)
    os.close(lives)
    try:
        with os.fdopen(ready) as pipe:
            ports = json.loads(pipe.readline())
        stage = Stage(house.place(ports, pid, f"t{new_id()}"))
        table = stage.app.table.client()
        for _, rows in groupby(sorted(scene.rows, key=_partition), key=_partition):
            table.submit_transaction([("upsert", row) for row in rows])  # the stop flag is there already
        try:
            yield stage
        finally:
            table.delete_table()
    finally:
        os.close(life)
        os.kill(pid, signal.SIGKILL)
        wait_for(pid)


def _work_on(simulator: Simulator, house: House, prefix: str, work: Callable[[Stage], None]) -> None:
    """Has a process work on this Azure itself, not on a copy. It is forked before there are threads that serve it."""
    reads, writes = os.pipe()

    def wait_and_work() -> None:
        os.close(writes)
        with os.fdopen(reads) as pipe:
            place = Place.from_text(pipe.readline())
        work(Stage(place))

    pid = forked(wait_and_work)
    os.close(reads)
    servers = _serve(simulator, house)
    with os.fdopen(writes, "w") as pipe:
        pipe.write(house.place([server.server_port for server in servers], os.getpid(), prefix).to_text() + "\n")
    code = wait_for(pid)
    for server in servers:
        server.shutdown()
        server.server_close()
    _wait_for_threads()
    if code:
        raise RuntimeError(f"{work.__name__} ended with {code}")


def _approve(stage: Stage) -> None:
    stage.approved()


def _approve_rollback(stage: Stage) -> None:
    change = stage.approved()
    stage.sweep(change, is_applied)
    applied = stage.change(change.id)
    asked = stage.app.propose.propose_rollback(applied, Instant.of(stage.clock), "Ada")
    stage.decide(asked, "approve")


def _look(stage: Stage) -> None:
    stage.look(stage.changes()[-1])


def _serve(simulator: Simulator, house: House) -> list[SimulatorServer]:
    servers = [SimulatorServer(simulator, 0, house.tls), SimulatorServer(simulator, 0, None)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return servers


def _wait_for_threads() -> None:
    """Those of kept connections end when the client has gone."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while threading.active_count() > 1:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still running: {threading.enumerate()}")
        time.sleep(0.01)


def _changes(rows: Sequence[Any]) -> list[Change]:
    return [from_columns(Change, row) for row in rows if row.get("kind") == "change"]


def _partition(row: Any) -> str:
    return str(row["PartitionKey"])
