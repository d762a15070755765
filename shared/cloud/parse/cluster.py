"""A managed cluster and its node pools."""

from __future__ import annotations

from ...model.cluster import Cluster, LoadBalancerProfile, NodePool
from ...model.resource_id import ArmId
from .fields import (
    Json,
    flag,
    inner,
    items,
    location,
    number,
    required,
    resource_id,
    segment,
    tags,
    text,
    texts,
)
from .subnet import SUBNET_TYPE

CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
_OUTBOUND_TYPES = (
    "loadBalancer",
    "managedNATGateway",
    "managedNATGatewayV2",
    "userAssignedNATGateway",
    "userDefinedRouting",
    "none",
    "block",
)
_IDLE_TIMEOUT_MINUTES = 30  # AKS's default (AKS docs: configure-load-balancer-standard)


def parse_cluster(item: Json) -> Cluster:
    """Without an outbound type it is ``loadBalancer``, AKS's default; an unknown one is kept as it came."""
    outbound_type = text(item, "properties", "networkProfile", "outboundType", default="loadBalancer")
    known = {name.lower(): name for name in _OUTBOUND_TYPES}
    return Cluster(
        id=resource_id(item, "id", of=CLUSTER_TYPE),
        name=segment(item, "name"),
        location=location(item),
        node_resource_group=segment(item, "properties", "nodeResourceGroup"),
        outbound_type=known.get(outbound_type.lower(), outbound_type),
        provisioning_state=text(item, "properties", "provisioningState", default="Succeeded"),
        power_state=text(item, "properties", "powerState", "code", default="Running"),
        is_private=flag(item, "properties", "apiServerAccessProfile", "enablePrivateCluster"),
        load_balancer_sku=text(item, "properties", "networkProfile", "loadBalancerSku", default="standard").lower(),
        authorized_ip_ranges=texts(item, "properties", "apiServerAccessProfile", "authorizedIPRanges"),
        load_balancer_profile=_profile(inner(item, "properties", "networkProfile", "loadBalancerProfile")),
        pools=tuple(_pool(entry) for entry in items(item, "properties", "agentPoolProfiles")),
        tags=tags(item),
        ip_families=texts(item, "properties", "networkProfile", "ipFamilies"),
    )


def _profile(item: Json) -> LoadBalancerProfile:
    managed_count = number(item, "managedOutboundIPs", "count", default=-1)
    return LoadBalancerProfile(
        allocated_outbound_ports=number(item, "allocatedOutboundPorts", default=0),
        idle_timeout_minutes=number(item, "idleTimeoutInMinutes", default=_IDLE_TIMEOUT_MINUTES),
        managed_outbound_ip_count=None if managed_count < 0 else managed_count,
    )


def _pool(item: Json) -> NodePool:
    count = number(item, "count", default=0)
    is_autoscaled = flag(item, "enableAutoScaling")
    return NodePool(
        name=required(item, "name"),
        # A pool that doesn't say counts as system: system pools are touched last.
        mode=text(item, "mode", default="System"),
        count=count,
        max_count=number(item, "maxCount", default=count) if is_autoscaled else count,
        max_surge=text(item, "upgradeSettings", "maxSurge"),
        vnet_subnet_id=_subnet(item, "vnetSubnetID"),
        pod_subnet_id=_subnet(item, "podSubnetID"),
        zones=texts(item, "availabilityZones"),
        provisioning_state=text(item, "provisioningState", default="Succeeded"),
        has_node_public_ips=flag(item, "enableNodePublicIP"),
    )


def _subnet(item: Json, name: str) -> ArmId | None:
    return resource_id(item, name, of=SUBNET_TYPE) if text(item, name) else None
