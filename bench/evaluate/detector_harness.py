"""Runs snatbot's own code from discovery to the incident's transition, tick by tick, without storage and chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.cloud.arm import Arm
from shared.cloud.batch import BatchMetrics
from shared.cloud.deadline import Deadline
from shared.cloud.discovery import Discovery
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.metric_access import MetricAccess, Mode
from shared.cloud.metrics import Metrics
from shared.cloud.request_count import RequestCount
from shared.core.detection.assess import PriorObservations
from shared.core.detection.load_balancer import complete_window
from shared.core.detection.rules.allocation_drift import next_baseline
from shared.core.detection.tags import TagRules
from shared.core.incidents.lifecycle import IncidentPolicy, next_incident
from shared.flows.monitoring.collect import MetricCollector
from shared.flows.monitoring.node_names import NodeNames
from shared.flows.monitoring.scan import FleetScanner, ScanResult
from shared.flows.monitoring.scan_scope import SLOW_WINDOW, ScanScope
from shared.model.allocation import AllocationBaseline
from shared.model.finding import Severity
from shared.model.fleet import Fleet, WatchedCluster
from shared.model.incident import ClusterRecord, Incident, IncidentState
from shared.model.metric import MINUTE, Window

from .minutes import minute_of
from .track import Moment

LAG_MINUTES = 3
WINDOW_MINUTES = 5
PRESSURE_EVERY_MINUTES = 5
DISCOVERY_EVERY_MINUTES = 10
POLICY = IncidentPolicy(clean_minutes=10, cooldown=timedelta(minutes=60))
"""snatbot's default settings."""


class DetectorHarness:
    """Discovery, measurement, assessment and incidents of snatbot; keeps the incidents and counts the messages."""

    def __init__(
        self,
        arm: Arm,
        batch: BatchMetrics,
        clock: Callable[[], float],
        *,
        count: RequestCount | None = None,
        workers: int = 1,
        mode: Mode = "auto",
    ) -> None:
        self.metrics = Metrics(arm)
        self.access = MetricAccess(self.metrics, batch, mode, count or RequestCount())
        discovery = Discovery(arm)
        self._fleets = FleetDiscovery(discovery)
        self._scanner = FleetScanner(MetricCollector(self.access, NodeNames(discovery, clock).of), TagRules(), workers)
        self._records: dict[str, ClusterRecord] = {}
        self._incidents: dict[str, Incident] = {}
        self._fleet: Fleet | None = None
        self._fleet_read = 0
        self._ports_until: datetime | None = None
        self._allocations: dict[str, AllocationBaseline | None] = {}

    def tick(self, now: datetime) -> dict[str, tuple[ScanResult, Moment]]:
        """Scan once; the results by cluster id in lower case."""
        found: dict[str, tuple[ScanResult, Moment]] = {}
        self.scan(now, self._scope(now), lambda result, moment: found.update({_key(result): (result, moment)}))
        return found

    def find_fleet(self, now: datetime) -> Fleet:
        """The fleet, read again every DISCOVERY_EVERY_MINUTES."""
        tick = minute_of(now)
        if self._fleet is None or tick - self._fleet_read >= DISCOVERY_EVERY_MINUTES:
            self._fleet, self._fleet_read = self._fleets.read_fleet(now), tick
        return self._fleet

    def scan(self, now: datetime, scope: ScanScope, then: Callable[[ScanResult, Moment], None]) -> None:
        """Scan the fleet and call ``then`` for each cluster; several threads may call it at once."""

        def remember(group: Sequence[ScanResult]) -> None:
            for result in group:
                key = _key(result)
                ports = result.series.load_balancer.ports if result.series.load_balancer else None
                if ports is not None:
                    self._allocations[key] = next_baseline(ports, self._allocations.get(key))
                then(result, self._judge(key, result, now))

        def prior_of(target: WatchedCluster) -> PriorObservations:
            return PriorObservations(allocation=self._allocations.get(target.cluster.id.lower()))

        self._scanner.scan(self.find_fleet(now).clusters, scope, Deadline(3600), now, remember, prior_of)

    @property
    def in_trouble(self) -> frozenset[str]:
        """Ids in lower case of clusters with an open incident."""
        return frozenset(key for key, incident in self._incidents.items() if incident.state is IncidentState.OPEN)

    def balancers(self) -> dict[str, list[str]]:
        """Ids of load balancers by region."""
        by_region: dict[str, list[str]] = defaultdict(list)
        for target in self._fleet.clusters if self._fleet else ():
            if target.load_balancer is not None:
                by_region[target.load_balancer.location].append(target.load_balancer.id)
        return by_region

    def _scope(self, now: datetime) -> ScanScope:
        """Ports every few minutes, of the minutes that were not result yet, as ``Watch`` has it."""
        window = complete_window(now, LAG_MINUTES, WINDOW_MINUTES)
        every = PRESSURE_EVERY_MINUTES * MINUTE
        start = self._ports_until or window.end - every
        if window.end - start < every:
            return ScanScope(window, in_trouble=self.in_trouble)
        self._ports_until = window.end
        return ScanScope(
            window, Window(start, window.end), Window(window.end - SLOW_WINDOW, window.end), self.in_trouble
        )

    def _judge(self, key: str, result: ScanResult, now: datetime) -> Moment:
        cluster = result.assessment.cluster
        record = self._records.get(key) or ClusterRecord(cluster.id, cluster.name)
        made = next_incident(
            record,
            self._incidents.get(key),
            result.assessment,
            now=now,
            policy=POLICY,
            new_id=f"{cluster.name}-{minute_of(now)}",
            is_change_in_flight=False,
        )
        self._records[key] = made.record
        if made.incident is None:
            return Moment(minute_of(now), False, Severity.NOTICE, (), made.effect, made.message)
        self._incidents[key] = made.incident
        is_open = made.incident.state is IncidentState.OPEN
        return Moment(minute_of(now), is_open, made.incident.severity, made.incident.kinds, made.effect, made.message)


def _key(result: ScanResult) -> str:
    return result.assessment.cluster.id.lower()


@dataclass
class ScenarioSeconds:
    """Seconds as a scenario counts them, for what snatbot keeps for a while."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds
