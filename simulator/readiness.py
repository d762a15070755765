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

from .egress import path_of
from .fleet import Cluster, Node
from .state.network import NetworkState, references

GRACE_MINUTES = 1


def update_readiness(network: NetworkState, minute: int, nodes: Iterable[Node]) -> None:
    """Update which nodes reach their API server; called when paths or ranges have changed."""
    for node in nodes:
        reaches = reaches_api_server(network, node)
        if reaches != node.reaches_api_server:
            node.reaches_api_server = reaches
            node.note(minute + GRACE_MINUTES)


def reaches_api_server(network: NetworkState, node: Node) -> bool:
    """Whether every address that the node may leave by is let in. Unknown addresses count as let in."""
    ranges = _ranges(node.pool.cluster)
    gateway_id = path_of(node, network).gateway if ranges else None
    gateway = network.get(gateway_id) if gateway_id is not None else None
    if gateway is None:
        return True
    egress = [_ipv4(network, address, "ipAddress") for address in references(gateway.properties, "publicIpAddresses")]
    egress += [_ipv4(network, prefix, "ipPrefix") for prefix in references(gateway.properties, "publicIpPrefixes")]
    return all(any(addresses.subnet_of(allowed) for allowed in ranges) for addresses in egress if addresses is not None)


def _ipv4(network: NetworkState, resource_id: str, name: str) -> ipaddress.IPv4Network | None:
    document = network.get(resource_id)
    value = document.properties.get(name) if document is not None else None
    return ipaddress.IPv4Network(str(value)) if value and ":" not in str(value) else None


def _ranges(cluster: Cluster) -> list[ipaddress.IPv4Network]:
    access = cluster.properties.get("apiServerAccessProfile") or {}
    if access.get("enablePrivateCluster") or access.get("enableVnetIntegration"):
        return []
    return [ipaddress.IPv4Network(str(cidr), strict=False) for cidr in access.get("authorizedIPRanges") or []]
