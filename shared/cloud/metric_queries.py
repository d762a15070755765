"""Every Azure Monitor query, with the exact metric names.

Names, dimensions and aggregations: Azure docs, supported-metrics, Microsoft.Network/loadBalancers,
Microsoft.Network/natGateways and Microsoft.ContainerService/managedClusters. Filters select every value
(``'*'``), because Azure does not document the spelling of each.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ..model.metric import MetricAnswer, Series

METRIC = "metric"  # dimension of a series in the answer to a query for several metrics
_LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
_NAT_GATEWAYS = "Microsoft.Network/natGateways"
_MANAGED_CLUSTERS = "Microsoft.ContainerService/managedClusters"

# Far above the largest answer: an AKS cluster has at most 5,000 nodes (AKS docs: quotas-skus-regions), each with a
# series for every state, or for every frontend, protocol and IsAwaitingRemoval.
DEFAULT_TOP = 50_000
PORTS_TOP = 500_000


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One metric (or several, with commas), a value a minute."""

    namespace: str
    metric: str
    aggregation: str
    filter: str | None = None
    top: int = DEFAULT_TOP  # without it Azure Monitor returns 10 series and does not report that there are more
    order_by: str | None = None

    @property
    def limit(self) -> int | None:
        """``top``, or None without a filter: Azure then returns a single series."""
        return self.top if self.filter is not None else None

    def parameters(self, filter_name: str) -> dict[str, str | int]:
        """Query parameters for both metrics APIs; only the filter's name differs."""
        query: dict[str, str | int] = {
            "interval": "PT1M",
            "metricnamespace": self.namespace,
            "metricnames": self.metric,
            "aggregation": self.aggregation,
        }
        if self.filter is not None:
            query |= {filter_name: self.filter, "top": self.top}
            if self.order_by is not None:
                query["orderby"] = self.order_by
        return query


SNAT_CONNECTIONS = MetricQuery(_LOAD_BALANCERS, "SnatConnectionCount", "Total", "ConnectionState eq '*'")
SNAT_CONNECTIONS_BY_BACKEND = MetricQuery(
    _LOAD_BALANCERS,
    "SnatConnectionCount",
    "Total",
    "BackendIPAddress eq '*' and ConnectionState eq '*'",
    order_by="total desc",
)
# Without a filter: the average over everything, enough to see whether the load balancer reports.
ALLOCATED_SNAT_PORTS = MetricQuery(_LOAD_BALANCERS, "AllocatedSnatPorts", "Average")
_EVERY_PORT = (
    "FrontendIPAddress eq '*' and BackendIPAddress eq '*' and ProtocolType eq '*' and IsAwaitingRemoval eq '*'"
)
ALLOCATED_SNAT_PORTS_BY_BACKEND = MetricQuery(
    _LOAD_BALANCERS, "AllocatedSnatPorts", "Average", _EVERY_PORT, PORTS_TOP, "average desc"
)
USED_SNAT_PORTS_BY_BACKEND = MetricQuery(
    _LOAD_BALANCERS, "UsedSnatPorts", "Average", _EVERY_PORT, PORTS_TOP, "average desc"
)
USED = "UsedSnatPorts"
ALLOCATED = "AllocatedSnatPorts"
SNAT_PORTS = MetricQuery(_LOAD_BALANCERS, f"{USED},{ALLOCATED}", "Average")
# Both metrics in one request halve the number of requests.
SNAT_PORTS_BY_BACKEND = MetricQuery(
    _LOAD_BALANCERS, f"{USED},{ALLOCATED}", "Average", _EVERY_PORT, 2 * PORTS_TOP, "average desc"
)

# The NAT gateway's spelling has an upper-case SNAT.
NAT_CONNECTIONS = MetricQuery(_NAT_GATEWAYS, "SNATConnectionCount", "Total", "ConnectionState eq '*'")
NAT_OPEN_CONNECTIONS = MetricQuery(_NAT_GATEWAYS, "TotalConnectionCount", "Total")
NAT_DATAPATH = MetricQuery(_NAT_GATEWAYS, "DatapathAvailability", "Average")
NAT_DROPS = MetricQuery(_NAT_GATEWAYS, "PacketDropCount", "Total")

NODE_READINESS = MetricQuery(
    _MANAGED_CLUSTERS,
    "kube_node_status_condition",
    "Average",
    "condition eq 'Ready' and status eq '*' and status2 eq '*' and node eq '*'",
    PORTS_TOP,
)


def sum_over(answer: MetricAnswer, dimension: str) -> MetricAnswer:
    """The answer without one dimension: the sum of its series, minute by minute.

    A node has ports on every frontend, and Azure's average without that dimension is a mean over the frontends.
    """
    sums: dict[tuple[tuple[str, str], ...], dict[datetime, float]] = {}
    for series in answer.series:
        key = tuple((name, value) for name, value in series.dimensions.items() if name != dimension)
        points = sums.setdefault(key, {})
        for at, value in series.points:
            points[at] = points.get(at, 0.0) + value
    return MetricAnswer(
        tuple(Series(dict(key), tuple(sorted(points.items()))) for key, points in sums.items()),
        answer.is_truncated,
        answer.unknown,
    )


def of_metric(answer: MetricAnswer, name: str) -> MetricAnswer:
    """One metric's series from the answer to a query for several."""
    return replace(answer, series=tuple(series for series in answer.series if series.dimensions.get(METRIC) == name))


def utc_text(at: datetime) -> str:
    """``2026-11-22T10:00:00Z`` for a timezone-aware UTC time."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
