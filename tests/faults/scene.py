"""What a cell starts from: a simulated Azure and the rows of storage, with an approved change in them.

It is prepared once. A process forked from the one that holds it *is* that Azure, as it was, and rows are copied; so
every cell starts from exactly the same world, and none pays for making it.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from shared.ids import new_id
from shared.store.tables import Tables
from simulator import scenario
from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.server import SimulatorServer
from simulator.tls import make_certificates

from .stage import Place, Stage, in_plain_process

Phase = Literal["apply", "roll back"]
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
    """An Azure that nobody serves, and every row of storage."""

    phase: Phase
    simulator: Simulator
    rows: tuple[Any, ...]


def prepare(phase: Phase, house: House) -> Scene:
    """Leaves no thread behind: this process can be forked afterwards."""
    # Time stands still unless it is moved: else each cell would start at another moment.
    world = build_world(scenario.load("storm"), SimulatedClock(speed=0))
    simulator = Simulator(world)
    servers = _listen(simulator, house)
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    try:
        place = house.place([server.server_port for server in servers], os.getpid(), f"t{new_id()}")
        in_plain_process(place, "prepare", phase)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
    _wait_for_threads()
    table = Tables(place.table_prefix, connection_string=house.storage).records()
    return Scene(phase, simulator, tuple(table.list_entities()))


@contextmanager
def played(scene: Scene, house: House) -> Iterator[Stage]:
    """This scene once more, on ports and in a table of its own, until the block ends."""
    ready, says = os.pipe()
    lives, life = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(life)
            _be_azure(scene.simulator, house, says, lives)
        finally:
            os._exit(1)
    os.close(says)
    os.close(lives)
    try:
        with os.fdopen(ready) as pipe:
            ports = json.loads(pipe.readline())
        stage = Stage(house.place(ports, pid, f"t{new_id()}"))
        table = stage.app.tables.records()
        for _, rows in groupby(sorted(scene.rows, key=_partition), key=_partition):
            table.submit_transaction([("create", row) for row in rows])
        try:
            yield stage
        finally:
            table.delete_table()
    finally:
        os.close(life)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _be_azure(simulator: Simulator, house: House, says: int, lives: int) -> None:
    """Serves until whoever started this is gone."""
    servers = _listen(simulator, house)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with os.fdopen(says, "w") as pipe:
        pipe.write(json.dumps([server.server_port for server in servers]) + "\n")
    os.read(lives, 1)


def _listen(simulator: Simulator, house: House) -> list[SimulatorServer]:
    return [SimulatorServer(simulator, 0, house.tls), SimulatorServer(simulator, 0, None)]


def _wait_for_threads() -> None:
    """Those of kept connections end when the client has gone."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while threading.active_count() > 1:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still running: {threading.enumerate()}")
        time.sleep(0.01)


def _partition(row: Any) -> str:
    return str(row["PartitionKey"])
