"""Used and allocated ports by node: of every cluster when due, of clusters in trouble in every scan.

Answers are large (a series for every frontend, node and protocol), so at most 50 load balancers are in memory at a
time. Only nodes with half of their ports in use or steeply rising use are kept, with an hour of history for their
clusters.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from ...cloud import metric_queries
from ...cloud.metric_queries import of_metric
from ...cloud.metric_request import Answers
from ...core.detection.ports import read_history, read_ports
from ...core.detection.schedule import FOR_PORTS
from ...model.metric import MetricAnswer, Window
from ...model.ports import PortHistory, PortReading
from .group_queries import GroupQueries, GroupQuery, answer_or_none

HISTORY = timedelta(hours=1)


class PortCollector:
    """Fills ``readings`` and ``histories``, by load balancer (ids in lower case), for the minutes of ``window``."""

    def __init__(self, queries: GroupQueries, window: Window) -> None:
        self.readings: dict[str, PortReading] = {}
        self.histories: dict[str, tuple[PortHistory, ...]] = {}
        self._queries = queries
        self._window = window
        self._hour = Window(min(window.start, window.end - HISTORY), window.end)

    def query_in_trouble(self, keys: Sequence[str]) -> GroupQuery:
        """Clusters in trouble need their history, which includes the present use."""
        return keys, metric_queries.SNAT_PORTS_BY_BACKEND, self._hour

    def keep_in_trouble(self, answers: Answers) -> None:
        """Keep the answers to ``query_in_trouble``."""
        for key, used in self._keep_readings(answers).items():
            self._keep_history(key, used)

    def collect_in_trouble(self, keys: Sequence[str]) -> None:
        for batch in self._queries.in_batches(keys, metric_queries.SNAT_PORTS_BY_BACKEND):
            self.keep_in_trouble(*self._queries.query_all(self.query_in_trouble(batch)))

    def collect(self, keys: Sequence[str]) -> None:
        """Read the present use, then the last hour of clusters with a node that needs it.

        Stops early: the connections of later groups of clusters need the rest of the time.
        """
        suspects: list[str] = []
        for batch in self._queries.in_batches(keys, metric_queries.SNAT_PORTS_BY_BACKEND):
            if self._queries.deadline.share_used >= FOR_PORTS:
                break
            (answers,) = self._queries.query_all((batch, metric_queries.SNAT_PORTS_BY_BACKEND, self._window))
            suspects += [key for key in self._keep_readings(answers) if self.readings[key].nodes]
        for batch in self._queries.in_batches(suspects, metric_queries.USED_SNAT_PORTS_BY_BACKEND):
            (answers,) = self._queries.query_all((batch, metric_queries.USED_SNAT_PORTS_BY_BACKEND, self._hour))
            for key, answer in _answered(answers):
                self._keep_history(key, answer)

    def _keep_readings(self, answers: Answers) -> Mapping[str, MetricAnswer]:
        """Returns the used ports by load balancer."""
        in_use = {}
        for key, answer in _answered(answers):
            in_use[key] = of_metric(answer, metric_queries.USED)
            self.readings[key] = read_ports(self._window, in_use[key], of_metric(answer, metric_queries.ALLOCATED))
        return in_use

    def _keep_history(self, key: str, used: MetricAnswer) -> None:
        if self.readings[key].nodes:
            self.histories[key] = read_history(self._hour, used)


def _answered(answers: Answers) -> Iterator[tuple[str, MetricAnswer]]:
    for key, answer in answers.items():
        if (answered := answer_or_none(answer)) is not None:
            yield key, answered
