"""Finds, adds and removes the clusters that recordings show."""

from __future__ import annotations

from ...fleet import Cluster
from ...resourceid import ResourceId, network_id
from ..stage import Stage


def cluster_named(stage: Stage, resource_id: ResourceId) -> Cluster:
    """The cluster with this id, created if it is missing."""
    cluster = stage.world.clusters.get(resource_id.key)
    if cluster is None:
        group, name = resource_id.group, resource_id.name
        node_group = f"MC_{group}_{name}_{stage.location}"
        cluster = Cluster(resource_id.subscription, group, name, stage.location, node_group)
        put_cluster(stage, cluster)
    return cluster


def cluster_of_group(stage: Stage, subscription: str, node_group: str) -> Cluster:
    """The cluster whose nodes are in a resource group, created if it is missing."""
    for cluster in stage.world.clusters_in(subscription):
        if cluster.node_group.lower() == node_group.lower():
            return cluster
    parts = node_group.split("_")
    group, name = (parts[1], parts[2]) if node_group.startswith("MC_") and len(parts) == 4 else ("group", "cluster")
    cluster = Cluster(subscription, group, name, stage.location, node_group)
    put_cluster(stage, cluster)
    return cluster


def managed_subnet_id(cluster: Cluster) -> str:
    """The id of the subnet that AKS makes in the node resource group."""
    names = ("virtualNetworks", "aks-vnet", "subnets", "aks-subnet")
    return network_id(cluster.subscription, cluster.node_group, *names)


def forget_cluster(stage: Stage, cluster: Cluster) -> None:
    """Remove a cluster, with its load balancer and scale sets."""
    world = stage.world
    world.load_balancers.pop(cluster.load_balancer_id.lower(), None)
    world.clusters.pop(cluster.id.lower(), None)
    for pool in cluster.pools:
        neighbours = world.subnet_pools.get(pool.subnet_id.lower(), [])
        neighbours[:] = [each for each in neighbours if each is not pool]


def put_cluster(stage: Stage, cluster: Cluster) -> None:
    """Add a cluster, or add it again after it was changed."""
    forget_cluster(stage, cluster)
    stage.know_group(cluster.subscription, cluster.group)
    stage.know_group(cluster.subscription, cluster.node_group)
    stage.world.groups[cluster.subscription.lower(), cluster.node_group.lower()].managed_by = cluster.id
    stage.world.add_cluster(cluster)
