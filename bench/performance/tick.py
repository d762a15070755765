"""`python -m bench.performance.tick URL REPEATS MODE`: measures snatbot's ticks in a process of their own; prints JSON.

Discovery, then a first scan (connections are made, incidents open, node names are read), then ticks of the failed pass
alone, and last of the failed and the pressure pass. Storage and chat are left out; each group's results are dropped as
soon as they are judged, as a real tick does.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from azure.identity import ManagedIdentityCredential

from bench.evaluate.detector_harness import SCHEDULE, DetectorHarness
from bench.evaluate.track import Moment
from shared.cloud.arm import Arm
from shared.cloud.metric_access import Mode
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.pipeline import BoundedRetry
from shared.cloud.request_count import RequestCount
from shared.flows.monitoring.scan import ScanResult
from shared.gc_freeze import freeze_loaded_modules

from .meter import Cost, measured, peak_mib

WORKERS = 16


def main(url: str, repeats: int, mode: Mode) -> dict[str, Any]:
    count = RequestCount()
    credential = ManagedIdentityCredential(client_id="detector-client-id")
    retry = BoundedRetry(attempts=1)
    arm = Arm(url, credential, on_request=count, retry=retry)
    batch = BatchMetrics(credential, endpoint=f"{url}/metrics/{{region}}", audience=url, on_request=count, retry=retry)
    detector = DetectorHarness(arm, batch, time.monotonic, count=count, workers=WORKERS, mode=mode, has_canary=True)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    readings: Counter[str] = Counter()
    failing: set[str] = set()

    def note(result: ScanResult, moment: Moment) -> None:
        readings[result.assessment.reading.kind] += 1
        if moment.is_open:
            failing.add(result.assessment.cluster.id)

    def scan(with_ports: bool) -> Cost:
        scope = SCHEDULE.scope(now, None if with_ports else now, detector.in_trouble)
        return measured(lambda: detector.scan(now, scope, note), count)

    discovery = measured(lambda: detector.find_fleet(now), count)
    first = scan(with_ports=False)
    freeze_loaded_modules()  # as the timer does after its first scan
    readings.clear()
    failed = [scan(with_ports=False) for _ in range(repeats)]
    scanned, failed_mib = dict(readings), peak_mib()
    scan(with_ports=True)  # the simulator computes a new minute's ports once; keep that out of the measurement
    pressure = [scan(with_ports=True) for _ in range(repeats)]
    return {
        "discovery": asdict(discovery),
        "first": asdict(first),
        "failed": [asdict(cost) for cost in failed],
        "failed_mib": failed_mib,
        "pressure": [asdict(cost) for cost in pressure],
        "pressure_mib": peak_mib(),
        "readings": {kind: number / repeats for kind, number in scanned.items()},
        "sick": len(failing),
        "repeated": count.repeated,
        "total": count.total,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), cast(Mode, sys.argv[3]))))
