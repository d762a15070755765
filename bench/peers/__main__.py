"""`python -m bench.peers [N …]`: the same fleet by az in a loop, by Cloud Custodian and by snatbot, in one run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.evaluate.report import as_text
from bench.performance import other_tools
from bench.performance.document import page as performance_page
from bench.performance.run import load_balancer_ids, settings_of
from simulator.testing import RunningSimulator, start_simulator

from .fleet import IDLE, write_fleet
from .forward import forwarding
from .tools import AzureCli, CloudCustodian, Look, Snatbot, Tool

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "peers.json"
SIZES = (10, 100)
_REFUSED = {"match": {"path": "(?i)metrics"}, "times": 1_000_000, "then": {"status": 403}}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help=f"load balancers; {SIZES} by default")
    sizes = tuple(parser.parse_args(arguments).sizes) or SIZES
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": [AzureCli.package, *CloudCustodian.packages],
        "sizes": [{"load_balancers": size, "looks": _at(size)} for size in sizes],
    }
    print(as_text(other_tools.HEAD, other_tools.rows(results)))
    if sizes == SIZES:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        latest = json.loads((RESULTS.parent / "latest.json").read_text(encoding="utf-8"))
        (ROOT / "docs" / "performance.md").write_text(performance_page(latest, results), encoding="utf-8")
        print("written: bench/results/peers.json, docs/performance.md")
    return 0


def _at(size: int) -> list[dict[str, Any]]:
    print(f"  {size} load balancers …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        with start_simulator(write_fleet(size, folder)) as simulator, forwarding(simulator.url) as proxy:
            ids = load_balancer_ids(simulator)
            looks: tuple[Tool, ...] = (
                AzureCli(folder, simulator.url, simulator.ca_path, ids),
                CloudCustodian(folder, proxy, simulator.ca_path, ids[0].split("/")[2]),
                Snatbot(settings_of(simulator)),
            )
            found = [_measured(simulator, look.name, look.look) for look in looks]
            simulator.add_fault(_REFUSED)
            return [entry | {"refused": look.look().of_refusal} for entry, look in zip(found, looks, strict=True)]


def _measured(simulator: RunningSimulator, name: str, look: Callable[[], Look]) -> dict[str, Any]:
    look()  # files are compiled, tokens cached
    before = simulator.requests()[-1]["seq"]
    done = look()
    return {
        "name": name,
        "requests": len(simulator.requests(after=before)),
        "seconds": done.seconds,
        "cpu_seconds": done.cpu_seconds,
        "expected": 1,
        "found": sum("sick" in each for each in done.failing),
        "false": sum("sick" not in each for each in done.failing),
        "node": done.node,
        "says_idle": any(IDLE in each for each in done.idle),
    }


if __name__ == "__main__":
    sys.exit(main())
