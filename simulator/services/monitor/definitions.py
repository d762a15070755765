"""Which metrics there are: names, units, aggregations and dimensions.

From Microsoft's published tables (azure-monitor-reference supported-metrics:
microsoft-network-loadbalancers, microsoft-network-natgateways, microsoft-containerservice-managedclusters).
The aggregations that a metric supports besides its primary one aren't published there; a counter is
taken to support Total only, as Azure's load balancer documents say, a gauge what a gauge can.
"""

from __future__ import annotations

from ...state.metric_source import MetricDefinition

COUNTER = ("Total",)
GAUGE = ("Average", "Minimum", "Maximum", "Total", "Count")
PERCENTAGE = ("Average", "Minimum", "Maximum")

TIME_GRAINS_AS_SPANS = "00:01:00,00:05:00,00:15:00,00:30:00,01:00:00,06:00:00,12:00:00,1.00:00:00"

LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
NAT_GATEWAYS = "Microsoft.Network/natGateways"
MANAGED_CLUSTERS = "Microsoft.ContainerService/managedClusters"

_PORTS = ("FrontendIPAddress", "BackendIPAddress", "ProtocolType", "IsAwaitingRemoval")
_FRONTEND = ("FrontendIPAddress", "FrontendPort", "Direction")

_LOAD_BALANCER_METRICS = (
    MetricDefinition(
        "VipAvailability",
        "Data Path Availability",
        "Average Load Balancer data path availability per time duration",
        "Count",
        PERCENTAGE,
        ("FrontendIPAddress", "FrontendPort"),
    ),
    MetricDefinition(
        "DipAvailability",
        "Health Probe Status",
        "Average Load Balancer health probe status per time duration",
        "Count",
        PERCENTAGE,
        ("ProtocolType", "BackendPort", "FrontendIPAddress", "FrontendPort", "BackendIPAddress"),
    ),
    MetricDefinition(
        "ByteCount",
        "Byte Count",
        "Total number of Bytes transmitted within time period",
        "Bytes",
        COUNTER,
        _FRONTEND,
    ),
    MetricDefinition(
        "PacketCount",
        "Packet Count",
        "Total number of Packets transmitted within time period",
        "Count",
        COUNTER,
        _FRONTEND,
    ),
    MetricDefinition(
        "SYNCount",
        "SYN Count",
        "Total number of SYN Packets transmitted within time period",
        "Count",
        COUNTER,
        _FRONTEND,
    ),
    MetricDefinition(
        "SnatConnectionCount",
        "SNAT Connection Count",
        "Total number of new SNAT connections created within time period",
        "Count",
        COUNTER,
        ("FrontendIPAddress", "BackendIPAddress", "ConnectionState"),
    ),
    MetricDefinition(
        "AllocatedSnatPorts",
        "Allocated SNAT Ports",
        "Total number of SNAT ports allocated within time period",
        "Count",
        GAUGE,
        _PORTS,
    ),
    MetricDefinition(
        "UsedSnatPorts",
        "Used SNAT Ports",
        "Total number of SNAT ports used within time period",
        "Count",
        GAUGE,
        _PORTS,
    ),
)

_NAT_GATEWAY_METRICS = (
    MetricDefinition(
        "ByteCount",
        "Bytes",
        "Total number of Bytes transmitted within time period",
        "Bytes",
        COUNTER,
        ("Protocol", "Direction"),
    ),
    MetricDefinition(
        "PacketCount",
        "Packets",
        "Total number of Packets transmitted within time period",
        "Count",
        COUNTER,
        ("Protocol", "Direction"),
    ),
    MetricDefinition("PacketDropCount", "Dropped Packets", "Count of dropped packets", "Count", COUNTER),
    MetricDefinition(
        "SNATConnectionCount",
        "SNAT Connection Count",
        "Total concurrent active connections",
        "Count",
        COUNTER,
        ("Protocol", "ConnectionState"),
    ),
    MetricDefinition(
        "TotalConnectionCount",
        "Total SNAT Connection Count",
        "Total number of active SNAT connections",
        "Count",
        ("Total", "Average", "Minimum", "Maximum"),
        ("Protocol",),
    ),
    MetricDefinition(
        "DatapathAvailability",
        "Datapath Availability (Preview)",
        "NAT Gateway Datapath Availability",
        "Count",
        PERCENTAGE,
    ),
)

_MANAGED_CLUSTER_METRICS = (
    MetricDefinition(
        "kube_node_status_condition",
        "Statuses for various node conditions",
        "Statuses for various node conditions",
        "Count",
        GAUGE,
        ("condition", "status", "status2", "node"),
    ),
)

DEFINITIONS: dict[str, tuple[str, tuple[MetricDefinition, ...]]] = {
    namespace.lower(): (namespace, metrics)
    for namespace, metrics in (
        (LOAD_BALANCERS, _LOAD_BALANCER_METRICS),
        (NAT_GATEWAYS, _NAT_GATEWAY_METRICS),
        (MANAGED_CLUSTERS, _MANAGED_CLUSTER_METRICS),
    )
}
