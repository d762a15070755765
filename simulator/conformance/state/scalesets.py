"""Derives a cluster's pools and nodes from recorded scale sets, instances and NICs."""

from __future__ import annotations

from typing import Any

from ...fleet import Cluster, Node, NodePool
from ...physics.workload import NodeLoad
from ...resourceid import ResourceId
from ..stage import Stage
from .fleet import managed_subnet_id

Body = dict[str, Any]


def fill_from_scale_set(stage: Stage, cluster: Cluster, resource_id: ResourceId, body: Body) -> None:
    """A scale set's answer: the pool behind it, with as many nodes as its capacity."""
    tags, sku = body.get("tags") or {}, body.get("sku") or {}
    pool = pool_of(cluster, resource_id.names[0], str(tags.get("aks-managed-poolName", "")))
    _take_common(cluster, body)
    pool.vm_size = str(sku.get("name") or pool.vm_size)
    pool.zones = tuple(body.get("zones") or pool.zones)
    _take_profile(pool, (body.get("properties") or {}).get("virtualMachineProfile") or {})
    for instance in range(len(pool.nodes), int(sku.get("capacity") or 0)):
        _node(stage, pool, instance)


def _take_common(cluster: Cluster, body: Body) -> None:
    """Set the cluster's region and version, from a scale set or an instance."""
    tags = body.get("tags") or {}
    cluster.location = str(body.get("location") or cluster.location)
    _, _, version = str(tags.get("aks-managed-orchestrator", "")).partition(":")
    cluster.kubernetes_version = version or cluster.kubernetes_version
    if "aks-managed-poolName" in tags and "aks-managed-azure-cni-overlay" not in tags:
        cluster.network_plugin = "kubenet"


def _take_profile(pool: NodePool, profile: Body) -> None:
    """Set the subnet and load balancer pools from a network profile's interfaces."""
    for interface in (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or []:
        for configuration in interface["properties"].get("ipConfigurations") or []:
            _take_configuration(pool, configuration.get("properties") or {})


def _take_configuration(pool: NodePool, properties: Body) -> None:
    pool.subnet_id = str((properties.get("subnet") or {}).get("id") or pool.subnet_id)
    pools = [
        str(each.get("id", "")).rpartition("/")[2] for each in properties.get("loadBalancerBackendAddressPools") or []
    ]
    if "kubernetes" in pools:
        pool.cluster.outbound_type = "loadBalancer" if len(pools) > 1 else "userDefinedRouting"


def pool_of(cluster: Cluster, scale_set: str, name: str = "") -> NodePool:
    """The pool behind a scale set, created if it is missing."""
    for pool in cluster.pools:
        if pool.scale_set.lower() == scale_set.lower():
            return pool
    parts = scale_set.split("-")
    pool = NodePool(
        cluster,
        name or (parts[1] if len(parts) == 4 else scale_set),
        "System",
        managed_subnet_id(cluster),
        own_subnet=False,
    )
    vars(pool)["scale_set"] = scale_set
    cluster.pools.append(pool)
    return pool


def have_node(stage: Stage, cluster: Cluster, resource_id: ResourceId, body: Body) -> None:
    """The answer of an instance or of its NIC: the node behind it, with the NIC's subnet and address."""
    pool = pool_of(cluster, resource_id.names[0])
    node = _node(stage, pool, int(resource_id.names[1]))
    if len(resource_id.types) < 3:
        _take_common(cluster, body)
        _take_profile(pool, {"networkProfile": body["properties"].get("networkProfileConfiguration") or {}})
        pool.vm_size = str((body.get("sku") or {}).get("name") or pool.vm_size)
        return
    vars(node)["nic_id"] = str(resource_id)
    for configuration in body["properties"].get("ipConfigurations") or []:
        properties = configuration.get("properties") or {}
        if properties.get("primary", True):
            vars(node)["ip_configuration_id"] = str(configuration.get("id") or node.ip_configuration_id)
            node.address = str(properties.get("privateIPAddress") or node.address)
            _take_configuration(pool, properties)


def node_of_configuration(stage: Stage, cluster: Cluster, configuration: ResourceId) -> None:
    """The node that a NIC's IP configuration belongs to."""
    if len(configuration.names) >= 3 and configuration.names[1].isdigit():
        _node(stage, pool_of(cluster, configuration.names[0]), int(configuration.names[1]))


def _node(stage: Stage, pool: NodePool, instance: int) -> Node:
    for node in pool.nodes:
        if node.instance == instance:
            return node
    node = Node(pool, instance, next(stage.world.public_addresses), NodeLoad((), pool.name))
    pool.nodes.append(node)
    return node
