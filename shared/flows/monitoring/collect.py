"""Read what one look needs of some clusters of one subscription and region: the healthy cheaply, the sick in depth.

One request asks all load balancers for their connections by state. Only those without any connection are asked whether
they report at all, only those with a failure by node and for what went before, only those whose turn it is (or that are
in trouble) for their ports, and only nodes with half of their ports in use, or climbing, for an hour of history.
Whoever is in trouble already is asked for all of that at once, beside the first request: on the way, waiting is what
takes time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ...cloud import metric_queries
from ...cloud.batch import MAX_RESOURCES
from ...cloud.deadline import Deadline, within
from ...cloud.metric_access import MetricAccess
from ...core.detection.assess import ClusterSeries, LoadBalancerSeries
from ...core.detection.load_balancer import STATE_DIMENSION, has_point
from ...model.cluster import Cluster
from ...model.fleet import WatchedCluster
from ...model.load_balancer import Node
from ...model.metric import MetricAnswer, Window
from .collect_gateways import GatewayCollector
from .collect_ports import PortCollector
from .group_queries import GroupQueries, GroupQuery, answer_or_none, answer_or_reason, trouble_or
from .scan_scope import ScanScope

MAX_CLUSTERS = 10 * MAX_RESOURCES
LOOK_BACK = timedelta(hours=2)
LATEST = timedelta(minutes=30)  # metrics that arrive later than this are taken for none
_NAMED_AT_A_TIME = 8  # Resource Manager's bucket is smaller than that of the metrics

NodesOf = Callable[[Cluster, Iterable[str]], tuple[Node, ...]]


class MetricCollector:
    """``nodes_of`` names the nodes of a cluster that has some of the given IPs in trouble."""

    def __init__(self, access: MetricAccess, nodes_of: NodesOf) -> None:
        self._access = access
        self._nodes_of = nodes_of

    @property
    def one_by_one(self) -> Mapping[str, str]:
        """Where batches are refused, and why."""
        return self._access.one_by_one

    def collect(
        self, targets: Sequence[WatchedCluster], scope: ScanScope, deadline: Deadline, at_a_time: int = 1
    ) -> list[ClusterSeries]:
        """``targets`` of one subscription and region, in this order, with up to ``at_a_time`` requests at once.

        Never raises for what Azure answers.
        """
        queries = GroupQueries(self._access, targets, deadline, at_a_time)
        balancers = _LoadBalancerCollector(queries, scope).read()
        gateways = GatewayCollector(queries, targets, scope).read()
        nodes = self._nodes(targets, balancers, deadline, at_a_time)

        def series_of(target: WatchedCluster) -> ClusterSeries:
            found = balancers.get(target.load_balancer.id.lower()) if target.load_balancer else None
            return ClusterSeries(
                target=target,
                window=scope.window,
                load_balancer=found,
                gateways=tuple(gateways[one.id.lower()] for one in target.gateways),
                nodes=nodes.get(target.cluster.id, ()),
            )

        return [series_of(target) for target in targets]

    def _nodes(
        self,
        targets: Sequence[WatchedCluster],
        balancers: Mapping[str, LoadBalancerSeries],
        deadline: Deadline,
        at_a_time: int,
    ) -> Mapping[str, tuple[Node, ...]]:
        """By cluster id, of those in whom some IPs are worth a name. Whom the deadline cuts off go by their IPs."""

        def name(cluster: Cluster, ips: Iterable[str]) -> tuple[Node, ...]:
            if deadline.is_over:
                return ()
            with within(deadline):
                return self._nodes_of(cluster, ips)

        wanted = [
            (one.cluster, ips)
            for one in targets
            if one.load_balancer and (ips := _ips_to_name(balancers.get(one.load_balancer.id.lower())))
        ]
        if at_a_time == 1 or len(wanted) < 2:
            return {cluster.id: name(cluster, ips) for cluster, ips in wanted}
        with ThreadPoolExecutor(min(at_a_time, len(wanted), _NAMED_AT_A_TIME)) as pool:
            named = pool.map(lambda one: name(*one), wanted)
            return {cluster.id: nodes for (cluster, _), nodes in zip(wanted, named, strict=True)}


def _ips_to_name(found: LoadBalancerSeries | None) -> set[str]:
    if found is None:
        return set()
    ips = {one.ip for one in found.ports.nodes} if found.ports else set()
    by_backend = found.connections_by_backend.series if found.connections_by_backend else ()
    return ips | {series.dimensions.get("backendipaddress", "") for series in by_backend}


class _LoadBalancerCollector:
    """The load balancers of one look at one group of clusters, and the ports of those that are due or in trouble."""

    def __init__(self, queries: GroupQueries, scope: ScanScope) -> None:
        self._queries = queries
        self._scope = scope
        self._ports = PortCollector(queries, scope.ports or scope.window)

    def read(self) -> dict[str, LoadBalancerSeries]:
        window, every = self._scope.window, self._queries.by_balancer
        known = dict.fromkeys(key for key, one in every.items() if one.cluster.id.lower() in self._scope.in_trouble)
        ahead = list(known)[:MAX_RESOURCES]  # more would be too much to hold at once
        connections, by_backend, before, ports = self._queries.ask_all(
            (every, metric_queries.SNAT_CONNECTIONS, window), *self._detail(ahead), self._ports.in_trouble(ahead)
        )
        self._ports.keep(ports)
        answered = {key: one for key, one in connections.items() if isinstance(one, MetricAnswer)}
        silent = [key for key, one in answered.items() if not has_point(window, one)]
        sick = [key for key, one in answered.items() if has_failure(one, window)]
        reports, *later = self._queries.ask_all(
            (silent, metric_queries.ALLOCATED_SNAT_PORTS, Window(window.end - LATEST, window.end)),
            *self._detail([key for key in sick if key not in ahead]),
        )
        by_backend, before = by_backend | later[0], before | later[1]
        self._ports.ask_in_trouble([key for key in known if key in answered and key not in ahead])
        if self._scope.ports is not None:
            self._ports.ask([key for key in answered if key not in known])
        return {
            key: LoadBalancerSeries(
                # Where it could not be asked whether it reports at all, that is why it is not measured.
                connections=answer_or_reason(trouble_or(one, reports.get(key))),
                allocated=answer_or_none(reports.get(key)),
                connections_by_backend=answer_or_none(by_backend.get(key)) if key in sick else None,
                connections_before=answer_or_none(before.get(key)) if key in sick else None,
                ports=self._ports.readings.get(key),
                port_history=self._ports.histories.get(key, ()),
            )
            for key, one in connections.items()
        }

    def _detail(self, keys: Sequence[str]) -> tuple[GroupQuery, GroupQuery]:
        window = self._scope.window
        return (
            (keys, metric_queries.SNAT_CONNECTIONS_BY_BACKEND, window),
            (keys, metric_queries.SNAT_CONNECTIONS, Window(window.end - LOOK_BACK, window.end)),
        )


def has_failure(answer: MetricAnswer, window: Window) -> bool:
    return any(
        value > 0 and window.holds(at)
        for series in answer.series
        if series.dimensions.get(STATE_DIMENSION, "").lower() == "failed"
        for at, value in series.points
    )
