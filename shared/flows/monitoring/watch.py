"""One tick: look at every cluster, remember what changed, and say what is due.

A small fleet is looked at here. A large one is cut into parts whose keys go onto a queue, and ``part`` looks at each,
in as many workers as the platform starts; what a tick then counts is what the parts reported last. Ticks may overlap,
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
from ...core.detection.assess import Memory
from ...core.detection.rules.allocation_drift import remembered
from ...core.detection.rules.association_drift import association_drift
from ...core.incidents.tallies import not_reached, tally_of
from ...errors import SnatbotError
from ...ids import cluster_key
from ...model.allocation import AllocationSeen
from ...model.finding import FindingKind
from ...model.fleet import WatchedCluster
from ...model.inventory import PassMemory
from ...model.metric import MINUTE, Window
from ...model.tally import Effort, PartReport, Tally
from ...store.active_clusters import FleetStore
from ...store.errors import StoreError
from ...store.records import Key, Records
from ...store.signs import Signs
from ..incidents.deleted_clusters import Vanished
from ..incidents.track import Remember, Remembered, Sight
from .inventory import FleetSource, Found, parts_of
from .scan import Look, Seen
from .scan_scope import SLOW_WINDOW, Passes
from .tick import PartLook, Tick, TickTime, WatchPolicy
from .unmeasured import Coverage

log = logging.getLogger("snatbot.watch")
INLINE = "inline"
_MEMORY = "passes-"
_REPORT = "report-"
_SKEW = timedelta(minutes=2)  # by which workers' clocks may differ


class Watch:
    def __init__(
        self,
        source: FleetSource,
        discovery: FleetDiscovery,
        look: Look,
        remember: Remember,
        coverage: Coverage,
        vanished: Vanished,
        records: Records,
        store: FleetStore,
        signs: Signs,
        count: RequestCount,
        policy: WatchPolicy,
    ) -> None:
        self._source = source
        self._discovery = discovery
        self._look = look
        self._remember = remember
        self._coverage = coverage
        self._vanished = vanished
        self._records = records
        self._store = store
        self._signs = signs
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
                found = self._source.get_and_keep(now)
        except AzureError as error:
            log.error("the clusters could not be listed: %s", error)
            problem = f"the clusters could not be listed: {error}"
            self._unlisted(problem, now, wall)
            return self._with_due(Tick(name, Tally(), (problem,), problems=(problem,)), now, wall)
        targets = found.fleet.clusters
        if len(targets) > self._policy.fan_out_above:
            parts = parts_of(targets)
            tally, effort, raised = self._reported(parts, now)
        else:
            parts, effort, raised = {}, Effort(), ()
            tally = self._over(targets, INLINE, now, wall, time).tally
        with within(time.all):
            problems = (*raised, *self._covered(found, tally, now, wall))
        tick = Tick(name, tally, found.fleet.unreadable, measure=tuple(parts), problems=problems, effort=effort)
        return self._with_due(tick, now, wall, raised=bool(raised))

    def part(self, key: str, tick: str, now: datetime, wall: datetime) -> PartLook | None:
        """One part of a large fleet. None: it was looked at for this tick, or a later one, already."""
        report = self._store.read(PartReport, f"{_REPORT}{key}")
        if report is not None and report.tick >= tick and not _is_ahead(report, now):
            return None
        time = TickTime.of(self._policy.deadline_seconds)
        try:
            with self._count.metered() as effort:
                round_ = self._over(self._source.part(key), key, now, wall, time)
                report = PartReport(now, tick, round_.tally, effort())
        except Exception as error:
            before = report or PartReport(now, "", Tally())
            self._store.write(f"{_REPORT}{key}", replace(before, raised=_said(error)))
            raise
        self._store.write(f"{_REPORT}{key}", report)
        return PartLook(report, tuple(sorted(round_.told)))

    def _over(
        self, targets: Sequence[WatchedCluster], scope: str, now: datetime, wall: datetime, time: TickTime
    ) -> _Round:
        """Looks at these clusters and remembers. ``scope`` names whose memory of passes it is."""
        attention = self._store.attention()
        memory = self._store.read(PassMemory, f"{_MEMORY}{scope}") or PassMemory()
        passes = self._passes(targets, attention, memory, now)
        round_ = _Round(memory)

        def memory_of(target: WatchedCluster) -> Memory:
            return self._memory_of(target, attention, memory)

        def then(group: Sequence[Seen]) -> None:
            with within(time.all):
                confirmed = [self._confirmed(seen, attention, memory, now) for seen in group]
            sights = [Sight(seen.assessment, seen.rules.maintenance.holds(now)) for seen in confirmed]
            round_.add(confirmed, self._remember.all(sights, attention, now, wall, time.all))

        self._look.over(targets, passes, time.looking, now, then, memory_of)
        round_.tally += Tally(one_by_one=dict(self._look.one_by_one))
        after = PassMemory(passes.ports.end if passes.ports else memory.ports_until, round_.allocations)
        if after != memory:
            self._keep(scope, after)
        return round_

    def _keep(self, scope: str, memory: PassMemory) -> None:
        """Without it the next look merely looks at some minutes again: no reason to lose what this one saw."""
        try:
            self._store.write(f"{_MEMORY}{scope}", memory)
        except StoreError as error:
            log.error("the memory of passes could not be kept: %s", error)

    def _passes(
        self, targets: Sequence[WatchedCluster], attention: Mapping[str, bool], memory: PassMemory, now: datetime
    ) -> Passes:
        window = load_balancer.judged_window(now, self._policy.ingestion_lag_minutes, self._policy.window_minutes)
        in_trouble = frozenset(one.cluster.id.lower() for one in targets if attention.get(cluster_key(one.cluster.id)))
        known = memory.ports_until
        until = known if known is not None and known <= now else window.end - self._policy.ports_every
        if window.end - until < self._policy.ports_every:
            return Passes(window, in_trouble=in_trouble)
        start = max(until, window.end - timedelta(hours=1))  # after a long pause the last hour is enough
        slow = Window(window.end - SLOW_WINDOW, window.end)
        return Passes(window, Window(start, window.end), slow, in_trouble)

    def _memory_of(self, target: WatchedCluster, attention: Mapping[str, bool], memory: PassMemory) -> Memory:
        key = cluster_key(target.cluster.id)
        is_tagged = any(gateway.cluster_tag.lower() == target.cluster.name.lower() for gateway in target.gateways)
        allocation = memory.allocations.get(key)
        if key not in attention and not is_tagged:
            return Memory(allocation=allocation)
        try:
            known = self._remember.recall(target.cluster.id, target.cluster.name)
        except StoreError as error:
            log.error("%s: what is remembered of it could not be read: %s", target.cluster.name, error)
            return Memory(allocation=allocation)
        return Memory(known.associations, allocation)

    def _confirmed(self, seen: Seen, attention: Mapping[str, bool], memory: PassMemory, now: datetime) -> Seen:
        """Drift is asked of Resource Manager before anybody is told: the fleet is found with a delay.

        What snatbot itself writes while the subnets are read is no drift: the next look sees them at rest.
        """
        findings = seen.assessment.findings
        if not any(finding.kind is FindingKind.ASSOCIATION_DRIFT for finding in findings):
            return seen
        target = seen.series.target
        serving: dict[str, str | None] = {}
        confirmed = None
        before = self._memory_of(target, attention, memory).associations
        try:
            for subnet_id in target.cluster.subnet_ids:
                serving[subnet_id.lower()] = self._discovery.gateway_of_subnet(subnet_id)
            known = self._memory_of(target, attention, memory).associations
            confirmed = association_drift(target.cluster, serving, known, now) if known == before else None
        except AzureError as error:
            log.warning("%s: its subnets could not be asked for their NAT gateway: %s", target.cluster.name, error)
        others = [finding for finding in findings if finding.kind is not FindingKind.ASSOCIATION_DRIFT]
        kept = tuple([confirmed, *others] if confirmed else others)
        return replace(seen, assessment=replace(seen.assessment, findings=kept))

    def _reported(
        self, parts: Mapping[str, Sequence[WatchedCluster]], now: datetime
    ) -> tuple[Tally, Effort, tuple[str, ...]]:
        """What workers saw last, and what it took; a part that nobody reported on lately was not reached."""
        reports = self._store.read_all(PartReport, _REPORT)
        tally, effort = Tally(), Effort()
        for key, targets in parts.items():
            report = reports.get(key)
            oldest = now - self._policy.ports_every - 2 * MINUTE
            if report is None or not report.tick or report.at < oldest or _is_ahead(report, now):
                tally += not_reached(targets)
            else:
                tally, effort = tally + report.tally, effort + report.effort
        raised = {one.raised for key in parts if (one := reports.get(key)) is not None and one.raised}
        return tally, effort, tuple(sorted(raised))

    def _covered(self, found: Found, tally: Tally, now: datetime, wall: datetime) -> tuple[str, ...]:
        """Tells who is not seen, and returns what makes this look unfit to rely on."""
        try:
            problems = self._coverage.note(found, tally, now, wall)
            if found.before is not None:
                self._vanished.look(found.fleet, now, wall)
        except StoreError as error:
            log.error("coverage could not be remembered: %s", error)
            return (f"coverage could not be remembered: {error}",)
        return problems

    def _note_raised(self, error: Exception, wall: datetime) -> None:
        try:
            self._signs.record_failure("watch", wall, [_said(error)], raised=True)
        except StoreError as unwritten:
            log.error("that a look raised could not be kept: %s", unwritten)

    def _unlisted(self, problem: str, now: datetime, wall: datetime) -> None:
        try:
            self._coverage.note_unlisted(problem, now, wall)
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
        self._signs.note_waiting(oldest)
        if tick.is_success:
            self._signs.record_success("watch", wall)
        else:
            self._signs.record_failure("watch", wall, tick.problems, raised=raised)
        return tick


def _said(error: Exception) -> str:
    """Only what snatbot itself says is shown: the words of other errors are for the log."""
    words = f": {error}" if isinstance(error, SnatbotError) else ""
    return f"the last look ended with an error, {type(error).__name__}{words}"


def _is_ahead(report: PartReport, now: datetime) -> bool:
    """Written by a worker whose clock was ahead: believing it would blind this look and the next ones."""
    return report.at > now + _SKEW


def _named(prefix: str, due: Sequence[Key]) -> tuple[tuple[str, str], ...]:
    """Partitions and ids of one kind of row."""
    return tuple((key.partition, key.row.removeprefix(prefix)) for key in due if key.row.startswith(prefix))


@dataclass(slots=True)
class _Round:
    """What the groups of one look add up to; they come from several threads."""

    memory: PassMemory
    tally: Tally = field(default_factory=Tally)
    allocations: dict[str, AllocationSeen] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, group: Sequence[Seen], kept: Remembered) -> None:
        tally = tally_of([seen.assessment for seen in group], kept.effects, kept.not_remembered)
        with self.lock:
            self.tally = self.tally + tally
            self.told |= set(kept.told)
            for seen in group:
                key = cluster_key(seen.assessment.cluster.id)
                balancer = seen.series.load_balancer
                before = self.memory.allocations.get(key)
                ports = balancer.ports if balancer else None
                after = remembered(ports, before) if ports else before
                if after is not None:
                    self.allocations[key] = after
