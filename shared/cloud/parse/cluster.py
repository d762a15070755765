"""A managed cluster and its node pools."""

from ...model.cluster import Cluster, LoadBalancerProfile, NodePool
from ...model.resource_id import ArmId
from .fields import (
    Json,
    field,
    flag,
    inner,
    items,
    location,
    loose_references,
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
    """Without an outbound type it is ``loadBalancer``, AKS's default; an unknown type is kept."""
    outbound_type = text(item, "properties", "networkProfile", "outboundType", default="loadBalancer")
    hosted = inner(item, "properties", "hostedSystemProfile")
    known = {name.lower(): name for name in _OUTBOUND_TYPES}
    return Cluster(
        id=resource_id(item, "id", of=CLUSTER_TYPE),
        name=segment(item, "name"),
        location=location(item),
        node_resource_group=segment(item, "properties", "nodeResourceGroup"),
        outbound_type=known.get(outbound_type.lower(), outbound_type),
        managed_gateway_sku=_managed_gateway_sku(item, outbound_type),
        provisioning_state=text(item, "properties", "provisioningState", default="Succeeded"),
        power_state=text(item, "properties", "powerState", "code", default="Running"),
        is_private=flag(item, "properties", "apiServerAccessProfile", "enablePrivateCluster"),
        has_vnet_integration=flag(item, "properties", "apiServerAccessProfile", "enableVnetIntegration"),
        load_balancer_sku=text(item, "properties", "networkProfile", "loadBalancerSku", default="standard").lower(),
        authorized_ip_ranges=texts(item, "properties", "apiServerAccessProfile", "authorizedIPRanges"),
        load_balancer_profile=_profile(inner(item, "properties", "networkProfile", "loadBalancerProfile")),
        pools=tuple(_pool(entry) for entry in items(item, "properties", "agentPoolProfiles")),
        tags=tags(item),
        ip_families=texts(item, "properties", "networkProfile", "ipFamilies"),
        has_auto_provisioning=text(item, "properties", "nodeProvisioningProfile", "mode").lower() == "auto",
        has_hosted_pools=bool(hosted) and flag(hosted, "enabled", default=True),
        hosted_subnet_ids=_hosted_subnets(hosted, text(item, "properties", "nodeResourceGroup")),
    )


def _managed_gateway_sku(item: Json, outbound_type: str) -> str:
    """Older API versions have an outbound type for StandardV2, newer ones a property (azure-rest-api-specs#45055)."""
    if outbound_type.lower() == "managednatgatewayv2":
        return "StandardV2"
    sku = text(item, "properties", "networkProfile", "natGatewayProfile", "sku")
    return {"standard": "Standard", "standardv2": "StandardV2"}.get(sku.lower(), sku)


def _profile(item: Json) -> LoadBalancerProfile:
    managed_count = number(item, "managedOutboundIPs", "count", default=-1)
    return LoadBalancerProfile(
        allocated_outbound_ports=number(item, "allocatedOutboundPorts", default=0),
        idle_timeout_minutes=number(item, "idleTimeoutInMinutes", default=_IDLE_TIMEOUT_MINUTES),
        managed_outbound_ip_count=None if managed_count < 0 else managed_count,
        effective_ip_ids=loose_references(item, "effectiveOutboundIPs"),
    )


def _pool(item: Json) -> NodePool:
    count, max_count = _counts(item)
    return NodePool(
        name=required(item, "name"),
        # A pool without a mode counts as system, because system pools are moved last.
        mode=text(item, "mode", default="System"),
        count=0 if text(item, "powerState", "code").lower() == "stopped" else count or 0,
        max_count=max_count,
        max_surge=text(item, "upgradeSettings", "maxSurge"),
        vnet_subnet_id=_subnet(item, "vnetSubnetID"),
        pod_subnet_id=_subnet(item, "podSubnetID"),
        zones=texts(item, "availabilityZones"),
        provisioning_state=text(item, "provisioningState", default="Succeeded"),
        has_node_public_ips=flag(item, "enableNodePublicIP"),
        kind=text(item, "type", default="VirtualMachineScaleSets"),
        # Only at the creation of a pool (AKS docs: nat-gateway).
        has_host_snat=text(item, "osType").lower() == "windows"
        and not flag(item, "windowsProfile", "disableOutboundNat"),
    )


def _counts(item: Json) -> tuple[int | None, int | None]:
    """Nodes now and at most; None if unknown.

    A VirtualMachines pool has no count of its own, but one for each machine size (AKS REST spec 2025-05-01: AgentPools
    Create, example AgentPoolsCreate_TypeVirtualMachines).
    """
    given = number(item, "count", default=-1)
    by_size = [number(entry, "count", default=0) for entry in items(item, "virtualMachineNodesStatus")]
    scale = inner(item, "virtualMachinesProfile", "scale")
    manual = [number(entry, "count", default=0) for entry in items(scale, "manual")]
    count = sum(by_size) if by_size else given if given >= 0 else sum(manual) if manual else None
    limits = _autoscaler_limits(item, scale)
    if -1 in limits:
        return count, None
    most = sum(limits) + sum(manual)
    return count, max(most, count or 0) if limits or count is not None else None


def _autoscaler_limits(item: Json, scale: Json) -> list[int]:
    """The autoscaler's maximum; a VirtualMachines pool has one for each size, or a single one in older versions.

    Empty without an autoscaler; -1 if unknown.
    """
    autoscale = field(scale, "autoscale")
    if not autoscale:
        return [number(item, "maxCount", default=-1)] if flag(item, "enableAutoScaling") else []
    profiles = items(scale, "autoscale") if isinstance(autoscale, list) else [inner(scale, "autoscale")]
    return [number(profile, "maxCount", default=-1) for profile in profiles]


def _hosted_subnets(profile: Json, node_resource_group: str) -> tuple[ArmId, ...]:
    """Subnets that the owner named; else AKS creates them in the node resource group (SDK: HostedSystemProfile)."""
    found = filter(None, (_subnet(profile, name) for name in ("nodeSubnetID", "systemNodeSubnetID")))
    own = (subnet_id for subnet_id in found if subnet_id.resource_group.lower() != node_resource_group.lower())
    return tuple(dict.fromkeys(own))


def _subnet(item: Json, name: str) -> ArmId | None:
    return resource_id(item, name, of=SUBNET_TYPE) if text(item, name) else None
