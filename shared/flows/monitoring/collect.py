"""Read the metrics of some clusters of one subscription and region: few of healthy clusters, all of failing ones.

One request reads all load balancers' connections by state. Further requests follow only for some: without any
connection, whether the load balancer reports at all; with a failure, the connections by node and the hours before; if
due or in trouble, the ports; if a node uses half of its ports or its use rises steeply, an hour of history. For
clusters that are already in trouble, all of these go out with the first request, because most of the time is spent
waiting.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from ...cloud import metric_queries
from ...cloud.deadline import Deadline, within
from ...cloud.metric_access import MetricAccess
from ...cloud.metrics_batch import MAX_RESOURCES
from ...cloud.request_count import side_by_side
from ...core.detection.assess import ClusterSeries, GatewaySeries, LoadBalancerSeries
from ...core.detection.load_balancer import FAILED
from ...core.detection.schedule import ScanScope, gateway_window
from ...model.cluster import Cluster
from ...model.fleet import WatchedCluster
from ...model.load_balancer import NodeList
from ...model.metric import MetricAnswer, Window
from ...model.resource_id import ArmId
from .collect_ports import PortCollector
from .group_queries import GroupQueries, GroupQuery, answer_or_none, answer_or_reason

MAX_CLUSTERS = 10 * MAX_RESOURCES
LOOK_BACK = timedelta(hours=2)
MAX_DELAY = timedelta(minutes=30)  # metrics that arrive later count as missing
_NAMED_AT_A_TIME = 8  # Resource Manager's limit is lower than that of metrics

NodesOf = Callable[[Cluster, Iterable[str]], NodeList]


class MetricCollector:
    """``nodes_of`` returns the nodes of a cluster with the given IPs in trouble."""

    def __init__(self, access: MetricAccess, nodes_of: NodesOf) -> None:
        self.access = access
        self._nodes_of = nodes_of

    def collect(
        self, targets: Sequence[WatchedCluster], scope: ScanScope, deadline: Deadline, at_a_time: int = 1
    ) -> list[ClusterSeries]:
        """``targets`` of one subscription and region, in this order, with up to ``at_a_time`` requests at once.

        Never raises AzureError.
        """
        queries = GroupQueries(self.access, targets, deadline, at_a_time)
        balancers = _collect_balancers(queries, scope)
        gateways = collect_gateways(queries, targets, scope)
        of_target = {
            target.cluster.id: balancers.get(target.load_balancer.id.lower()) if target.load_balancer else None
            for target in targets
        }
        nodes = self._nodes(targets, of_target, deadline, at_a_time)
        return [
            ClusterSeries(
                target=target,
                window=scope.window,
                load_balancer=of_target[target.cluster.id],
                gateways=tuple(gateways[gateway.id.lower()] for gateway in target.gateways),
                nodes=nodes.get(target.cluster.id, NodeList()),
            )
            for target in targets
        ]

    def _nodes(
        self,
        targets: Sequence[WatchedCluster],
        series: Mapping[ArmId, LoadBalancerSeries | None],
        deadline: Deadline,
        at_a_time: int,
    ) -> Mapping[str, NodeList]:
        """Nodes by cluster id, for IPs that need names. After the deadline nodes are shown by IP only."""
        wanted = [(target.cluster, ips) for target in targets if (ips := _ips_to_name(series[target.cluster.id]))]

        def nodes_of(cluster_and_ips: tuple[Cluster, Iterable[str]]) -> tuple[str, NodeList]:
            cluster, ips = cluster_and_ips
            if deadline.is_over:
                return cluster.id, NodeList()
            with within(deadline):
                return cluster.id, self._nodes_of(cluster, ips)

        return dict(side_by_side(nodes_of, wanted, min(at_a_time, _NAMED_AT_A_TIME)))


def _ips_to_name(series: LoadBalancerSeries | None) -> set[str]:
    if series is None:
        return set()
    by_backend = series.connections_by_backend.series if series.connections_by_backend else ()
    full = series.ports.nodes if series.ports else ()
    return {node.ip for node in full} | {of_backend.backend_ip for of_backend in by_backend}


def _collect_balancers(queries: GroupQueries, scope: ScanScope) -> dict[str, LoadBalancerSeries]:
    """The load balancers of one group of clusters, by id in lower case."""
    window, targets = scope.window, queries.by_balancer
    collector = PortCollector(queries, scope.ports or window)
    in_trouble = [key for key, target in targets.items() if target.cluster.id.lower() in scope.in_trouble]
    ahead = in_trouble[:MAX_RESOURCES]  # more would not fit into memory at once
    connections, by_backend, before, ports = queries.query_all(
        (targets, metric_queries.SNAT_CONNECTIONS, window),
        *_detail(ahead, window),
        collector.query_in_trouble(ahead),
    )
    collector.keep_in_trouble(ports)
    answered = {key: answer for key, answer in connections.items() if isinstance(answer, MetricAnswer)}
    silent = [key for key, answer in answered.items() if not answer.has_point_in(window)]
    failing = [key for key, answer in answered.items() if has_failure(answer, window)]
    allocated, *detail = queries.query_all(
        (silent, metric_queries.ALLOCATED_SNAT_PORTS, Window(window.end - MAX_DELAY, window.end)),
        *_detail([key for key in failing if key not in ahead], window),
    )
    by_backend, before = by_backend | detail[0], before | detail[1]
    collector.collect_in_trouble([key for key in in_trouble if key in answered and key not in ahead])
    if scope.ports is not None:
        collector.collect([key for key in answered if key not in in_trouble and scope.has_due_ports(key)])
    return {
        key: LoadBalancerSeries(
            connections=answer_or_reason(answer, allocated.get(key)),
            allocated=answer_or_none(allocated.get(key)),
            connections_by_backend=answer_or_none(by_backend.get(key)) if key in failing else None,
            connections_before=answer_or_none(before.get(key)) if key in failing else None,
            ports=collector.readings.get(key),
            port_history=collector.histories.get(key, ()),
        )
        for key, answer in connections.items()
    }


def _detail(keys: Sequence[str], window: Window) -> tuple[GroupQuery, GroupQuery]:
    return (
        (keys, metric_queries.SNAT_CONNECTIONS_BY_BACKEND, window),
        (keys, metric_queries.SNAT_CONNECTIONS, Window(window.end - LOOK_BACK, window.end)),
    )


def has_failure(answer: MetricAnswer, window: Window) -> bool:
    return any(series.state == FAILED and value > 0 for series, _, value in answer.points_in(window))


def collect_gateways(
    queries: GroupQueries, targets: Sequence[WatchedCluster], scope: ScanScope
) -> dict[str, GatewaySeries]:
    """By id in lower case: connections by state in every scan; the rest when due, or in trouble."""
    gateways = {gateway.id.lower(): gateway for target in targets for gateway in target.gateways}
    in_trouble = {
        gateway.id.lower()
        for target in targets
        if target.cluster.id.lower() in scope.in_trouble
        for gateway in target.gateways
    }
    due = [key for key in gateways if scope.gateways is not None or key in in_trouble]
    slow_window = scope.gateways or gateway_window(scope.window)
    connections = queries.query_gateways(gateways, gateways, metric_queries.NAT_CONNECTIONS, scope.window)
    silent = [
        key
        for key, answer in connections.items()
        if isinstance(answer, MetricAnswer) and not answer.has_point_in(scope.window) and key not in due
    ]
    datapath = queries.query_gateways(gateways, [*silent, *due], metric_queries.NAT_DATAPATH, slow_window)
    opened = queries.query_gateways(gateways, due, metric_queries.NAT_OPEN_CONNECTIONS, slow_window)
    return {
        key: GatewaySeries(
            gateway=gateways[key],
            connections=answer_or_reason(answer, datapath.get(key) if key in silent else None),
            datapath=answer_or_none(datapath.get(key)),
            open_connections=answer_or_none(opened.get(key)),
            slow_window=slow_window if key in due else None,
        )
        for key, answer in connections.items()
    }
