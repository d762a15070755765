"""A subnet, its route table and virtual network, and the properties that a write must repeat.

A subnet PUT replaces the whole object and clears what it omits. So the writable properties are all that were read, also
unknown ones, except those that only Azure writes.
"""

import math
from typing import Any

from ...model.network import Route, Subnet, Vnet
from ...model.text import Text
from ..errors import UnexpectedAnswer
from .fields import (
    Json,
    flag,
    inner,
    items,
    location,
    loose_references,
    reference,
    references,
    resource_id,
    segment,
    tags,
    text,
    texts,
)

SUBNET_TYPE = "Microsoft.Network/virtualNetworks/subnets"
DEEPEST = 32  # nested objects and lists; Azure's own have a few levels
# Read-only in Azure's subnet API (network resource provider, 2026-03-01).
READ_ONLY = frozenset(
    {
        "provisioningstate",
        "purpose",
        "ipconfigurations",
        "ipconfigurationprofiles",
        "privateendpoints",
        "resourcenavigationlinks",
        "serviceassociationlinks",
    }
)
# The same for nested objects: by the property that contains them, and for any other.
READ_ONLY_INSIDE = {
    "delegations": frozenset({"provisioningstate", "etag", "actions"}),
    "ipampoolprefixallocations": frozenset({"allocatedaddressprefixes"}),
}
READ_ONLY_ANYWHERE = frozenset({"provisioningstate", "etag"})
# A gateway and a Route Server announce routes by BGP; each is in a subnet with a fixed name (Azure docs:
# vpn-gateway-about-vpn-gateway-settings, route-server/quickstart-configure-route-server).
_BGP_SUBNETS = ("gatewaysubnet", "routeserversubnet")


def parse_subnet(item: Json, routes: tuple[Route, ...] = (), takes_propagated_routes: bool = True) -> Subnet:
    """``routes`` and ``takes_propagated_routes`` come from the subnet's route table, another resource."""
    properties = inner(item, "properties")
    if not properties:
        raise UnexpectedAnswer(text(item, "id"), Text("the answer has no properties"))
    # Checks types, because the planner looks for IPv6 and linked resources in the untyped properties.
    text(properties, "addressPrefix"), texts(properties, "addressPrefixes")
    reference(properties, "networkSecurityGroup"), references(properties, "serviceEndpointPolicies")
    [reference(allocation, "pool") for allocation in items(properties, "ipamPoolPrefixAllocations")]
    return Subnet(
        id=resource_id(item, "id", of=SUBNET_TYPE),
        name=segment(item, "name"),
        provisioning_state=text(properties, "provisioningState"),
        etag=text(item, "etag"),
        properties=writable(properties),
        nat_gateway_id=reference(properties, "natGateway"),
        route_table_id=reference(properties, "routeTable"),
        routes=routes,
        attached_ids=loose_references(properties, "ipConfigurations"),
        takes_propagated_routes=takes_propagated_routes,
    )


def parse_routes(route_table: Json) -> tuple[Route, ...]:
    """All routes of a table. They take precedence over a NAT gateway."""
    return tuple(
        Route(
            name=text(entry, "name"),
            prefix=text(entry, "properties", "addressPrefix"),
            next_hop_type=text(entry, "properties", "nextHopType"),
            next_hop_ip=text(entry, "properties", "nextHopIpAddress"),
        )
        for entry in items(route_table, "properties", "routes")
    )


def takes_propagated_routes(route_table: Json) -> bool:
    """Whether BGP routes of a gateway or Route Server reach subnets with this table. Without a table they do."""
    return not flag(route_table, "properties", "disableBgpRoutePropagation")


def parse_vnet(item: Json) -> Vnet:
    """Cut to what decides egress."""
    has_own = any(text(subnet, "name").lower() in _BGP_SUBNETS for subnet in items(item, "properties", "subnets"))
    uses_remote = any(
        flag(peering, "properties", "useRemoteGateways")
        for peering in items(item, "properties", "virtualNetworkPeerings")
    )
    return Vnet(
        id=resource_id(item, "id"),
        location=location(item),
        learns_routes=has_own or uses_remote,
        has_ddos_protection=flag(item, "properties", "enableDdosProtection"),
        tags=tags(item),
    )


def writable(properties: Json) -> dict[str, Any]:
    """The properties that a PUT must contain, as they were read. Null counts as absent."""
    return {
        name: plain_json(value, READ_ONLY_ANYWHERE | READ_ONLY_INSIDE.get(name.lower(), frozenset()))
        for name, value in properties.items()
        if name.lower() not in READ_ONLY and value is not None
    }


def plain_json(value: Any, without: frozenset[str] = frozenset(), depth: int = 0) -> Any:
    """A copy without these names at any depth. Raises UnexpectedAnswer for a value that can't be written back."""
    if depth > DEEPEST:
        raise UnexpectedAnswer(
            Text("the answer"), Text("its properties are more than {levels} levels deep", levels=DEEPEST)
        )
    if isinstance(value, list):
        return [plain_json(entry, without, depth + 1) for entry in value]
    if isinstance(value, dict):
        kept = {name: entry for name, entry in value.items() if name.lower() not in without}
        return {name: plain_json(entry, without, depth + 1) for name, entry in kept.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise UnexpectedAnswer(Text("the answer"), Text("a property is {given}, which is no number", given=str(value)))
    if isinstance(value, str) and not value.isascii() and value != value.encode("utf-8", "replace").decode():
        raise UnexpectedAnswer(Text("the answer"), Text("a property is no valid text"))
    return value
