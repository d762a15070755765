"""The crash matrix: every call of an apply and of a roll-back, killed and broken in every way that can happen there.

Exit code 1 when any cell loses something or does not end well.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from devhost.azurite import Azurite

from .breaking import Call, Trouble
from .cells import Result, play, reference
from .scene import House, Phase, Scene, prepare
from .troubles import every_cell

PHASES: tuple[Phase, ...] = ("apply", "roll back")
Cell = tuple[Phase, Call, Trouble]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth cell")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cells whose name holds this")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="at most so many cells")
    parser.add_argument("--lanes", type=int, default=3, help="cells played at a time")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Azurite.start(Path(folder)) as azurite:
        house = House.at(azurite.connection_string, Path(folder))
        scenes: dict[Phase, Scene] = {}
        cells: list[Cell] = []
        for phase in PHASES:
            if given.only.partition(" | ")[0] in set(PHASES) - {phase}:
                continue
            scenes[phase] = prepare(phase, house)
            calls = reference(scenes[phase], house)
            found = every_cell(calls)
            print(f"{phase}: {len(calls)} calls, {len(found)} cells", flush=True)
            cells += [(phase, call, trouble) for call, trouble in found]
        cells = [cell for cell in cells if given.only in _name(cell)][given.every // 2 :: given.every]
        cells = cells[: given.most or None]
        results = _play_all(cells, scenes, house, max(1, given.lanes))
    _print_matrix(results)
    bad = [result for result in results if not result.is_good]
    for result in bad:
        print(f"FAILED {_label(result)}: {result}")
    ended = ", ".join(f"{number} {name}" for name, number in sorted(Counter(one.ended for one in results).items()))
    print(
        f"{len(results)} cells: {len(bad)} failed; {ended}; "
        f"{sum(one.duplicates for one in results)} duplicates, "
        f"{sum(one.properties_lost for one in results)} properties lost, "
        f"{sum(one.unapproved_writes for one in results)} unapproved writes, "
        f"{sum(not one.is_incident_intact for one in results)} incidents damaged; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if bad or len(results) < len(cells) or not results else 0


def _play_all(cells: Sequence[Cell], scenes: Mapping[Phase, Scene], house: House, lanes: int) -> list[Result]:
    """Each lane is a process that plays one cell after the other."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()  # the other kind starts a thread
    processes = [
        context.Process(target=_play_lane, args=(cells[lane::lanes], scenes, house, queue), daemon=False)
        for lane in range(lanes)
    ]
    for process in processes:
        process.start()
    results: list[Result] = []
    while len(results) < len(cells):
        result = queue.get()
        results.append(result)
        if sys.stderr.isatty():
            print(f"\r{len(results)}/{len(cells)}", end="", file=sys.stderr)
        if not result.is_good:
            print(f"failed: {_label(result)}: {result.problem or result}", flush=True)
    for process in processes:
        process.join()
    return results


def _play_lane(cells: Sequence[Cell], scenes: Mapping[Phase, Scene], house: House, queue: SimpleQueue[Result]) -> None:
    # What the workers grumble about is of interest only when a cell is played alone.
    if len(cells) > 3:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for phase, call, trouble in cells:
        try:
            queue.put(play(scenes[phase], house, call, trouble))
        except Exception as error:  # one broken cell must not hide the others
            problem = f"{type(error).__name__}: {error}"
            queue.put(Result(phase, call.kind, trouble.name, call.number, "not at all", 0.0, problem=problem))


def _name(cell: Cell) -> str:
    phase, call, trouble = cell
    return f"{phase} | {call.kind} | {trouble.name} | {call.number}"


def _label(result: Result) -> str:
    return f"{result.phase} | {result.kind} | {result.trouble} | {result.number}"


def _print_matrix(results: Sequence[Result]) -> None:
    rows: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        rows.setdefault((result.phase, result.trouble, result.kind), []).append(result)
    line = "{:<9} {:<26} {:<26} {:>5}  {:<44} {:>7} {:>4} {:>4} {:>4} {:>4}"
    print(line.format("", "fault", "at", "cells", "converged to", "longest", "dup", "lost", "unap", "inc"))
    for (phase, trouble, kind), found in sorted(rows.items()):
        ended = ", ".join(f"{number} {name}" for name, number in sorted(Counter(one.ended for one in found).items()))
        print(
            line.format(
                phase,
                trouble,
                kind,
                len(found),
                ended,
                f"{max(one.seconds for one in found):.1f} s",
                sum(one.duplicates for one in found),
                sum(one.properties_lost for one in found),
                sum(one.unapproved_writes for one in found),
                sum(not one.is_incident_intact for one in found),
            )
        )


if __name__ == "__main__":
    sys.exit(main())
