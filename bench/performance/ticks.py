"""Ticks of snatbot's detection against a simulator: discovery, the failed pass alone, and with ports."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from azure.identity import ManagedIdentityCredential

from bench.evaluate.detector_harness import SCHEDULE, DetectorHarness
from bench.evaluate.track import Moment
from shared.app_watching import METRIC_WORKERS
from shared.cloud.arm import Arm
from shared.cloud.metric_access import Mode
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.pipeline import BoundedRetry
from shared.cloud.request_count import RequestCount
from shared.flows.monitoring.scan import ScanResult

from .meter import Cost, measured

WORKERS = METRIC_WORKERS


class Ticks:
    """Storage and chat are left out; each group's results are dropped as soon as they are judged, as in a real tick.

    All ticks are of the same minute. ``readings`` and ``failing`` count what they found.
    """

    def __init__(self, url: str, mode: Mode) -> None:
        self.count = RequestCount()
        self.readings: Counter[str] = Counter()
        self.failing: set[str] = set()
        credential, retry = ManagedIdentityCredential(client_id="detector-client-id"), BoundedRetry(attempts=1)
        arm = Arm(url, credential, on_request=self.count, retry=retry)
        endpoint = f"{url}/metrics/{{region}}"
        batch = BatchMetrics(credential, endpoint=endpoint, audience=url, on_request=self.count, retry=retry)
        self._detector = DetectorHarness(
            arm, batch, time.monotonic, count=self.count, workers=WORKERS, mode=mode, has_canary=True
        )
        self._now = datetime.now(UTC).replace(second=0, microsecond=0)

    def discovery(self) -> Cost:
        return measured(lambda: self._detector.find_fleet(self._now), self.count)

    def failed(self) -> Cost:
        return self._scan(ports_until=self._now)

    def with_ports(self) -> Cost:
        return self._scan(ports_until=None)

    def _scan(self, ports_until: datetime | None) -> Cost:
        scope = SCHEDULE.scope(self._now, ports_until, self._detector.in_trouble)
        return measured(lambda: self._detector.scan(self._now, scope, self._note), self.count)

    def _note(self, result: ScanResult, moment: Moment) -> None:
        self.readings[result.assessment.reading.kind] += 1
        if moment.is_open:
            self.failing.add(result.assessment.cluster.id)
