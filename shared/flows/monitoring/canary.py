"""At each tick, read one load balancer's metrics both in a batch and alone: are batches correct?

The minute selects the load balancer among those with recent traffic; in a suspect region every tick samples one. While
a disagreement repeats, batches in that region get smaller.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from ...cloud import metric_queries
from ...cloud.batch_limits import STEPS
from ...cloud.deadline import Deadline
from ...cloud.metric_access import MetricAccess
from ...cloud.metric_request import MetricRequest, region_key
from ...core.detection.rules.batch_disagreement import compared_window, disagreement, is_confirmed, next_suspect
from ...model.fleet import SuspectRegion, WatchedCluster
from ...model.metric import MINUTE
from ...model.text import Text
from .group_queries import series_of

log = logging.getLogger("snatbot.metrics")
# Alternating: reports differ in which aggregation a batch gets wrong (opentelemetry-collector-contrib#48812).
_QUERIES = (metric_queries.SNAT_CONNECTIONS, metric_queries.SNAT_PORTS)
Suspects = Mapping[str, SuspectRegion]  # by subscription and region


class Canary:
    def __init__(self, access: MetricAccess) -> None:
        self._access = access

    def sample(
        self, targets: Sequence[WatchedCluster], suspects: Suspects, now: datetime, deadline: Deadline, is_turn: bool
    ) -> Suspects:
        """The new suspect regions. Without ``is_turn`` only suspect regions are sampled."""
        if not self._access.uses_batches:
            return {}
        number = int(now.timestamp() // MINUTE.total_seconds())
        busy = [
            target for target in targets if target.load_balancer and self._access.had_traffic(target.load_balancer.id)
        ]
        chosen = {_region_key(target): target for target in _in_turn(busy, number) if _region_key(target) in suspects}
        if is_turn and busy:
            turn = busy[number % len(busy)]
            chosen[_region_key(turn)] = turn
        after = {region: suspects[region] for region in suspects.keys() & {_region_key(target) for target in targets}}
        for region, target in chosen.items():
            neighbours = [other for other in _in_turn(targets, number) if _region_key(other) == region]
            before = after.pop(region, None)
            found = self._compare(target, neighbours, before, now, deadline)
            if found is not None:
                after[region] = found
        return after

    def _compare(
        self,
        target: WatchedCluster,
        neighbours: Sequence[WatchedCluster],
        before: SuspectRegion | None,
        now: datetime,
        deadline: Deadline,
    ) -> SuspectRegion | None:
        query = _QUERIES[int(now.timestamp() // MINUTE.total_seconds()) % 2]
        if before is not None:
            query = next((each for each in _QUERIES if each.metric == before.metric), query)
        series = series_of([target, *neighbours], query)
        ids = list(series)[: STEPS[0]]
        window = compared_window(now)
        answers = self._access.query_both_ways(
            MetricRequest(ids, target.cluster.location, query, window, series), deadline
        )
        if answers is None:
            return before
        difference = disagreement(*answers, window)
        evidence = (
            Text(
                "{metric} of cluster {cluster}: {difference}",
                metric=query.metric,
                cluster=target.cluster.name,
                difference=difference,
            )
            if difference
            else Text("")
        )
        after = next_suspect(before, query.metric, evidence, now)
        if evidence:
            log.warning("batches in %s: %s", _region_key(target), evidence)
            if after is not None and is_confirmed(after):
                self._access.distrust(_region_key(target))
        elif before is not None and after is None:
            self._access.trust(_region_key(target))
        return after


def disagreeing_regions(suspects: Suspects) -> dict[str, Text]:
    """Texts for people, by subscription and region."""
    return {
        region: Text(
            "subscription {subscription}: batches and single requests disagree, so that batches are made smaller "
            "there. {evidence}",
            subscription=region,
            evidence=suspect.evidence,
        )
        for region, suspect in suspects.items()
        if is_confirmed(suspect)
    }


def _region_key(target: WatchedCluster) -> str:
    return region_key(target.cluster.subscription.lower(), target.cluster.location)


def _in_turn(targets: Sequence[WatchedCluster], number: int) -> Sequence[WatchedCluster]:
    first = number % len(targets) if targets else 0
    return [*targets[first:], *targets[:first]]
