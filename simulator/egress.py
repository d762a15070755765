"""The egress path of a node's new outbound flows, from the configuration.

Order of precedence (Azure docs: nat-overview): a default route to an appliance or gateway, whole or in
pieces, then the subnet's NAT gateway, then the node's own public IP, then the load balancer's outbound
rule, then default outbound access.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, ip_network
from typing import Any

from .fleet import Node
from .physics.traffic import Path
from .state.network import NetworkState, references

_DESTINATIONS = [IPv4Address(f"{first}.53.17.9") for first in range(1, 224) if first not in (10, 127)]
"""Where flows go, as far as routes tell: an address in each public block of the internet."""
_ALLOWED = ("Internet", "")


def path_of(node: Node, network: NetworkState) -> Path:
    """The path of `node`'s new flows."""
    subnet = network.get(node.pool.subnet_id)
    if subnet is not None:
        if default_route_hop(subnet.properties, network) is not None:
            return Path()
        gateway = network.referred(subnet.properties, "natGateway")
        if gateway is not None:
            return Path(gateway=gateway.key)
    if node.pool.node_public_ip:
        return Path()
    return Path(load_balancer=node.pool.cluster.has_outbound_rule)


def default_route_hop(subnet: dict[str, object], network: NetworkState) -> str | None:
    """The next hop type that the subnet's routes have for most destinations, when it isn't the internet."""
    table = network.referred(subnet, "routeTable")
    routes = [route.get("properties", {}) for route in (table.properties.get("routes") or [])] if table else []
    if not routes:
        return None
    hops = Counter(_hop(address, routes) for address in _DESTINATIONS)
    elsewhere = Counter({hop: number for hop, number in hops.items() if hop not in _ALLOWED})
    return elsewhere.most_common(1)[0][0] if 2 * elsewhere.total() >= len(_DESTINATIONS) else None


def _hop(address: IPv4Address, routes: list[dict[str, Any]]) -> str:
    """The next hop type for an address: the longest prefix wins; service tags match no destination."""
    longest, hop = -1, ""
    for route in routes:
        try:
            network = ip_network(str(route.get("addressPrefix")))
        except ValueError:
            continue
        if address in network and network.prefixlen > longest:
            longest, hop = network.prefixlen, str(route.get("nextHopType"))
    return hop


def gateway_addresses(gateway: dict[str, object], network: NetworkState) -> int:
    """How many public IPv4 addresses a NAT gateway has, prefixes included."""
    count = len(references(gateway, "publicIpAddresses"))
    for prefix_id in references(gateway, "publicIpPrefixes"):
        prefix = network.get(prefix_id)
        count += 2 ** (32 - int(prefix.properties.get("prefixLength", 32))) if prefix is not None else 0
    return count
