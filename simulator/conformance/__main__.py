"""`python -m simulator.conformance [FOLDER]`: replay recordings, print and write the results."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .history import History
from .recording import load_folder
from .replay import replay
from .report import page, text
from .summary import Replayed, Summary

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
VARIABLE = "SNATBOT_RECORDINGS"


def compare_all(folder: Path) -> Summary:
    """Replay every recording in a folder, each against a fresh simulator."""
    recordings = list(load_folder(folder))
    history = History(recordings)
    return Summary([Replayed(recording, tuple(replay(recording, history))) for recording in recordings])


def main(arguments: list[str] | None = None) -> int:
    """0 when every difference is accepted; 1 after a new one, or a crash; 2 when nothing can be compared."""
    parser = argparse.ArgumentParser(prog="python -m simulator.conformance", description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        default=os.environ.get(VARIABLE),
        help=f"where the recordings are (default: ${VARIABLE})",
    )
    parser.add_argument("--output", type=Path, default=PAGE, metavar="FILE", help="the page to write (default: docs)")
    given = parser.parse_args(arguments)
    if not given.folder or not Path(given.folder).is_dir():
        named = f"{given.folder} is not a folder" if given.folder else "no folder of recordings is named"
        print(f"{named}: give FOLDER, or set {VARIABLE}", file=sys.stderr)
        return 2
    summary = compare_all(Path(given.folder))
    if not summary.replayed:
        print(f"there are no recordings (*.json) in {given.folder}", file=sys.stderr)
        return 2
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(page(summary), encoding="utf-8")
    print(text(summary))
    return 1 if summary.unreviewed() or summary.crashes() else 0


if __name__ == "__main__":
    raise SystemExit(main())
