"""Questions about the load balancers and NAT gateways of one group of clusters, within one deadline."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...cloud.batch import MAX_RESOURCES
from ...cloud.deadline import Deadline
from ...cloud.errors import AzureError
from ...cloud.metric_access import Answers, MetricAccess, MetricRequest
from ...cloud.metric_queries import MetricQuery
from ...model.fleet import WatchedCluster, WatchedGateway
from ...model.metric import MetricAnswer, Window
from ...model.reading import Unmeasured
from .explain import unmeasured

log = logging.getLogger("snatbot.measure")

GroupQuery = tuple[Iterable[str], MetricQuery, Window]
"""Keys of load balancers (ids in lower case), what is asked of them, and for which minutes."""


class GroupQueries:
    """``targets`` are of one subscription and region; up to ``at_a_time`` requests are under way at once."""

    def __init__(
        self, access: MetricAccess, targets: Sequence[WatchedCluster], deadline: Deadline, at_a_time: int
    ) -> None:
        self.by_balancer = {one.load_balancer.id.lower(): one for one in targets if one.load_balancer is not None}
        self._access = access
        self._deadline = deadline
        self._at_a_time = at_a_time

    def balancers(self, keys: Iterable[str], question: MetricQuery, window: Window) -> Answers:
        return self.ask_all((keys, question, window))[0]

    def ask_all(self, *asked: GroupQuery) -> list[Answers]:
        """Several questions side by side: the answers of each, in this order."""
        asks = [self._about(keys, question, window) for keys, question, window in asked]
        found = self._access.query_all(asks, self._deadline, self._at_a_time)
        for one, answers in zip(asks, found, strict=True):
            for resource_id, answer in answers.items():
                if isinstance(answer, MetricAnswer) and answer.is_truncated:
                    log.error("%s: %s was cut at %d series", resource_id, one.query.metric, one.query.top)
        return found

    def gateways(
        self, every: Mapping[str, WatchedGateway], keys: Iterable[str], question: MetricQuery, window: Window
    ) -> Answers:
        """By id in lower case. A network, and the gateway in it, may lie elsewhere than the group's region."""
        by_region: dict[str, list[str]] = {}
        for key in keys:
            by_region.setdefault(every[key].location, []).append(every[key].id)
        asks = [MetricRequest(ids, region, question, window) for region, ids in by_region.items()]
        answers: Answers = {}
        for found in self._access.query_all(asks, self._deadline, self._at_a_time):
            answers |= found
        return answers

    def _about(self, keys: Iterable[str], question: MetricQuery, window: Window) -> MetricRequest:
        targets = [self.by_balancer[key] for key in keys]
        ids = [target.load_balancer.id for target in targets if target.load_balancer is not None]
        return MetricRequest(ids, targets[0].cluster.location if targets else "", question, window)


def in_batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as one request may ask about."""
    for start in range(0, len(keys), MAX_RESOURCES):
        yield keys[start : start + MAX_RESOURCES]


def trouble_or(
    answer: MetricAnswer | AzureError, second: MetricAnswer | AzureError | None
) -> MetricAnswer | AzureError:
    """The second answer where it is an error: without it the first can't be read."""
    return second if isinstance(second, AzureError) else answer


def answer_or_reason(answer: MetricAnswer | AzureError) -> MetricAnswer | Unmeasured:
    return unmeasured(answer) if isinstance(answer, AzureError) else answer


def answer_or_none(answer: MetricAnswer | AzureError | None) -> MetricAnswer | None:
    """For what the judgement can do without; why it is missing is logged."""
    if isinstance(answer, AzureError):
        log.warning("%s", answer)
        return None
    return answer
