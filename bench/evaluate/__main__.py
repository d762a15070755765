"""`python -m bench.evaluate [FOLDER]`: evaluate every scenario file of a folder; 1 when a goal is missed."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from simulator import scenario

from . import document, report
from .goals import Goal, goals
from .over_http import Comparison, compare
from .replay import Run, replay
from .rules import RULES
from .score import Score, score_run, total

DOCUMENT = Path(__file__).parents[2] / "docs" / "evaluation.md"
RULE_NAMES = tuple(rule.name for rule in RULES)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        files = _files(options.folder)
    except (OSError, ValueError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    is_whole = options.folder.resolve() == scenario.FOLDER.resolve() and options.quiet_days == 7
    began = time.monotonic()
    runs = _replay_all(files, options.minutes, round(options.quiet_days * 1440), options.jobs)
    scores = {name: score_run(run, RULE_NAMES) for name, run in runs.items()}
    whole = total(list(scores.values()), RULE_NAMES)
    reached = goals(runs, scores)
    comparison = None if options.no_http else compare(_for_http(runs, files))
    _print(runs, scores, whole, reached, comparison)
    print(f"\n{len(runs)} scenarios in {time.monotonic() - began:.0f} s")
    if is_whole:
        DOCUMENT.write_text(document.page(runs, scores, whole, reached, comparison), encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(Path.cwd()) if DOCUMENT.is_relative_to(Path.cwd()) else DOCUMENT}")
    is_same = comparison is None or not comparison.differences
    return 0 if is_same and all(goal.is_reached for goal in reached) else 1


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bench.evaluate", description=__doc__)
    made.add_argument("folder", nargs="?", type=Path, default=scenario.FOLDER, help="default: the simulator's own")
    made.add_argument("--minutes", type=int, default=120, help="how long each runs after its start (default: 120)")
    made.add_argument("--quiet-days", type=float, default=7, help="and how long where nothing fails (default: 7)")
    made.add_argument("--jobs", type=int, default=2, help="scenarios at a time (default: 2)")
    made.add_argument("--no-http", action="store_true", help="leave out the comparison with the same over HTTP")
    return made


def _files(folder: Path) -> dict[str, Path]:
    """Scenario files by name. Raises ValueError when there is none, or one can't be used."""
    files = {path.stem: path for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))}
    if not files:
        raise ValueError(f"there is no scenario file (.yaml) in {folder}")
    for path in files.values():
        scenario.load(str(path))
    return files


def _replay_all(files: dict[str, Path], minutes: int, quiet_minutes: int, jobs: int) -> dict[str, Run]:
    found: dict[str, Run] = {}
    with ProcessPoolExecutor(jobs, initializer=_be_quiet) as pool:
        waiting = {name: pool.submit(_replay, path, minutes, quiet_minutes) for name, path in files.items()}
        for name, future in waiting.items():
            found[name] = future.result()
            print(f"  {name}", file=sys.stderr, flush=True)
    return found


def _replay(path: Path, minutes: int, quiet_minutes: int) -> Run:
    return replay(scenario.load(str(path)), minutes, quiet_minutes)


def _be_quiet() -> None:
    """Silence snatbot's warnings: refusals and dropped state are part of the scenarios."""
    logging.getLogger("snatbot").setLevel(logging.CRITICAL)


def _for_http(runs: dict[str, Run], files: dict[str, Path]) -> Path:
    """The first leak scenario, else the first with failures, else the first: the run needs an incident to report."""
    leaks = [name for name, run in runs.items() if run.is_leak]
    troubled = [name for name, run in runs.items() if any(track.truth_minutes for track in run.tracks)]
    return files[next(iter((*leaks, *troubled, *runs)))]


def _print(
    runs: dict[str, Run], scores: dict[str, Score], whole: Score, reached: list[Goal], comparison: Comparison | None
) -> None:
    print(report.as_text(report.DETECTION_HEAD, report.detection_rows(runs, scores, whole)))
    print("\nBeside two rules that people use today, on the same data. These are our own scenarios.\n")
    print(report.as_text(report.RULES_HEAD, report.rules_rows(scores, whole)))
    print("\nFrom inside:\n")
    print("\n".join(report.inside_lines(whole)))
    print()
    print("\n".join(report.goal_lines(reached)))
    if comparison is not None:
        print(comparison.line)


if __name__ == "__main__":
    sys.exit(main())
