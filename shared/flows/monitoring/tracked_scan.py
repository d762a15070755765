"""Scan clusters, track their incidents, and store the progress for the next scan."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...cloud.deadline import within
from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...core.associations import Associations
from ...core.detection.assess import PriorObservations
from ...core.detection.rules.allocation import next_baseline
from ...core.detection.rules.association_drift import association_drift
from ...core.detection.schedule import ScanSchedule, ports_after
from ...core.incidents.cluster_status import status_of
from ...core.incidents.tallies import tally_of
from ...ids import cluster_key
from ...model.cluster_status import ClusterStatus, OpenWork
from ...model.finding import FindingKind
from ...model.fleet import ScanProgress, WatchedCluster
from ...model.health_event import HealthEventAccess
from ...model.ports import AllocationBaseline
from ...model.tally import Tally
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import StoreError
from ...store.fleet_cache import HEALTH_EVENTS, PROGRESS, FleetCache, statuses_in, with_statuses
from ..incidents.cluster_state import Observation, read_state
from ..incidents.track import IncidentTracker, UpdateSummary
from .canary import disagreeing_regions
from .scan import FleetScanner, ScanResult
from .tick import TickTime, is_sampling_due

log = logging.getLogger("snatbot.watch")


@dataclass(slots=True)
class ScanTotals:
    """The sums over the groups of one scan, which several threads add to."""

    progress: ScanProgress  # progress before the scan
    before: Mapping[str, ClusterStatus] = field(default_factory=dict)  # by cluster key, from the scan before
    statuses: dict[str, ClusterStatus] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    allocations: dict[str, AllocationBaseline] = field(default_factory=dict)
    notified: set[str] = field(default_factory=set)  # partitions with messages to deliver
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, group: Sequence[ScanResult], summary: UpdateSummary) -> None:
        tally = tally_of([result.assessment for result in group], summary.effects, summary.not_remembered)
        with self.lock:
            self.tally += tally
            self.notified |= set(summary.notified)
            for result in group:
                key = cluster_key(result.assessment.cluster.id)
                baseline = next_baseline(result.series.ports, self.progress.allocations.get(key))
                if baseline is not None:
                    self.allocations[key] = baseline
                before, work = self.before.get(key), summary.work.get(key)
                work = work or (before.open if before else OpenWork())
                series = result.series
                self.statuses[key] = status_of(result.assessment, series.target, series.ports, work, before)


@dataclass(frozen=True, slots=True)
class TrackedScan:
    scanner: FleetScanner
    discovery: FleetDiscovery
    tracker: IncidentTracker
    cache: FleetCache
    active_clusters: ActiveClusterIndex
    schedule: ScanSchedule

    def run(
        self, targets: Sequence[WatchedCluster], key: str, now: datetime, wall: datetime, time: TickTime
    ) -> ScanTotals:
        """``key`` names the progress row: a shard's, or the whole fleet's. Raises StoreError."""
        active = self.active_clusters.entries()
        progress = self.cache.read(ScanProgress, f"{PROGRESS}{key}") or ScanProgress()
        clusters = [target.cluster for target in targets]
        in_trouble = frozenset(cluster.id.lower() for cluster in clusters if active.get(cluster_key(cluster.id)))
        scope = self.schedule.scope(now, progress.ports_until, in_trouble, progress.port_round)
        totals = ScanTotals(progress, statuses_in(progress))

        def prior_of(target: WatchedCluster) -> PriorObservations:
            allocation = progress.allocations.get(cluster_key(target.cluster.id))
            return PriorObservations(self._associations(target, active), allocation)

        def track(group: Sequence[ScanResult]) -> None:
            with within(time.all):
                confirmed = [self._confirm_drift(result, active, now) for result in group]
            observations = [Observation(result.assessment, result.rules.maintenance.holds(now)) for result in confirmed]
            totals.add(confirmed, self.tracker.track(observations, active, now, wall, time.all))

        sampled = targets, progress.suspects, now, time.scanning, is_sampling_due(key, now)
        with self.scanner.canary(*sampled) as suspects:
            self.scanner.scan(targets, scope, time.scanning, now, track, prior_of)
        ports_until, port_round = ports_after(scope, progress.ports_until, time.scanning.share_used)
        if port_round.parts != progress.port_round.parts:
            log.warning("%s: ports are read in %d parts, one a tick, to keep to the deadline", key, port_round.parts)
        limits = {**self.scanner.one_by_one, **disagreeing_regions(suspects.result())}
        totals.tally += Tally(one_by_one=limits, port_parts=port_round.parts)
        after = with_statuses(
            ScanProgress(ports_until, port_round, totals.allocations, suspects.result()), totals.statuses.values()
        )
        if after != progress:
            self._keep(f"{PROGRESS}{key}", after)
        problem = self.scanner.health_event_problem
        if problem is not None and self.cache.read(HealthEventAccess, HEALTH_EVENTS) != HealthEventAccess(problem):
            self._keep(HEALTH_EVENTS, HealthEventAccess(problem))
        return totals

    def _keep(self, row: str, value: object) -> None:
        """If storing fails, the next scan reads some minutes again; this scan's results must not be lost for that."""
        try:
            self.cache.write(row, value)
        except StoreError as error:
            log.error("could not store %s: %s", row, error)

    def _associations(self, target: WatchedCluster, active: Mapping[str, bool]) -> Associations:
        """The result of snatbot's own writes. None if it wrote nothing, or if storage can't be read."""
        cluster = target.cluster
        is_tagged = any(gateway.cluster_tag.lower() == cluster.name.lower() for gateway in target.gateways)
        if cluster_key(cluster.id) not in active and not is_tagged:
            return Associations()
        try:
            return read_state(self.tracker.records, cluster.id, cluster.name).associations
        except StoreError as error:
            log.error("%s: could not read its state: %s", cluster.name, error)
            return Associations()

    def _confirm_drift(self, result: ScanResult, active: Mapping[str, bool], now: datetime) -> ScanResult:
        """Ask Resource Manager before people are notified of drift, because the fleet query is minutes behind.

        Writes of snatbot itself during this read are no drift: the next scan reads the result.
        """
        findings = result.assessment.findings
        others = tuple(finding for finding in findings if finding.kind is not FindingKind.ASSOCIATION_DRIFT)
        if len(others) == len(findings):
            return result
        target, cluster = result.series.target, result.series.target.cluster
        confirmed = None
        before = self._associations(target, active)
        try:
            serving = {subnet_id: self.discovery.gateway_of_subnet(subnet_id) for subnet_id in cluster.subnet_ids}
            if self._associations(target, active) == before:
                confirmed = association_drift(cluster, serving, before, now)
        except AzureError as error:
            log.warning("%s: could not read the NAT gateways of its subnets: %s", cluster.name, error)
        kept = (confirmed, *others) if confirmed else others
        return replace(result, assessment=replace(result.assessment, findings=kept))
