"""The metric definitions (`definitions.json`): names, units, aggregations and dimensions.

From Microsoft's published tables (azure-monitor-reference supported-metrics:
microsoft-network-loadbalancers, microsoft-network-natgateways, microsoft-containerservice-managedclusters).
The aggregations that a metric supports besides its primary one aren't published there; a counter is
taken to support Total only, as Azure's load balancer documents say, a gauge what a gauge can.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...state.metric_source import MetricDefinition

TIME_GRAINS_AS_SPANS = "00:01:00,00:05:00,00:15:00,00:30:00,01:00:00,06:00:00,12:00:00,1.00:00:00"
LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
NAT_GATEWAYS = "Microsoft.Network/natGateways"
MANAGED_CLUSTERS = "Microsoft.ContainerService/managedClusters"


def _definition(aggregations: list[str], dimensions: list[str] | None = None, **texts: Any) -> MetricDefinition:
    return MetricDefinition(aggregations=tuple(aggregations), dimensions=tuple(dimensions or ()), **texts)


DEFINITIONS = {
    namespace.lower(): (namespace, tuple(_definition(**each) for each in metrics))
    for namespace, metrics in json.loads(Path(__file__).with_name("definitions.json").read_text("utf-8")).items()
}
"""By namespace in lower case: the namespace, and its metrics."""
