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
from ...core.detection.assess import ClusterSeries, Memory, assess, not_applicable
from ...core.detection.health_events import statement
from ...core.detection.tags import TagRules, read_tags
from ...model.assessment import Assessment
from ...model.fleet import WatchedCluster
from .collect import MAX_CLUSTERS, Measure
from .fair_pool import Lanes
from .health_events import Events, Witness, in_time
from .scan_scope import Passes

log = logging.getLogger("snatbot.look")
MemoryOf = Callable[[WatchedCluster], Memory]


@dataclass(frozen=True, slots=True)
class Seen:
    """One cluster as one look saw it."""

    series: ClusterSeries
    rules: TagRules
    assessment: Assessment


class Look:
    def __init__(
        self,
        measure: Measure,
        usual: TagRules,
        workers: int,
        witness: HealthEventLog | None = None,
    ) -> None:
        """``usual``: the owner's thresholds and maintenance windows, before any tag."""
        self._measure = measure
        self._usual = usual
        self._workers = workers
        self._witness = Witness(witness) if witness is not None else None

    @property
    def one_by_one(self) -> Mapping[str, str]:
        """Subscriptions, or regions of them, whose metrics are not taken in batches, and why."""
        return self._measure.one_by_one

    def over(
        self,
        targets: Sequence[WatchedCluster],
        passes: Passes,
        deadline: Deadline,
        now: datetime,
        then: Callable[[Sequence[Seen]], None],
        memory_of: MemoryOf = lambda _: Memory(),
    ) -> None:
        """``then`` gets each group in the thread that measured it. What it raises is raised when all are done."""
        groups = grouped(targets)
        if self._witness is not None and targets and (passes.ports is not None or passes.in_trouble):
            self._witness.begin(passes.window, deadline)  # beside the passes: by then it will be wanted
        at_a_time = max(1, self._workers // max(1, len(groups)))  # few groups: their requests go out side by side
        lanes = Lanes(groups, self._workers)
        lanes.run(lambda group: then(self._group(group, passes, deadline, at_a_time, now, memory_of)))

    def _group(
        self,
        targets: Sequence[WatchedCluster],
        passes: Passes,
        deadline: Deadline,
        at_a_time: int,
        now: datetime,
        memory_of: MemoryOf,
    ) -> list[Seen]:
        ruled = [(target, read_tags(target.cluster.tags, self._usual)) for target in targets]
        measured = [one for one, rules in ruled if not one.unreadable and not_applicable(one, rules) is None]
        series = {one.target.cluster.id: one for one in self._measure.read(measured, passes, deadline, at_a_time)}
        found = []
        for target, rules in ruled:
            one = series.get(target.cluster.id) or ClusterSeries(target, passes.window)
            found.append(Seen(one, rules, assess(one, memory_of(target), rules, now)))
        is_worth_asking = passes.ports is not None or any(seen.assessment.alarms for seen in found)
        if self._witness is None or not is_worth_asking:
            return found
        events = in_time(self._witness.begin(passes.window, deadline), deadline)
        return [self._with_witness(seen, events) for seen in found]

    def _with_witness(self, seen: Seen, events: Events) -> Seen:
        balancer = seen.assessment.load_balancer_id
        told = statement(seen.assessment, events.get(balancer.lower(), ())) if balancer else ""
        if "disagree" in told:
            log.warning("%s: %s", seen.assessment.cluster.name, told)
        return replace(seen, assessment=replace(seen.assessment, witness=told)) if told else seen


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
