"""NAT gateways: connections by state in every scan; open connections and the data path when due, or in trouble."""

from __future__ import annotations

from collections.abc import Sequence

from ...cloud import metric_queries
from ...core.detection.assess import GatewaySeries
from ...core.detection.schedule import ScanScope, gateway_window
from ...model.fleet import WatchedCluster
from ...model.metric import MetricAnswer
from .group_queries import GroupQueries, answer_or_none, answer_or_reason


def collect_gateways(
    queries: GroupQueries, targets: Sequence[WatchedCluster], scope: ScanScope
) -> dict[str, GatewaySeries]:
    """By id in lower case."""
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
