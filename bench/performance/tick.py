"""`python -m bench.performance.tick URL FAILED WITH_PORTS MODE`: measures ticks in a process of their own; prints JSON.

Discovery, then a first scan (connections are made, incidents open, node names are read), then FAILED ticks of the
failed pass alone, and last WITH_PORTS ticks of both passes, each beside json.loads on the same answers.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from tempfile import TemporaryFile
from typing import Any, cast

from shared.cloud.metric_access import Mode
from shared.gc_freeze import freeze_loaded_modules

from .meter import KeptAnswers, peak_mib
from .ticks import Ticks


def main(url: str, failed: int, with_ports: int, mode: Mode) -> dict[str, Any]:
    ticks = Ticks(url, mode)
    discovery, first = ticks.discovery(), ticks.failed()
    freeze_loaded_modules()  # as the timer does after its first scan
    ticks.readings.clear()
    of_failed = [ticks.failed() for _ in range(failed)]
    scanned, failed_mib = dict(ticks.readings), peak_mib()
    ticks.with_ports()  # the simulator computes a new minute's ports once; keep that out of the measurement
    pressure_mib = peak_mib()
    with TemporaryFile() as file:
        answers = KeptAnswers(file)
        with answers.keeping():
            ticks.with_ports()
        pairs = [(ticks.with_ports(), answers.loads_seconds()) for _ in range(with_ports)]
    return {
        "discovery": asdict(discovery),
        "first": asdict(first),
        "failed": [asdict(cost) for cost in of_failed],
        "failed_mib": failed_mib,
        "pressure": [asdict(cost) for cost, _ in pairs],
        "pressure_mib": pressure_mib,
        "loads_seconds": [seconds for _, seconds in pairs],
        "answer_bytes": sum(answers.sizes),
        "readings": {kind: number / failed for kind, number in scanned.items()},
        "sick": len(ticks.failing),
        "repeated": ticks.count.repeated,
        "total": ticks.count.total,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), cast(Mode, sys.argv[4]))))
