"""Runs snatbot's own code from discovery to the incident's transition, tick by tick, without storage and chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.cloud.arm import Arm
from shared.cloud.deadline import Deadline
from shared.cloud.discovery import Discovery
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.metric_access import MetricAccess, Mode
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.request_count import RequestCount
from shared.core.detection.assess import PriorObservations
from shared.core.detection.rules.allocation import next_baseline
from shared.core.detection.schedule import ScanSchedule, ScanScope
from shared.core.detection.tags import TagRules
from shared.core.incidents.lifecycle import next_incident
from shared.core.incidents.transition import IncidentPolicy
from shared.flows.monitoring.canary import Canary, Suspects
from shared.flows.monitoring.collect import MetricCollector
from shared.flows.monitoring.inventory import FleetInventory
from shared.flows.monitoring.node_names import NodeNames
from shared.flows.monitoring.scan import FleetScanner, ScanResult
from shared.model.finding import Severity
from shared.model.fleet import Fleet, WatchedCluster
from shared.model.incident import ClusterRecord, Incident, IncidentState
from shared.model.ports import AllocationBaseline
from shared.settings import Settings

from .minutes import minute_of
from .track import Moment


def _default(setting: str) -> int:
    return int(Settings.model_fields[setting].default)


LAG_MINUTES = _default("ingestion_lag_minutes")
WINDOW_MINUTES = _default("window_minutes")
PORTS_EVERY_MINUTES = _default("pressure_every")
SCHEDULE = ScanSchedule(LAG_MINUTES, WINDOW_MINUTES, timedelta(minutes=PORTS_EVERY_MINUTES))
POLICY = IncidentPolicy(_default("clean_minutes"), timedelta(minutes=_default("cooldown_minutes")))


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
        has_canary: bool = False,
    ) -> None:
        self.metrics = Metrics(arm)
        self.access = MetricAccess(self.metrics, batch, mode, count or RequestCount())
        discovery = Discovery(arm)
        kept_for = timedelta(minutes=_default("discovery_minutes"))
        self._inventory = FleetInventory(FleetDiscovery(discovery), None, kept_for)
        collector = MetricCollector(self.access, NodeNames(discovery, clock).of)
        canary = Canary(self.access) if has_canary else None
        self._scanner = FleetScanner(collector, TagRules(), workers, canary=canary)
        self.suspects: Suspects = {}
        self._fleet: Fleet | None = None
        self._records: dict[str, ClusterRecord] = {}
        self._incidents: dict[str, Incident] = {}
        self._ports_until: datetime | None = None
        self._allocations: dict[str, AllocationBaseline] = {}

    def tick(self, now: datetime) -> dict[str, tuple[ScanResult, Moment]]:
        """Scan once by the schedule of the watch; the results by cluster id in lower case."""
        found: dict[str, tuple[ScanResult, Moment]] = {}
        scope = SCHEDULE.scope(now, self._ports_until, self.in_trouble)
        self.scan(now, scope, lambda result, moment: found.update({_key(result): (result, moment)}))
        self._ports_until = scope.ports.end if scope.ports else self._ports_until
        return found

    def find_fleet(self, now: datetime) -> Fleet:
        """The fleet; reads it again when the list is too old."""
        self._fleet = self._inventory.get(now)
        return self._fleet

    def scan(self, now: datetime, scope: ScanScope, then: Callable[[ScanResult, Moment], None]) -> None:
        """Scan the fleet and call ``then`` for each cluster; several threads may call it at once."""

        def track(group: Sequence[ScanResult]) -> None:
            for result in group:
                key = _key(result)
                baseline = next_baseline(result.series.ports, self._allocations.get(key))
                if baseline is not None:
                    self._allocations[key] = baseline
                then(result, self._update_incident(key, result, now))

        def prior_of(target: WatchedCluster) -> PriorObservations:
            return PriorObservations(allocation=self._allocations.get(target.cluster.id.lower()))

        targets, deadline = self.find_fleet(now).clusters, Deadline(3600)
        with self._scanner.canary(targets, self.suspects, now, deadline, is_turn=True) as suspects:
            self._scanner.scan(targets, scope, deadline, now, track, prior_of)
        self.suspects = suspects.result()

    @property
    def in_trouble(self) -> frozenset[str]:
        """Ids in lower case of clusters with an open incident."""
        return frozenset(key for key, incident in self._incidents.items() if incident.state is IncidentState.OPEN)

    def balancers(self) -> dict[str, list[str]]:
        """Ids of load balancers by region."""
        by_region: dict[str, list[str]] = defaultdict(list)
        for target in self._fleet.clusters if self._fleet else ():
            if target.load_balancer is not None:
                by_region[target.cluster.location].append(target.load_balancer.id)
        return by_region

    def _update_incident(self, key: str, result: ScanResult, now: datetime) -> Moment:
        cluster = result.assessment.cluster
        transition = next_incident(
            self._records.get(key) or ClusterRecord(cluster.id, cluster.name),
            self._incidents.get(key),
            result.assessment,
            now=now,
            policy=POLICY,
            new_id=f"{cluster.name}-{minute_of(now)}",
            is_change_in_flight=False,
        )
        self._records[key] = transition.record
        tick, incident = minute_of(now), transition.incident
        if incident is None:
            return Moment(tick, False, Severity.NOTICE, (), transition.effect, transition.message)
        self._incidents[key] = incident
        is_open = incident.state is IncidentState.OPEN
        return Moment(tick, is_open, incident.severity, incident.kinds, transition.effect, transition.message)


def _key(result: ScanResult) -> str:
    return result.assessment.cluster.id.lower()


@dataclass
class ScenarioSeconds:
    """A clock in scenario seconds, for snatbot's caches."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds
