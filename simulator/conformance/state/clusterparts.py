"""Derives a cluster's state from the recorded cluster or agent pool.

Of a cluster's properties, those that its owner can set are its state; the simulator must compute those that AKS adds
(`READ_ONLY`).
"""

from __future__ import annotations

from typing import Any

from ...fleet import Cluster, Frontend, Node, NodePool
from ...physics.workload import NodeLoad
from ...resourceid import ResourceId
from ..stage import Stage
from .fleet import managed_subnet_id

READ_ONLY = frozenset(
    {"provisioningState", "powerState", "currentKubernetesVersion", "fqdn", "privateFQDN", "azurePortalFQDN"}
    | {"maxAgentPools", "resourceUID", "status"}
)
"""Azure docs: managed clusters REST reference, properties marked readOnly."""
MODELLED = frozenset({"agentPoolProfiles", "networkProfile", "nodeResourceGroup"})
MODELLED_NETWORK = frozenset(
    {"outboundType", "loadBalancerProfile", "natGatewayProfile", "loadBalancerSku", "networkPlugin"}
)
MODELLED_PROFILE = frozenset(
    {"effectiveOutboundIPs", "managedOutboundIPs", "outboundIPs", "outboundIPPrefixes", "managedOutboundIPProfile"}
)
POOL_READ_ONLY = frozenset(
    {"provisioningState", "powerState", "currentOrchestratorVersion", "nodeImageVersion", "eTag", "status"}
)
MODELLED_POOL = frozenset(
    {"name", "count", "vmSize", "vnetSubnetID", "podSubnetID", "availabilityZones", "maxCount", "enableNodePublicIP"}
)
Body = dict[str, Any]


def fill_from_cluster(stage: Stage, cluster: Cluster, _resource_id: ResourceId, body: Body) -> None:
    """A managed cluster's answer."""
    properties = body["properties"]
    network = properties.get("networkProfile") or {}
    _rename_group(cluster, str(properties.get("nodeResourceGroup") or cluster.node_group))
    cluster.location = str(body.get("location") or cluster.location)
    cluster.tags = dict(body.get("tags") or {})
    cluster.provisioning_state = str(properties.get("provisioningState", "Succeeded"))
    cluster.power_state = str((properties.get("powerState") or {}).get("code", "Running"))
    cluster.kubernetes_version = str(properties.get("currentKubernetesVersion") or cluster.kubernetes_version)
    cluster.network_plugin = str(network.get("networkPlugin", "azure"))
    cluster.load_balancer_sku = str(network.get("loadBalancerSku", "standard")).lower()
    cluster.outbound_type = str(network.get("outboundType", "loadBalancer"))
    _fill_outbound(stage, cluster, network)
    cluster.pools = []
    for profile in properties.get("agentPoolProfiles") or []:
        _add_pool(stage, cluster, str(profile.get("name")), profile)
    settings = {name: value for name, value in properties.items() if name not in READ_ONLY | MODELLED}
    settings["networkProfile"] = {name: value for name, value in network.items() if name not in MODELLED_NETWORK}
    settings["networkProfile"] |= _outbound_settings(network)
    cluster.properties = settings
    cluster.tier = str((body.get("sku") or {}).get("tier", "Free"))
    cluster.identity = _identity_setting(body.get("identity"))


def _outbound_settings(network: Body) -> Body:
    """How the owner spells the load balancer's SKU, and the outbound settings that the owner has made."""
    settings: Body = {name: network[name] for name in ("loadBalancerSku",) if name in network}
    for profile in ("loadBalancerProfile", "natGatewayProfile"):
        given = network.get(profile)
        if isinstance(given, dict):
            settings[profile] = {name: value for name, value in given.items() if name not in MODELLED_PROFILE}
            managed = given.get("managedOutboundIPs") or {}
            if profile == "loadBalancerProfile" and "countIPv6" in managed:
                settings[profile]["managedOutboundIPs"] = {"countIPv6": managed["countIPv6"]}
    settings.get("natGatewayProfile", {}).pop("idleTimeoutInMinutes", None)
    return settings


def _identity_setting(identity: Any) -> Body | None:
    if not isinstance(identity, dict):
        return None
    return {name: value for name, value in identity.items() if name not in ("principalId", "tenantId")}


def _rename_group(cluster: Cluster, node_group: str) -> None:
    if node_group != cluster.node_group:
        cluster.node_group = node_group
        cluster.__dict__.pop("load_balancer_id", None)


def _fill_outbound(stage: Stage, cluster: Cluster, network: Body) -> None:
    by_gateway = cluster.outbound_type == "managedNATGateway"
    profile = network.get("natGatewayProfile" if by_gateway else "loadBalancerProfile") or {}
    addresses = profile.get("effectiveOutboundIPs") or []
    cluster.frontends = tuple(
        frontend(stage, str(each["id"])) for each in addresses if isinstance(each, dict) and "id" in each
    )
    balancer = network.get("loadBalancerProfile") or {}
    cluster.managed_outbound_ips = not ({"outboundIPs", "outboundIPPrefixes"} & set(balancer))
    cluster.allocated_outbound_ports = int(balancer.get("allocatedOutboundPorts") or 0)
    cluster.idle_timeout_minutes = int(profile.get("idleTimeoutInMinutes") or 30)


def frontend(stage: Stage, public_ip_id: str) -> Frontend:
    """A frontend of AKS's load balancer, which has the name of its public IP."""
    return Frontend(public_ip_id.rpartition("/")[2], public_ip_id, next(stage.world.public_addresses))


def fill_from_pool(stage: Stage, cluster: Cluster, resource_id: ResourceId, body: Body) -> None:
    """An agent pool's answer."""
    cluster.pools = [pool for pool in cluster.pools if pool.name != resource_id.name]
    properties = body["properties"]
    cluster.kubernetes_version = str(properties.get("currentOrchestratorVersion") or cluster.kubernetes_version)
    cluster.power_state = str((properties.get("powerState") or {}).get("code", "Running"))
    _add_pool(stage, cluster, resource_id.name, properties)


def _add_pool(stage: Stage, cluster: Cluster, name: str, properties: Body) -> None:
    own = properties.get("vnetSubnetID")
    pool = NodePool(
        cluster=cluster,
        name=name,
        mode=str(properties.get("mode", "User")),
        subnet_id=str(own or managed_subnet_id(cluster)),
        own_subnet=own is not None,
        vm_size=str(properties.get("vmSize", "")),
        zones=tuple(str(zone) for zone in properties.get("availabilityZones") or ()),
        max_nodes=properties.get("maxCount"),
        pod_subnet_id=properties.get("podSubnetID"),
        node_public_ip=bool(properties.get("enableNodePublicIP", False)),
        properties={n: v for n, v in properties.items() if n not in POOL_READ_ONLY | MODELLED_POOL},
    )
    pool.size_when_stopped = int(properties.get("count") or 0)
    for instance in range(pool.size_when_stopped if cluster.power_state == "Running" else 0):
        pool.nodes.append(Node(pool, instance, next(stage.world.public_addresses), NodeLoad((), name)))
    cluster.pools.append(pool)
