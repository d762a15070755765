"""Which nodes are Ready, minute by minute.

A kubelet reports to the API server by its node's outbound path. On a public cluster with authorized
ranges the server answers only addresses in them (Azure docs: api-server-authorized-ip-ranges); the
load balancer's own outbound IPs are let in by AKS itself. A node that isn't heard of for some 40
seconds loses Ready (Kubernetes docs: node-monitor-grace-period), here in the next minute, and is
Ready again a minute after it gets through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .egress import path_of
from .fleet import Cluster, Node
from .services.network.state import references

if TYPE_CHECKING:
    from .world import World

GRACE_MINUTES = 1


def update_readiness(world: World, minute: int, nodes: Iterable[Node]) -> None:
    """Look again which nodes reach their API server; called when paths or ranges have changed."""
    for node in nodes:
        reaches = reaches_api_server(world, node)
        if reaches != node.reaches_api_server:
            node.reaches_api_server = reaches
            node.note(minute + GRACE_MINUTES)


def reaches_api_server(world: World, node: Node) -> bool:
    """Whether every address that the node may leave by is let in. Unknown addresses count as let in."""
    ranges = _ranges(node.pool.cluster)
    gateway_id = path_of(node, world.network).gateway if ranges else None
    gateway = world.network.get(gateway_id) if gateway_id is not None else None
    if gateway is None:
        return True
    addresses = [_network(world, each, "ipAddress") for each in references(gateway.properties, "publicIpAddresses")]
    addresses += [_network(world, each, "ipPrefix") for each in references(gateway.properties, "publicIpPrefixes")]
    return all(any(each.subnet_of(one) for one in ranges) for each in addresses if each is not None)


def _network(world: World, resource_id: str, name: str) -> ipaddress.IPv4Network | None:
    document = world.network.get(resource_id)
    value = document.properties.get(name) if document is not None else None
    return ipaddress.IPv4Network(str(value)) if value and ":" not in str(value) else None


def _ranges(cluster: Cluster) -> list[ipaddress.IPv4Network]:
    access = cluster.properties.get("apiServerAccessProfile") or {}
    if access.get("enablePrivateCluster") or access.get("enableVnetIntegration"):
        return []
    return [ipaddress.IPv4Network(str(each), strict=False) for each in access.get("authorizedIPRanges") or []]
