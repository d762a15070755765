"""One tick: look at every cluster, remember what changed, and say what is due.

A small fleet is looked at here. A large one is cut into shards whose keys go onto a queue, and ``part`` looks at each,
in as many workers as the platform starts; what a tick then counts is what the shards reported last. Ticks may overlap,
come late or twice: minutes count once, transitions are written once, and a part that was looked at for a tick is left
alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...cloud.deadline import within
from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...cloud.request_count import RequestCount
from ...core.detection import load_balancer
from ...core.detection.assess import PriorObservations
from ...core.detection.rules.allocation_drift import next_baseline
from ...core.detection.rules.association_drift import association_drift
from ...core.incidents.tallies import not_reached, tally_of
from ...errors import SnatbotError
from ...ids import cluster_key
from ...model.allocation import AllocationBaseline
from ...model.finding import FindingKind
from ...model.fleet import WatchedCluster
from ...model.inventory import ScanProgress
from ...model.metric import MINUTE, Window
from ...model.tally import Effort, ShardReport, Tally
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import StoreError
from ...store.fleet_cache import FleetCache
from ...store.liveness import Liveness
from ...store.records import Key, Records
from ..incidents.deleted_clusters import DeletedClusters
from ..incidents.track import IncidentTracker, Observation, UpdateSummary
from .inventory import FleetInventory, ListedFleet, shards_of
from .scan import FleetScanner, ScanResult
from .scan_scope import SLOW_WINDOW, ScanScope
from .tick import ShardScan, Tick, TickTime, WatchPolicy
from .unmeasured import UnmeasuredClusters

log = logging.getLogger("snatbot.watch")
INLINE = "inline"
_PROGRESS = "passes-"
_REPORT = "report-"
_SKEW = timedelta(minutes=2)  # by which workers' clocks may differ


class Watch:
    def __init__(
        self,
        inventory: FleetInventory,
        discovery: FleetDiscovery,
        scanner: FleetScanner,
        tracker: IncidentTracker,
        unmeasured: UnmeasuredClusters,
        deleted_clusters: DeletedClusters,
        records: Records,
        cache: FleetCache,
        active_clusters: ActiveClusterIndex,
        liveness: Liveness,
        count: RequestCount,
        policy: WatchPolicy,
    ) -> None:
        self._inventory = inventory
        self._discovery = discovery
        self._scanner = scanner
        self._tracker = tracker
        self._unmeasured = unmeasured
        self._deleted_clusters = deleted_clusters
        self._records = records
        self._cache = cache
        self._active_clusters = active_clusters
        self._liveness = liveness
        self._count = count
        self._policy = policy

    def run(self, now: datetime, wall: datetime) -> Tick:
        """Raises StoreError when storage is down.

        When the clusters can't be listed, what is due is handed out all the same, and the tick is no success. One that
        raises is kept as such.
        """
        try:
            with self._count.metered() as effort:
                tick = self._run(now, wall)
                return replace(tick, effort=tick.effort + effort())
        except Exception as error:
            self._note_raised(error, wall)
            raise

    def _run(self, now: datetime, wall: datetime) -> Tick:
        name = f"{now:%Y%m%dt%H%M}"
        time = TickTime.of(self._policy.deadline_seconds)
        try:
            with within(time.listing):
                found = self._inventory.get_and_store(now)
        except AzureError as error:
            log.error("the clusters could not be listed: %s", error)
            problem = f"the clusters could not be listed: {error}"
            self._unlisted(problem, now, wall)
            return self._with_due(Tick(name, Tally(), (problem,), problems=(problem,)), now, wall)
        targets = found.fleet.clusters
        if len(targets) > self._policy.fan_out_above:
            shards = shards_of(targets)
            tally, effort, raised = self._reported(shards, now)
        else:
            shards, effort, raised = {}, Effort(), ()
            tally = self._over(targets, INLINE, now, wall, time).tally
        with within(time.all):
            problems = (*raised, *self._covered(found, tally, now, wall))
        tick = Tick(name, tally, found.fleet.unreadable, shards=tuple(shards), problems=problems, effort=effort)
        return self._with_due(tick, now, wall, raised=bool(raised))

    def scan_shard(self, key: str, tick: str, now: datetime, wall: datetime) -> ShardScan | None:
        """One part of a large fleet. None: it was looked at for this tick, or a later one, already."""
        report = self._cache.read(ShardReport, f"{_REPORT}{key}")
        if report is not None and report.tick >= tick and not _is_ahead(report, now):
            return None
        time = TickTime.of(self._policy.deadline_seconds)
        try:
            with self._count.metered() as effort:
                totals = self._over(self._inventory.shard(key), key, now, wall, time)
                report = ShardReport(now, tick, totals.tally, effort())
        except Exception as error:
            before = report or ShardReport(now, "", Tally())
            self._cache.write(f"{_REPORT}{key}", replace(before, raised=_said(error)))
            raise
        self._cache.write(f"{_REPORT}{key}", report)
        return ShardScan(report, tuple(sorted(totals.notified)))

    def _over(
        self, targets: Sequence[WatchedCluster], key: str, now: datetime, wall: datetime, time: TickTime
    ) -> _ScanTotals:
        """Looks at these clusters and remembers. ``key``: of whose progress."""
        attention = self._active_clusters.entries()
        progress = self._cache.read(ScanProgress, f"{_PROGRESS}{key}") or ScanProgress()
        scope = self._scope(targets, attention, progress, now)
        totals = _ScanTotals(progress)

        def prior_of(target: WatchedCluster) -> PriorObservations:
            return self._prior_of(target, attention, progress)

        def then(group: Sequence[ScanResult]) -> None:
            with within(time.all):
                confirmed = [self._confirmed(result, attention, progress, now) for result in group]
            observations = [Observation(result.assessment, result.rules.maintenance.holds(now)) for result in confirmed]
            totals.add(confirmed, self._tracker.track(observations, attention, now, wall, time.all))

        self._scanner.scan(targets, scope, time.scanning, now, then, prior_of)
        totals.tally += Tally(one_by_one=dict(self._scanner.one_by_one))
        after = ScanProgress(scope.ports.end if scope.ports else progress.ports_until, totals.allocations)
        if after != progress:
            self._keep(key, after)
        return totals

    def _keep(self, key: str, progress: ScanProgress) -> None:
        """Without it the next look merely looks at some minutes again: no reason to lose what this one saw."""
        try:
            self._cache.write(f"{_PROGRESS}{key}", progress)
        except StoreError as error:
            log.error("the progress of passes could not be kept: %s", error)

    def _scope(
        self, targets: Sequence[WatchedCluster], attention: Mapping[str, bool], progress: ScanProgress, now: datetime
    ) -> ScanScope:
        window = load_balancer.complete_window(now, self._policy.ingestion_lag_minutes, self._policy.window_minutes)
        in_trouble = frozenset(one.cluster.id.lower() for one in targets if attention.get(cluster_key(one.cluster.id)))
        known = progress.ports_until
        until = known if known is not None and known <= now else window.end - self._policy.ports_every
        if window.end - until < self._policy.ports_every:
            return ScanScope(window, in_trouble=in_trouble)
        start = max(until, window.end - timedelta(hours=1))  # after a long pause the last hour is enough
        slow = Window(window.end - SLOW_WINDOW, window.end)
        return ScanScope(window, Window(start, window.end), slow, in_trouble)

    def _prior_of(
        self, target: WatchedCluster, attention: Mapping[str, bool], progress: ScanProgress
    ) -> PriorObservations:
        key = cluster_key(target.cluster.id)
        is_tagged = any(gateway.cluster_tag.lower() == target.cluster.name.lower() for gateway in target.gateways)
        allocation = progress.allocations.get(key)
        if key not in attention and not is_tagged:
            return PriorObservations(allocation=allocation)
        try:
            known = self._tracker.read_state(target.cluster.id, target.cluster.name)
        except StoreError as error:
            log.error("%s: what is remembered of it could not be read: %s", target.cluster.name, error)
            return PriorObservations(allocation=allocation)
        return PriorObservations(known.associations, allocation)

    def _confirmed(
        self, result: ScanResult, attention: Mapping[str, bool], progress: ScanProgress, now: datetime
    ) -> ScanResult:
        """Drift is asked of Resource Manager before anybody is told: the fleet is found with a delay.

        What snatbot itself writes while the subnets are read is no drift: the next look sees them at rest.
        """
        findings = result.assessment.findings
        if not any(finding.kind is FindingKind.ASSOCIATION_DRIFT for finding in findings):
            return result
        target = result.series.target
        serving: dict[str, str | None] = {}
        confirmed = None
        before = self._prior_of(target, attention, progress).associations
        try:
            for subnet_id in target.cluster.subnet_ids:
                serving[subnet_id.lower()] = self._discovery.gateway_of_subnet(subnet_id)
            known = self._prior_of(target, attention, progress).associations
            confirmed = association_drift(target.cluster, serving, known, now) if known == before else None
        except AzureError as error:
            log.warning("%s: its subnets could not be asked for their NAT gateway: %s", target.cluster.name, error)
        others = [finding for finding in findings if finding.kind is not FindingKind.ASSOCIATION_DRIFT]
        kept = tuple([confirmed, *others] if confirmed else others)
        return replace(result, assessment=replace(result.assessment, findings=kept))

    def _reported(
        self, shards: Mapping[str, Sequence[WatchedCluster]], now: datetime
    ) -> tuple[Tally, Effort, tuple[str, ...]]:
        """What workers saw last, and what it took; a part that nobody reported on lately was not reached."""
        reports = self._cache.read_all(ShardReport, _REPORT)
        tally, effort = Tally(), Effort()
        for key, targets in shards.items():
            report = reports.get(key)
            oldest = now - self._policy.ports_every - 2 * MINUTE
            if report is None or not report.tick or report.at < oldest or _is_ahead(report, now):
                tally += not_reached(targets)
            else:
                tally, effort = tally + report.tally, effort + report.effort
        raised = {one.raised for key in shards if (one := reports.get(key)) is not None and one.raised}
        return tally, effort, tuple(sorted(raised))

    def _covered(self, found: ListedFleet, tally: Tally, now: datetime, wall: datetime) -> tuple[str, ...]:
        """Tells who is not result, and returns what makes this look unfit to rely on."""
        try:
            problems = self._unmeasured.note(found, tally, now, wall)
            if found.before is not None:
                self._deleted_clusters.end_incidents(found.fleet, now, wall)
        except StoreError as error:
            log.error("coverage could not be remembered: %s", error)
            return (f"coverage could not be remembered: {error}",)
        return problems

    def _note_raised(self, error: Exception, wall: datetime) -> None:
        try:
            self._liveness.record_failure("watch", wall, [_said(error)], raised=True)
        except StoreError as unwritten:
            log.error("that a look raised could not be kept: %s", unwritten)

    def _unlisted(self, problem: str, now: datetime, wall: datetime) -> None:
        try:
            self._unmeasured.note_unlisted(problem, now, wall)
        except StoreError as error:
            log.error("coverage could not be remembered: %s", error)

    def _with_due(self, tick: Tick, now: datetime, wall: datetime, *, raised: bool = False) -> Tick:
        waiting = self._records.waiting_outbox()
        due = self._records.due(("change", "incident"), now)
        tick = replace(
            tick,
            deliver=tuple(sorted({one.partition for one in waiting if one.due_at <= wall})),
            advance=_named("change-", due),
            offer=_named("incident-", due),
        )
        oldest = min((one.created_at for one in waiting), default=None)
        self._liveness.note_waiting(oldest)
        if tick.is_success:
            self._liveness.record_success("watch", wall)
        else:
            self._liveness.record_failure("watch", wall, tick.problems, raised=raised)
        return tick


def _said(error: Exception) -> str:
    """Only what snatbot itself says is shown: the words of other errors are for the log."""
    words = f": {error}" if isinstance(error, SnatbotError) else ""
    return f"the last look ended with an error, {type(error).__name__}{words}"


def _is_ahead(report: ShardReport, now: datetime) -> bool:
    """Written by a worker whose clock was ahead: believing it would blind this look and the next ones."""
    return report.at > now + _SKEW


def _named(prefix: str, due: Sequence[Key]) -> tuple[tuple[str, str], ...]:
    """Partitions and ids of one kind of row."""
    return tuple((key.partition, key.row.removeprefix(prefix)) for key in due if key.row.startswith(prefix))


@dataclass(slots=True)
class _ScanTotals:
    """What the groups of one look add up to; they come from several threads."""

    progress: ScanProgress
    tally: Tally = field(default_factory=Tally)
    allocations: dict[str, AllocationBaseline] = field(default_factory=dict)
    notified: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, group: Sequence[ScanResult], kept: UpdateSummary) -> None:
        tally = tally_of([result.assessment for result in group], kept.effects, kept.not_remembered)
        with self.lock:
            self.tally = self.tally + tally
            self.notified |= set(kept.notified)
            for result in group:
                key = cluster_key(result.assessment.cluster.id)
                balancer = result.series.load_balancer
                before = self.progress.allocations.get(key)
                ports = balancer.ports if balancer else None
                after = next_baseline(ports, before) if ports else before
                if after is not None:
                    self.allocations[key] = after
