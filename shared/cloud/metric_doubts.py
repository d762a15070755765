"""Which empty answers are implausible: for resources whose metric had a point within the hour, and blank batches.

Each is doubted at most once an hour, because another request then confirmed it. An idle load balancer has allocated
ports and no connection. A batch is blank if none of its resources (at least two) has a point, as if it held too many
time series.
"""

import threading
from collections.abc import Callable, Iterable

from ..model.metric import MetricAnswer
from .errors import AzureError
from .metric_queries import SNAT_CONNECTIONS, MetricQuery
from .metric_request import Answers

SECONDS = 3600.0


def is_empty(answer: MetricAnswer | AzureError | None) -> bool:
    """The answer has no value, readable or not."""
    return isinstance(answer, MetricAnswer) and not answer.unknown and not any(s.points for s in answer.series)


def has_values(answer: MetricAnswer | AzureError | None) -> bool:
    return isinstance(answer, MetricAnswer) and not is_empty(answer)


class MetricDoubts:
    """Safe to share between threads. Ids are in lower case."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._traffic: dict[str, float] = {}
        self._believed: dict[tuple[str, str], float] = {}

    def note(self, query: MetricQuery, answers: Answers) -> None:
        now = self._monotonic()
        with self._lock:
            for resource_id in (key for key, answer in answers.items() if has_values(answer)):
                self._seen[resource_id] = now
                self._believed.pop((resource_id, query.metric), None)
                if query.metric == SNAT_CONNECTIONS.metric:
                    self._traffic[resource_id] = now

    def about(self, query: MetricQuery, answers: Answers) -> list[str]:
        """Resources whose empty answer may be wrong, latest traffic first."""
        since = self._monotonic() - SECONDS
        is_blank = len(answers) > 1 and not any(map(has_values, answers.values()))
        with self._lock:
            found = [
                resource_id
                for resource_id, answer in answers.items()
                if (is_blank or self._seen.get(resource_id, since) > since)
                and self._believed.get((resource_id, query.metric), since) <= since
                and is_empty(answer)
            ]
            return sorted(found, key=lambda resource_id: self._traffic.get(resource_id, since), reverse=True)

    def believe(self, query: MetricQuery, resource_ids: Iterable[str]) -> None:
        with self._lock:
            self._believed.update({(resource_id, query.metric): self._monotonic() for resource_id in resource_ids})

    def had_traffic(self, resource_id: str) -> bool:
        """Whether the load balancer had connections within the hour."""
        with self._lock:
            return self._traffic.get(resource_id.lower(), float("-inf")) > self._monotonic() - SECONDS
