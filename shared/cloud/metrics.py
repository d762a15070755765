"""Azure Monitor's metrics of one resource, read through Resource Manager.

Needs ``Microsoft.Insights/metrics/read`` on the resource and nothing else. The queries are in ``metric_queries``.
"""

from __future__ import annotations

from ..model.metric import MetricAnswer, Series, Window
from . import api_versions, metric_queries
from .arm import Arm
from .errors import UnexpectedAnswer
from .metric_queries import MetricQuery, sum_over, utc_text
from .parse.metric import parse_metrics


def complete_series(answer: MetricAnswer) -> tuple[Series, ...]:
    """The series of an answer. Raises UnexpectedAnswer when a minute is unknown, which would make a proof unsound."""
    if answer.unknown:
        at = min(answer.unknown)
        raise UnexpectedAnswer("metric", f"a value of {at:%H:%M} UTC is below zero or no number", status=200)
    return answer.series


class Metrics:
    """Every method raises the errors of ``errors``; MetricUnavailable when Azure answers, but not for this metric."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def query_resource(self, resource_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        timespan = f"{utc_text(window.start)}/{utc_text(window.end)}"
        path = f"{resource_id}/providers/Microsoft.Insights/metrics"
        content = self._arm.get_bytes(path, api_versions.METRICS, timespan=timespan, **query.parameters("$filter"))
        return parse_metrics(content, query, window)

    def snat_connections(self, load_balancer_id: str, window: Window, by_backend: bool) -> MetricAnswer:
        """New outbound connections a minute by ``connectionstate``, and by ``backendipaddress`` if ``by_backend``."""
        query = metric_queries.SNAT_CONNECTIONS_BY_BACKEND if by_backend else metric_queries.SNAT_CONNECTIONS
        return self.query_resource(load_balancer_id, query, window)

    def allocated_snat_ports_by_backend(self, load_balancer_id: str, window: Window) -> MetricAnswer:
        """Ports by ``backendipaddress``, ``protocoltype`` and ``isawaitingremoval``, over all frontends."""
        return self._ports(load_balancer_id, metric_queries.ALLOCATED_SNAT_PORTS_BY_BACKEND, window)

    def used_snat_ports_by_backend(self, load_balancer_id: str, window: Window) -> MetricAnswer:
        """Ports by ``backendipaddress``, ``protocoltype`` and ``isawaitingremoval``, over all frontends."""
        return self._ports(load_balancer_id, metric_queries.USED_SNAT_PORTS_BY_BACKEND, window)

    def nat_gateway_connections(self, nat_gateway_id: str, window: Window) -> MetricAnswer:
        """New connections by ``connectionstate`` (Attempted, Failed). Platform checks show even without traffic."""
        return self.query_resource(nat_gateway_id, metric_queries.NAT_CONNECTIONS, window)

    def nat_gateway_open_connections(self, nat_gateway_id: str, window: Window) -> MetricAnswer:
        """Open connections, to compare with the gateway's capacity."""
        return self.query_resource(nat_gateway_id, metric_queries.NAT_OPEN_CONNECTIONS, window)

    def nat_gateway_datapath(self, nat_gateway_id: str, window: Window) -> MetricAnswer:
        """Availability in percent; Microsoft advises to alert below 90 over 15 minutes (nat-gateway docs)."""
        return self.query_resource(nat_gateway_id, metric_queries.NAT_DATAPATH, window)

    def nat_gateway_drops(self, nat_gateway_id: str, window: Window) -> MetricAnswer:
        """Dropped packets a minute."""
        return self.query_resource(nat_gateway_id, metric_queries.NAT_DROPS, window)

    def node_readiness(self, cluster_id: str, window: Window) -> MetricAnswer:
        """Nodes' Ready condition by ``node``, ``status`` and ``status2``: a value above 0 means it holds."""
        return self.query_resource(cluster_id, metric_queries.NODE_READINESS, window)

    def _ports(self, load_balancer_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        return sum_over(self.query_resource(load_balancer_id, query, window), "frontendipaddress")
