"""The crash matrix: every call of an apply, of a rollback and of telling in a chat, killed and broken in every way.

Exit code 1 when any cell loses something or does not end well.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from devhost.azurite import Azurite

from . import telling
from .breaking import Call, Trouble
from .cells import Result, play, reference
from .lanes import Lanes
from .scene import House, Phase, Scene, scenes
from .troubles import every_cell

PHASES: tuple[Phase, ...] = ("apply", "roll back")
Cell = tuple[Scene, Call, Trouble]


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
        lanes = Lanes(house, max(1, given.lanes), is_quiet=given.most == 0 or given.most > 3)
        for number, cell in enumerate(_cells(house, given.only)):
            if number % given.every == given.every // 2:
                _show(lanes.start(*cell), len(lanes.results))
                if number // given.every + 1 == given.most:
                    break
        _show(lanes.finish(), len(lanes.results))
    told = report_telling(given.every) if given.only in ("", "chat") and not given.most else 0
    if given.only == "chat":
        return told
    return report(lanes.results, time.monotonic() - started) or told


def report_telling(every: int) -> int:
    """Plays the chat's part, and prints the cells that lose or double a message, and the totals."""
    logging.disable()
    with telling.slack() as running:
        cells = list(telling.cells(running, every))
    logging.disable(logging.NOTSET)
    bad = [cell for cell in cells if cell.lost or cell.doubles or not cell.is_right]
    for cell in bad:
        print(f"FAILED chat | {cell.call} | {cell.trouble}: {cell}")
    lost, doubles = sum(cell.lost for cell in cells), sum(cell.doubles for cell in cells)
    print(f"chat: {len(cells)} cells: {len(bad)} failed; {lost} messages lost, {doubles} doubled")
    return 1 if bad or not cells else 0


def _cells(house: House, only: str) -> Iterator[Cell]:
    """Those whose name holds ``only``. Raises RuntimeError when an undisturbed change does not end well."""
    for phase in PHASES:
        if only.partition(" | ")[0] in {*PHASES, "chat"} - {phase}:
            continue
        calls = cells = 0
        for scene in scenes(phase, house):
            if scene.look == 1 and not only:
                undisturbed = play(scene, house, Call(0, "none"), None)
                if not undisturbed.is_good:
                    raise RuntimeError(f"the undisturbed {phase} does not end well: {undisturbed}")
            found = every_cell(reference(scene, house))
            calls, cells = calls + len({call for call, _ in found}), cells + len(found)
            for call, trouble in found:
                if only in f"{phase} | {call.kind} | {trouble.name} | {scene.look}.{call.number}":
                    yield scene, call, trouble
        print(f"{phase}: {scene.look} looks, {calls} calls, {cells} cells", flush=True)


def _show(ended: Sequence[Result], number: int) -> None:
    for result in ended:
        if not result.is_good:
            print(f"failed: {_label(result)}: {result.problem or result}", flush=True)
    is_terminal = sys.stderr.isatty()
    if ended and (is_terminal or number % 100 < len(ended)):
        print(f"\r{number} cells", end="" if is_terminal else "\n", file=sys.stderr, flush=True)


def report(results: Sequence[Result], seconds: float) -> int:
    """Prints the matrix, what failed, and the totals. Returns the exit code."""
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
        f"{seconds:.0f} s"
    )
    return 1 if bad or not results else 0


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
