"""One look at many clusters: cut into groups of one subscription and region, each measured, judged and handed on alone.

A group is all that is in memory at a time. Groups don't wait for each other, and those that the deadline cut off are
handed on as not reached: silence about them would look like health.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...cloud.deadline import Deadline
from ...cloud.logs import HealthEventLog
from ...core.detection.assess import ClusterSeries, PriorObservations, assess, not_applicable
from ...core.detection.health_events import statement
from ...core.detection.tags import TagRules, read_tags
from ...model.assessment import Assessment
from ...model.fleet import WatchedCluster
from .collect import MAX_CLUSTERS, MetricCollector
from .fair_pool import FairWorkerPool
from .health_events import Events, HealthEventReader, in_time
from .scan_scope import ScanScope

log = logging.getLogger("snatbot.look")
PriorObservationsOf = Callable[[WatchedCluster], PriorObservations]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One cluster as one look saw it."""

    series: ClusterSeries
    rules: TagRules
    assessment: Assessment


class FleetScanner:
    def __init__(
        self,
        collector: MetricCollector,
        default_rules: TagRules,
        workers: int,
        health_events: HealthEventLog | None = None,
    ) -> None:
        """``default_rules``: the owner's thresholds and maintenance windows, before any tag."""
        self._collector = collector
        self._default_rules = default_rules
        self._workers = workers
        self._health_events = HealthEventReader(health_events) if health_events is not None else None

    @property
    def one_by_one(self) -> Mapping[str, str]:
        """Subscriptions, or regions of them, whose metrics are not taken in batches, and why."""
        return self._collector.one_by_one

    def scan(
        self,
        targets: Sequence[WatchedCluster],
        scope: ScanScope,
        deadline: Deadline,
        now: datetime,
        then: Callable[[Sequence[ScanResult]], None],
        prior_of: PriorObservationsOf = lambda _: PriorObservations(),
    ) -> None:
        """``then`` gets each group in the thread that measured it. What it raises is raised when all are done."""
        groups = grouped(targets)
        if self._health_events is not None and targets and (scope.ports is not None or scope.in_trouble):
            self._health_events.begin(scope.window, deadline)  # beside the passes: by then it will be wanted
        at_a_time = max(1, self._workers // max(1, len(groups)))  # few groups: their requests go out side by side
        pool = FairWorkerPool(groups, self._workers)
        pool.run(lambda group: then(self._group(group, scope, deadline, at_a_time, now, prior_of)))

    def _group(
        self,
        targets: Sequence[WatchedCluster],
        scope: ScanScope,
        deadline: Deadline,
        at_a_time: int,
        now: datetime,
        prior_of: PriorObservationsOf,
    ) -> list[ScanResult]:
        ruled = [(target, read_tags(target.cluster.tags, self._default_rules)) for target in targets]
        measured = [one for one, rules in ruled if not one.unreadable and not_applicable(one, rules) is None]
        series = {one.target.cluster.id: one for one in self._collector.collect(measured, scope, deadline, at_a_time)}
        found = []
        for target, rules in ruled:
            one = series.get(target.cluster.id) or ClusterSeries(target, scope.window)
            found.append(ScanResult(one, rules, assess(one, prior_of(target), rules, now)))
        is_worth_asking = scope.ports is not None or any(result.assessment.alarms for result in found)
        if self._health_events is None or not is_worth_asking:
            return found
        events = in_time(self._health_events.begin(scope.window, deadline), deadline)
        return [self._with_health_events(result, events) for result in found]

    def _with_health_events(self, result: ScanResult, events: Events) -> ScanResult:
        balancer = result.assessment.load_balancer_id
        told = statement(result.assessment, events.get(balancer.lower(), ())) if balancer else ""
        if "disagree" in told:
            log.warning("%s: %s", result.assessment.cluster.name, told)
        return replace(result, assessment=replace(result.assessment, witness=told)) if told else result


def grouped(
    targets: Sequence[WatchedCluster], most: int = MAX_CLUSTERS
) -> list[tuple[tuple[str, str], list[WatchedCluster]]]:
    """(subscription, region) and up to ``most`` clusters of it, in a stable order."""
    lanes: dict[tuple[str, str], list[WatchedCluster]] = {}
    for target in targets:
        cluster = target.cluster
        lane = (cluster.subscription.lower(), cluster.location.replace(" ", "").lower())
        lanes.setdefault(lane, []).append(target)
    return [
        (lane, members[start : start + most])
        for lane, members in sorted(lanes.items())
        for start in range(0, len(members), most)
    ]
