"""`python -m bench.performance [N …]`: measure, print, write results and documents; 1 when a goal is missed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.evaluate.report import as_text

from . import cost, document
from .fleet import SIZES
from .goals import goals
from .run import measure, measure_cold_start

ROOT = Path(__file__).parents[2]
LATEST = ROOT / "bench" / "results" / "latest.json"
PEERS = LATEST.with_name("peers.json")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.performance", description=__doc__)
    known = [size.load_balancers for size in SIZES]
    parser.add_argument("sizes", nargs="*", type=int, choices=[*known, []], help="all are measured by default")
    parser.add_argument("--cold-start", action="store_true", help="measure that again and keep the other figures")
    options = parser.parse_args(arguments)
    if options.cold_start:
        _write(json.loads(LATEST.read_text(encoding="utf-8")) | {"cold_start": measure_cold_start()})
        return 0
    wanted = [size for size in SIZES if not options.sizes or size.load_balancers in options.sizes]
    results = measure(wanted)
    print(as_text(document.HEAD, document.rows(results)))
    print()
    found = goals(results)
    print("\n".join(goal.line for goal in found))
    if len(wanted) == len(SIZES):
        _write(results)
    return 0 if all(goal.is_reached for goal in found) else 1


def _write(results: dict[str, object]) -> None:
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    written = [LATEST]
    peers = json.loads(PEERS.read_text(encoding="utf-8")) if PEERS.exists() else None
    for name, text in (("performance.md", document.page(results, peers)), ("cost.md", cost.page(results))):
        path = ROOT / "docs" / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    print("written: " + ", ".join(str(path.relative_to(ROOT)) for path in written))


if __name__ == "__main__":
    sys.exit(main())
