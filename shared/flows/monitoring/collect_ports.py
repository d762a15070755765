"""Ports in use and allocated, by node: of everybody when the pass is due, of clusters in trouble at every look.

Answers are large (a series for every frontend, node and protocol), so those of at most 50 load balancers are held at
a time. What is kept of them are the nodes with half of their ports in use or climbing, and of their clusters an hour
of history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from ...cloud import metric_queries
from ...cloud.metric_access import Answers
from ...cloud.metric_queries import of_metric, sum_over
from ...core.detection.ports import read_history, read_ports
from ...model.metric import MetricAnswer, Window
from ...model.ports import PortHistory, PortReading
from .group_queries import GroupQueries, GroupQuery, answer_or_none, in_batches

HISTORY = timedelta(hours=1)
_FRONTEND = "frontendipaddress"


class PortCollector:
    """Fills ``readings`` and ``histories``, by load balancer (ids in lower case), over the minutes of ``window``."""

    def __init__(self, queries: GroupQueries, window: Window) -> None:
        self.readings: dict[str, PortReading] = {}
        self.histories: dict[str, tuple[PortHistory, ...]] = {}
        self._queries = queries
        self._window = window
        self._hour = Window(min(window.start, window.end - HISTORY), window.end)

    def in_trouble(self, keys: Sequence[str]) -> GroupQuery:
        """What to ask about clusters in trouble: their history will be wanted, and holds what is in use now as well."""
        return keys, metric_queries.SNAT_PORTS_BY_BACKEND, self._hour

    def keep(self, answers: Answers) -> None:
        """What ``in_trouble`` asked for."""
        for key, used in self._keep_readings(answers).items():
            self._keep_history(key, used)

    def ask_in_trouble(self, keys: Sequence[str]) -> None:
        for some in in_batches(keys):
            self.keep(*self._queries.ask_all(self.in_trouble(some)))

    def ask(self, keys: Sequence[str]) -> None:
        """First what is in use now; the hour only of those in whom something is worth it."""
        suspects: list[str] = []
        for some in in_batches(keys):
            found = self._keep_readings(
                self._queries.balancers(some, metric_queries.SNAT_PORTS_BY_BACKEND, self._window)
            )
            suspects += [key for key in found if self.readings[key].nodes]
        for some in in_batches(suspects):
            answers = self._queries.balancers(some, metric_queries.USED_SNAT_PORTS_BY_BACKEND, self._hour)
            for key, one in _answered(answers).items():
                self._keep_history(key, sum_over(one, _FRONTEND))

    def _keep_readings(self, answers: Answers) -> Mapping[str, MetricAnswer]:
        """Gives back what is in use, by load balancer. A node has ports on every frontend: they are added up."""
        in_use = {}
        for key, one in _answered(answers).items():
            used, allocated = (
                sum_over(of_metric(one, name), _FRONTEND) for name in (metric_queries.USED, metric_queries.ALLOCATED)
            )
            self.readings[key] = read_ports(self._window, used, allocated)
            in_use[key] = used
        return in_use

    def _keep_history(self, key: str, used: MetricAnswer) -> None:
        if self.readings[key].nodes:
            self.histories[key] = read_history(self._hour, used)


def _answered(answers: Answers) -> Mapping[str, MetricAnswer]:
    found = {key: answer_or_none(one) for key, one in answers.items()}
    return {key: one for key, one in found.items() if one is not None}
