"""By which way a node's new outbound flows leave, from what is configured.

Order of precedence (Azure docs: nat-overview): a default route to an appliance or gateway, then the
subnet's NAT gateway, then the node's own public IP, then the load balancer's outbound rule, then
default outbound access.
"""

from __future__ import annotations

from .fleet import Node
from .physics.traffic import Path
from .state.network import NetworkState, references


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
    """The next hop type of the subnet's 0.0.0.0/0 route when it leads to an appliance or gateway."""
    table = network.referred(subnet, "routeTable")
    for route in (table.properties.get("routes") or []) if table is not None else []:
        properties = route.get("properties", {})
        if properties.get("addressPrefix") == "0.0.0.0/0":
            hop = str(properties.get("nextHopType"))
            if hop in ("VirtualAppliance", "VirtualNetworkGateway"):
                return hop
    return None


def gateway_addresses(gateway: dict[str, object], network: NetworkState) -> int:
    """How many public IPv4 addresses a NAT gateway has, prefixes included."""
    count = len(references(gateway, "publicIpAddresses"))
    for prefix_id in references(gateway, "publicIpPrefixes"):
        prefix = network.get(prefix_id)
        count += 2 ** (32 - int(prefix.properties.get("prefixLength", 32))) if prefix is not None else 0
    return count
