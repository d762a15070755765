"""Read what one look needs of some clusters of one subscription and region: the healthy cheaply, the sick in depth.

One request asks all load balancers for their connections by state. Only those without any connection are asked whether
they report at all, only those with a failure by node and for what went before, only those whose turn it is (or that are
in trouble) for their ports, and only nodes with half of their ports in use for an hour of history.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..cloud import questions
from ..cloud.batch import MAX_RESOURCES
from ..cloud.deadline import Deadline
from ..cloud.errors import AzureError
from ..cloud.metric_access import Answers, Ask, MetricAccess
from ..cloud.questions import MetricQuestion, sum_over
from ..core.detect import STATE_DIMENSION, has_point
from ..core.judging import ClusterSeries, GatewaySeries, LoadBalancerSeries
from ..core.ports import read_history, read_ports
from ..model.cluster import Cluster
from ..model.fleet import WatchedCluster, WatchedGateway
from ..model.load_balancer import Node
from ..model.metric import MetricAnswer, Window
from ..model.ports import PortHistory, PortReading
from ..model.reading import Unmeasured
from .explain import unmeasured

log = logging.getLogger("snatbot.measure")
MAX_CLUSTERS = 10 * MAX_RESOURCES
LOOK_BACK = timedelta(hours=2)
HISTORY = timedelta(hours=1)
_FRONTEND = "frontendipaddress"

NodesOf = Callable[[Cluster, Iterable[str]], tuple[Node, ...]]


@dataclass(frozen=True, slots=True)
class Passes:
    """What is looked at. ``ports`` and ``slow`` (open connections and data path of gateways) are None when not due.

    ``in_trouble``: ids in lower case of clusters with an open incident; theirs are looked at every time.
    """

    window: Window
    ports: Window | None = None
    slow: Window | None = None
    in_trouble: frozenset[str] = frozenset()


class Measure:
    """``nodes_of`` names the nodes of a cluster that has some of the given IPs in trouble."""

    def __init__(self, access: MetricAccess, nodes_of: NodesOf) -> None:
        self._access = access
        self._nodes_of = nodes_of

    def read(
        self, targets: Sequence[WatchedCluster], passes: Passes, deadline: Deadline, at_a_time: int = 1
    ) -> list[ClusterSeries]:
        """``targets`` of one subscription and region, in this order, with up to ``at_a_time`` requests at once.

        Never raises for what Azure answers.
        """
        return _Reading(self._access, self._nodes_of, targets, passes, deadline, at_a_time).series()


class _Reading:
    """The requests of one look at one group of clusters."""

    def __init__(
        self,
        access: MetricAccess,
        nodes_of: NodesOf,
        targets: Sequence[WatchedCluster],
        passes: Passes,
        deadline: Deadline,
        at_a_time: int,
    ) -> None:
        self._at_a_time = at_a_time
        self._access = access
        self._nodes_of = nodes_of
        self._targets = targets
        self._passes = passes
        self._deadline = deadline
        self._by_balancer = {one.load_balancer.id.lower(): one for one in targets if one.load_balancer is not None}

    def series(self) -> list[ClusterSeries]:
        balancers = self._balancers()
        gateways = self._gateways()
        return [self._of(target, balancers, gateways) for target in self._targets]

    def _of(
        self,
        target: WatchedCluster,
        balancers: Mapping[str, LoadBalancerSeries],
        gateways: Mapping[str, GatewaySeries],
    ) -> ClusterSeries:
        found = balancers.get(target.load_balancer.id.lower()) if target.load_balancer else None
        return ClusterSeries(
            target=target,
            window=self._passes.window,
            load_balancer=found,
            gateways=tuple(gateways[one.id.lower()] for one in target.gateways),
            nodes=self._nodes(target, found),
        )

    def _balancers(self) -> dict[str, LoadBalancerSeries]:
        window = self._passes.window
        connections = self._ask(self._by_balancer, questions.SNAT_CONNECTIONS, window)
        answered = {key: one for key, one in connections.items() if isinstance(one, MetricAnswer)}
        silent = [key for key, one in answered.items() if not has_point(window, one)]
        sick = [key for key, one in answered.items() if has_failure(one, window)]
        allocated, by_backend, before = self._ask_all(
            (silent, questions.ALLOCATED_SNAT_PORTS, window),
            (sick, questions.SNAT_CONNECTIONS_BY_BACKEND, window),
            (sick, questions.SNAT_CONNECTIONS, Window(window.end - LOOK_BACK, window.end)),
        )
        ports = self._ports(answered)
        histories = self._histories(ports)
        return {
            key: LoadBalancerSeries(
                # Where it could not be asked whether it reports at all, that is why it is not measured.
                connections=_answer_or_reason(_trouble_or(one, allocated.get(key))),
                allocated=_or_none(allocated.get(key)),
                connections_by_backend=_or_none(by_backend.get(key)),
                connections_before=_or_none(before.get(key)),
                ports=ports.get(key),
                port_history=histories.get(key, ()),
            )
            for key, one in connections.items()
        }

    def _ports(self, answered: Iterable[str]) -> dict[str, PortReading]:
        due = self._passes.ports
        found: dict[str, PortReading] = {}
        all_due = [key for key in answered if due is not None or self._is_in_trouble(key)]
        window = due or self._passes.window
        for keys in _batches(all_due):
            used, allocated = self._ask_all(
                (keys, questions.USED_SNAT_PORTS_BY_BACKEND, window),
                (keys, questions.ALLOCATED_SNAT_PORTS_BY_BACKEND, window),
            )
            for key in keys:
                of_used, of_allocated = _or_none(used.get(key)), _or_none(allocated.get(key))
                if of_used is not None and of_allocated is not None:
                    found[key] = read_ports(window, sum_over(of_used, _FRONTEND), sum_over(of_allocated, _FRONTEND))
        return found

    def _histories(self, ports: Mapping[str, PortReading]) -> dict[str, tuple[PortHistory, ...]]:
        suspects = [key for key, reading in ports.items() if reading.nodes]
        end = self._passes.window.end
        window = Window(end - HISTORY, end)
        found: dict[str, tuple[PortHistory, ...]] = {}
        for keys in _batches(suspects):
            for key, one in self._ask(keys, questions.USED_SNAT_PORTS_BY_BACKEND, window).items():
                if isinstance(one, MetricAnswer):
                    found[key] = read_history(window, sum_over(one, _FRONTEND))
        return found

    def _gateways(self) -> dict[str, GatewaySeries]:
        passes = self._passes
        every = {one.id.lower(): one for target in self._targets for one in target.gateways}
        slow_due = [
            key
            for key in every
            if passes.slow is not None or any(self._is_in_trouble_behind(target, key) for target in self._targets)
        ]
        slow = passes.slow or Window(passes.window.end - timedelta(minutes=15), passes.window.end)
        connections = self._ask_gateways(every, every, questions.NAT_CONNECTIONS, passes.window)
        silent = [
            key
            for key, one in connections.items()
            if isinstance(one, MetricAnswer) and not has_point(passes.window, one) and key not in slow_due
        ]
        datapath = self._ask_gateways(every, [*silent, *slow_due], questions.NAT_DATAPATH, slow)
        opened = self._ask_gateways(every, slow_due, questions.NAT_OPEN_CONNECTIONS, slow)
        return {
            key: GatewaySeries(
                gateway=every[key],
                connections=_answer_or_reason(_trouble_or(one, datapath.get(key) if key in silent else None)),
                datapath=_or_none(datapath.get(key)),
                open_connections=_or_none(opened.get(key)),
                slow_window=slow if key in slow_due else None,
            )
            for key, one in connections.items()
        }

    def _ask_gateways(
        self, every: Mapping[str, WatchedGateway], keys: Iterable[str], question: MetricQuestion, window: Window
    ) -> Answers:
        """A network, and the gateway in it, may lie elsewhere than the cluster's group of 50."""
        by_region: dict[str, list[str]] = {}
        for key in keys:
            by_region.setdefault(every[key].location, []).append(every[key].id)
        answers: Answers = {}
        for region, ids in by_region.items():
            answers |= self._access.ask(ids, region, question, window, self._deadline)
        return answers

    def _ask(self, keys: Iterable[str], question: MetricQuestion, window: Window) -> Answers:
        return self._ask_all((keys, question, window))[0]

    def _ask_all(self, *asked: tuple[Iterable[str], MetricQuestion, Window]) -> list[Answers]:
        asks = [self._about(keys, question, window) for keys, question, window in asked]
        found = self._access.ask_all(asks, self._deadline, self._at_a_time)
        for one, answers in zip(asks, found, strict=True):
            for resource_id, answer in answers.items():
                if isinstance(answer, MetricAnswer) and answer.is_truncated:
                    log.error("%s: %s was cut at %d series", resource_id, one.question.metric, one.question.top)
        return found

    def _about(self, keys: Iterable[str], question: MetricQuestion, window: Window) -> Ask:
        targets = [self._by_balancer[key] for key in keys]
        ids = [target.load_balancer.id for target in targets if target.load_balancer is not None]
        return Ask(ids, targets[0].cluster.location if targets else "", question, window)

    def _nodes(self, target: WatchedCluster, found: LoadBalancerSeries | None) -> tuple[Node, ...]:
        if found is None:
            return ()
        ips = {one.ip for one in found.ports.nodes} if found.ports else set()
        if found.connections_by_backend is not None:
            ips |= {series.dimensions.get("backendipaddress", "") for series in found.connections_by_backend.series}
        return self._nodes_of(target.cluster, ips) if ips and not self._deadline.is_over else ()

    def _is_in_trouble(self, balancer: str) -> bool:
        return self._by_balancer[balancer].cluster.id.lower() in self._passes.in_trouble

    def _is_in_trouble_behind(self, target: WatchedCluster, gateway: str) -> bool:
        is_behind = any(one.id.lower() == gateway for one in target.gateways)
        return is_behind and target.cluster.id.lower() in self._passes.in_trouble


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), MAX_RESOURCES):
        yield keys[start : start + MAX_RESOURCES]


def has_failure(answer: MetricAnswer, window: Window) -> bool:
    return any(
        value > 0 and window.holds(at)
        for series in answer.series
        if series.dimensions.get(STATE_DIMENSION, "").lower() == "failed"
        for at, value in series.points
    )


def _trouble_or(
    answer: MetricAnswer | AzureError, second: MetricAnswer | AzureError | None
) -> MetricAnswer | AzureError:
    return second if isinstance(second, AzureError) else answer


def _answer_or_reason(answer: MetricAnswer | AzureError) -> MetricAnswer | Unmeasured:
    return unmeasured(answer) if isinstance(answer, AzureError) else answer


def _or_none(answer: MetricAnswer | AzureError | None) -> MetricAnswer | None:
    if isinstance(answer, AzureError):
        log.warning("%s", answer)
        return None
    return answer
