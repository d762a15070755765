"""Metric queries about the load balancers and NAT gateways of one group of clusters, within one deadline."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...cloud.batch_limits import STEPS, expected_series, split
from ...cloud.deadline import Deadline
from ...cloud.errors import (
    AzureError,
    Forbidden,
    MetricUnavailable,
    NotFound,
    NotRegistered,
    NotSent,
    Throttled,
    Unavailable,
)
from ...cloud.metric_access import MetricAccess
from ...cloud.metric_queries import MetricQuery
from ...cloud.metric_request import Answers, MetricRequest
from ...core.detection.node_counts import nodes_now
from ...model.fleet import WatchedCluster, WatchedGateway
from ...model.metric import MetricAnswer, Window
from ...model.reading import Cause, Unmeasured
from ...model.text import Text

log = logging.getLogger("snatbot.collect")
ASSUMED_NODES = 1000

GroupQuery = tuple[Iterable[str], MetricQuery, Window]  # keys of load balancers: ids in lower case


class GroupQueries:
    """``targets`` are of one subscription and region; up to ``at_a_time`` requests run at once."""

    def __init__(
        self, access: MetricAccess, targets: Sequence[WatchedCluster], deadline: Deadline, at_a_time: int
    ) -> None:
        self.by_balancer = {target.load_balancer.id.lower(): target for target in targets if target.load_balancer}
        self._access = access
        self.deadline = deadline
        self._at_a_time = at_a_time

    def query_all(self, *queries: GroupQuery) -> list[Answers]:
        """The answers to each query, in this order; the requests run concurrently."""
        requests = [self._request(keys, query, window) for keys, query, window in queries]
        found = self._access.query_all(requests, self.deadline, self._at_a_time)
        for request, answers in zip(requests, found, strict=True):
            for resource_id, answer in answers.items():
                if isinstance(answer, MetricAnswer) and answer.is_truncated:
                    log.error(
                        "%s: Azure Monitor cut %s at %d series", resource_id, request.query.metric, request.query.top
                    )
        return found

    def query_gateways(
        self, gateways: Mapping[str, WatchedGateway], keys: Iterable[str], query: MetricQuery, window: Window
    ) -> Answers:
        """By id in lower case. A network, and its gateway, may be in another region than the group."""
        by_region: dict[str, list[str]] = {}
        for key in keys:
            by_region.setdefault(gateways[key].location, []).append(gateways[key].id)
        requests = [MetricRequest(ids, region, query, window) for region, ids in by_region.items()]
        answers: Answers = {}
        for found in self._access.query_all(requests, self.deadline, self._at_a_time):
            answers |= found
        return answers

    def _request(self, keys: Iterable[str], query: MetricQuery, window: Window) -> MetricRequest:
        targets = [self.by_balancer[key] for key in keys]
        series = series_of(targets, query)
        return MetricRequest(list(series), targets[0].cluster.location if targets else "", query, window, series)

    def in_batches(self, keys: Sequence[str], query: MetricQuery) -> Iterator[Sequence[str]]:
        """Groups of at most as many as one request may have."""
        series = series_of([self.by_balancer[key] for key in keys], query)
        return split(keys, {balancer_id.lower(): held for balancer_id, held in series.items()}, STEPS[0])


def series_of(targets: Iterable[WatchedCluster], query: MetricQuery) -> dict[str, int]:
    """Expected number of time series, by load balancer.

    A backend is a member of the outbound pool; if their number is unknown, a thousand is assumed.
    """
    found: dict[str, int] = {}
    for target in targets:
        if (balancer := target.load_balancer) is not None:
            backends = nodes_now(target.cluster, balancer) or ASSUMED_NODES
            frontends = len({frontend for rule in balancer.outbound_rules for frontend in rule.frontend_ids})
            found[balancer.id] = expected_series(query.metric, backends, frontends)
    return found


def answer_or_reason(
    answer: MetricAnswer | AzureError, needed: MetricAnswer | AzureError | None = None
) -> MetricAnswer | Unmeasured:
    """The first error among both answers; the first can't be interpreted without ``needed``."""
    if isinstance(needed, AzureError):
        return unmeasured(needed)
    return unmeasured(answer) if isinstance(answer, AzureError) else answer


def answer_or_none(answer: MetricAnswer | AzureError | None) -> MetricAnswer | None:
    """For metrics that an assessment can do without; the log says why one is missing."""
    if isinstance(answer, AzureError):
        log.warning("%s", answer)
        return None
    return answer


def unmeasured(error: AzureError) -> Unmeasured:
    """Why something was not measured, with its remedy."""
    match error:
        case NotSent():
            return Unmeasured(error.message, cause=Cause.NOT_REACHED)
        case NotRegistered():
            reason = Text("Azure refused: {code}, the provider Microsoft.Insights is not registered", code=_code(error))
            return Unmeasured(reason, error.remedy, Cause.NOT_REGISTERED)
        case Forbidden():
            remedy = error.remedy or Text("grant this app's identity Reader and Monitoring Reader on the subscription")
            return Unmeasured(Text("Azure refused: {code}", code=_code(error)), remedy, Cause.FORBIDDEN)
        case Throttled():
            reason = (
                Text("Azure throttled the requests until {at}", at=error.until)
                if error.until
                else Text("Azure throttled the requests; the next look tries again")
            )
            return Unmeasured(reason, cause=Cause.THROTTLED)
        case NotFound():
            return Unmeasured(Text("it vanished while it was looked at, or may not be read"), cause=Cause.VANISHED)
    cause = Cause.UNAVAILABLE if isinstance(error, Unavailable | MetricUnavailable) else Cause.UNEXPECTED
    return Unmeasured(Text("Azure did not answer as documented: {error}", error=error.text), error.remedy, cause)


def _code(error: AzureError) -> str:
    return error.code or str(error.status)
