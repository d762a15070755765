"""One look at many clusters: cut into groups of one subscription and region, each measured, judged and handed on alone.

A group is all that is in memory at a time. Groups don't wait for each other, and those that the deadline cut off are
handed on as not reached: silence about them would look like health.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..cloud.deadline import Deadline
from ..cloud.errors import AzureError
from ..cloud.logs import HealthEvents
from ..core.judging import ClusterSeries, Memory, assess, not_applicable
from ..core.tags import TagRules, read_tags
from ..core.witness import LOOK_BACK, statement
from ..model.assessment import Assessment
from ..model.fleet import WatchedCluster
from ..model.health_event import HealthEvent
from ..model.metric import Window
from .lanes import Lanes
from .measure import MAX_CLUSTERS, Measure
from .passes import Passes

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
        witness: HealthEvents | None = None,
    ) -> None:
        """``usual``: the owner's thresholds and maintenance windows, before any tag."""
        self._measure = measure
        self._usual = usual
        self._workers = workers
        self._witness = witness

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
        events = _Events(self._witness, passes.window)
        groups = grouped(targets)
        at_a_time = max(1, self._workers // max(1, len(groups)))  # few groups: their requests go out side by side
        lanes = Lanes(groups, self._workers)
        lanes.run(lambda group: then(self._group(group, passes, deadline, at_a_time, now, memory_of, events)))

    def _group(
        self,
        targets: Sequence[WatchedCluster],
        passes: Passes,
        deadline: Deadline,
        at_a_time: int,
        now: datetime,
        memory_of: MemoryOf,
        events: _Events,
    ) -> list[Seen]:
        ruled = [(target, read_tags(target.cluster.tags, self._usual)) for target in targets]
        measured = [target for target, rules in ruled if not_applicable(target, rules) is None]
        series = {one.target.cluster.id: one for one in self._measure.read(measured, passes, deadline, at_a_time)}
        found = []
        for target, rules in ruled:
            one = series.get(target.cluster.id) or ClusterSeries(target, passes.window)
            found.append(Seen(one, rules, assess(one, memory_of(target), rules, now)))
        is_worth_asking = passes.ports is not None or any(seen.assessment.alarms for seen in found)
        return [self._with_witness(seen, events) for seen in found] if is_worth_asking else found

    def _with_witness(self, seen: Seen, events: _Events) -> Seen:
        balancer = seen.assessment.load_balancer_id
        told = statement(seen.assessment, events.of(balancer)) if balancer else ""
        if "disagree" in told:
            log.warning("%s: %s", seen.assessment.cluster.name, told)
        return replace(seen, assessment=replace(seen.assessment, witness=told)) if told else seen


class _Events:
    """The health events of the whole workspace, read once a look and only if somebody asks."""

    def __init__(self, source: HealthEvents | None, window: Window) -> None:
        self._source = source
        self._window = Window(window.end - LOOK_BACK, window.end + timedelta(minutes=1))
        self._lock = threading.Lock()
        self._found: Mapping[str, tuple[HealthEvent, ...]] | None = None

    def of(self, load_balancer_id: str) -> tuple[HealthEvent, ...]:
        if self._source is None:
            return ()
        with self._lock:
            if self._found is None:
                try:
                    self._found = self._source.read(self._window)
                except AzureError as error:
                    log.warning("health events could not be read: %s", error)
                    self._found = {}
            return self._found.get(load_balancer_id.lower(), ())


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
