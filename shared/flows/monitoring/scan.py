"""Scan many clusters, grouped by subscription and region; each group is measured and assessed on its own.

Only one group's metrics are in memory at a time. Groups don't wait for each other, and clusters after the deadline are
reported as not reached: silence about them would look healthy.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ...cloud.deadline import Deadline
from ...cloud.logs import HealthEventLog
from ...core.detection.assess import ClusterSeries, PriorObservations, assess, not_applicable
from ...core.detection.health_events import compare
from ...core.detection.schedule import ScanScope
from ...core.detection.tags import TagRules, read_tags
from ...model.assessment import Assessment
from ...model.fleet import WatchedCluster
from ...model.text import Text
from .canary import Canary, Suspects
from .collect import MAX_CLUSTERS, MetricCollector
from .fair_pool import FairWorkerPool
from .health_events import Events, HealthEventReader

log = logging.getLogger("snatbot.scan")
_GROUPS_AT_ONCE = 16  # each holds the ports of 50 load balancers, some megabytes
PriorObservationsOf = Callable[[WatchedCluster], PriorObservations]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One cluster in one scan."""

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
        canary: Canary | None = None,
    ) -> None:
        """``default_rules``: the owner's thresholds and maintenance windows, without a cluster's tags."""
        self._canary = canary
        self._collector = collector
        self._default_rules = default_rules
        self._workers = workers
        self._health_events = HealthEventReader(health_events) if health_events is not None else None

    @property
    def one_by_one(self) -> Mapping[str, Text]:
        """Subscriptions, or their regions, whose metrics can't be read in batches, with the reason."""
        return self._collector.access.one_by_one

    @property
    def health_event_problem(self) -> Text | None:
        """Why Azure's health events can't be read; empty if they can, None before any attempt."""
        return self._health_events.problem if self._health_events else None

    def scan(
        self,
        targets: Sequence[WatchedCluster],
        scope: ScanScope,
        deadline: Deadline,
        now: datetime,
        then: Callable[[Sequence[ScanResult]], None],
        prior_of: PriorObservationsOf = lambda _: PriorObservations(),
    ) -> None:
        """``then`` gets each group in the thread that measured it. Its errors are raised when all groups are done."""
        groups = grouped(targets)
        if self._health_events is not None and targets and (scope.ports is not None or scope.in_trouble):
            self._health_events.begin(scope.window, deadline)  # in the background: needed after the metrics
        at_a_time = max(1, self._workers // max(1, len(groups)))  # with few groups, each sends several requests at once

        def scan_group(group: Sequence[WatchedCluster]) -> None:
            results = self._assess_group(group, scope, deadline, at_a_time, now, prior_of)
            then(self._with_health_events(results, scope, deadline))

        FairWorkerPool(groups, min(self._workers, _GROUPS_AT_ONCE)).run(scan_group)

    @contextmanager
    def canary(
        self, targets: Sequence[WatchedCluster], suspects: Suspects, now: datetime, deadline: Deadline, is_turn: bool
    ) -> Iterator[Future[Suspects]]:
        """Sample batches concurrently with the scan in the ``with`` block; the result is ready when both end."""
        done: Future[Suspects] = Future()
        if self._canary is None:
            done.set_result(suspects)
            yield done
            return
        with ThreadPoolExecutor(1) as pool:
            sample = partial(self._canary.sample, targets, suspects, now, deadline, is_turn)
            yield pool.submit(copy_context().run, sample)

    def _assess_group(
        self,
        targets: Sequence[WatchedCluster],
        scope: ScanScope,
        deadline: Deadline,
        at_a_time: int,
        now: datetime,
        prior_of: PriorObservationsOf,
    ) -> list[ScanResult]:
        rules = {target.cluster.id: read_tags(target.cluster.tags, self._default_rules) for target in targets}
        to_measure = [
            target
            for target in targets
            if not target.unreadable and not_applicable(target, rules[target.cluster.id]) is None
        ]
        collected = self._collector.collect(to_measure, scope, deadline, at_a_time)
        measured = {series.target.cluster.id: series for series in collected}
        results = []
        for target in targets:
            series = measured.get(target.cluster.id) or ClusterSeries(target, scope.window)
            of_target = rules[target.cluster.id]
            results.append(ScanResult(series, of_target, assess(series, prior_of(target), of_target, now)))
        return results

    def _with_health_events(
        self, results: list[ScanResult], scope: ScanScope, deadline: Deadline
    ) -> Sequence[ScanResult]:
        is_worth_waiting = scope.ports is not None or any(result.assessment.alarms for result in results)
        if self._health_events is None or not is_worth_waiting:
            return results
        events = self._health_events.wait(scope.window, deadline)
        return [_compared(result, events) for result in results]


def _compared(result: ScanResult, events: Events) -> ScanResult:
    balancer = result.assessment.load_balancer_id
    comparison = compare(result.assessment, events.get(balancer.lower(), ())) if balancer else None
    if comparison is not None and comparison.is_disagreement:
        log.warning("%s: %s", result.assessment.cluster.name, comparison.text)
    return replace(result, assessment=replace(result.assessment, health_events=comparison))


def grouped(
    targets: Sequence[WatchedCluster], most: int = MAX_CLUSTERS
) -> list[tuple[tuple[str, str], list[WatchedCluster]]]:
    """(subscription, region) with up to ``most`` of its clusters, in a stable order."""
    places: dict[tuple[str, str], list[WatchedCluster]] = {}
    for target in targets:
        cluster = target.cluster
        place = (cluster.subscription.lower(), cluster.location.replace(" ", "").lower())
        places.setdefault(place, []).append(target)
    return [
        (place, members[start : start + most])
        for place, members in sorted(places.items())
        for start in range(0, len(members), most)
    ]
