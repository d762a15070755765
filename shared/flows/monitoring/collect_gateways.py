"""NAT gateways: connections by state at every look; open connections and the data path when due, or in trouble."""

from __future__ import annotations

from collections.abc import Sequence

from ...cloud import metric_queries
from ...core.detection.assess import GatewaySeries
from ...core.detection.load_balancer import has_point
from ...model.fleet import WatchedCluster
from ...model.metric import MetricAnswer, Window
from .group_queries import GroupQueries, answer_or_none, answer_or_reason, trouble_or
from .scan_scope import SLOW_WINDOW, ScanScope


class GatewayCollector:
    def __init__(self, queries: GroupQueries, targets: Sequence[WatchedCluster], scope: ScanScope) -> None:
        self._queries = queries
        self._scope = scope
        self._every = {one.id.lower(): one for target in targets for one in target.gateways}
        self._in_trouble = {
            one.id.lower()
            for target in targets
            if target.cluster.id.lower() in scope.in_trouble
            for one in target.gateways
        }

    def read(self) -> dict[str, GatewaySeries]:
        scope, every = self._scope, self._every
        slow_due = [key for key in every if scope.slow is not None or key in self._in_trouble]
        slow = scope.slow or Window(scope.window.end - SLOW_WINDOW, scope.window.end)
        connections = self._queries.gateways(every, every, metric_queries.NAT_CONNECTIONS, scope.window)
        silent = [
            key
            for key, one in connections.items()
            if isinstance(one, MetricAnswer) and not has_point(scope.window, one) and key not in slow_due
        ]
        datapath = self._queries.gateways(every, [*silent, *slow_due], metric_queries.NAT_DATAPATH, slow)
        opened = self._queries.gateways(every, slow_due, metric_queries.NAT_OPEN_CONNECTIONS, slow)
        return {
            key: GatewaySeries(
                gateway=every[key],
                connections=answer_or_reason(trouble_or(one, datapath.get(key) if key in silent else None)),
                datapath=answer_or_none(datapath.get(key)),
                open_connections=answer_or_none(opened.get(key)),
                slow_window=slow if key in slow_due else None,
            )
            for key, one in connections.items()
        }
