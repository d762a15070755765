"""Further effects of a network write: subnets of a virtual network, egress paths of nodes."""

from __future__ import annotations

from typing import Any

from ...fleet import Node
from ...resourceid import ResourceId
from ...state.network import NAT_GATEWAY, ROUTE_TABLE, SUBNET, VNET, Document
from ...world import World
from .bodies import written_properties
from .deletions import check_deletion
from .kinds import SUBNETS
from .subnets import check_subnet
from .wire import subnets_of_gateway, subnets_referring


def affected_nodes(world: World, document: Document) -> list[Node]:
    """The nodes whose path a change of this resource may change."""
    if document.kind == SUBNET:
        return list(world.nodes_in_subnet(document.key))
    subnets: list[Document] = []
    if document.kind == VNET:
        subnets = world.network.children(document)
    elif document.kind == NAT_GATEWAY:
        subnets = subnets_of_gateway(world.network, document)
    elif document.kind == ROUTE_TABLE:
        subnets = subnets_referring(world.network, "routeTable", document)
    return [node for subnet in subnets for node in world.nodes_in_subnet(subnet.key)]


def subnets_in_body(vnet_id: ResourceId, body: dict[str, Any]) -> dict[ResourceId, dict[str, Any]] | None:
    """The subnets in the body of a virtual network's PUT; None if the body has no `subnets`."""
    given = (body.get("properties") or {}).get("subnets")
    if given is None:
        return None
    types = ("virtualNetworks", "subnets")
    return {
        ResourceId(vnet_id.subscription, vnet_id.group, vnet_id.provider, types, (vnet_id.name, str(each["name"]))): (
            SUBNETS.filled(written_properties(SUBNETS, each))
        )
        for each in given
    }


def check_subnets(world: World, vnet_id: ResourceId, wanted: dict[ResourceId, dict[str, Any]] | None) -> None:
    """Refuse the PUT of a virtual network if a subnet is invalid, before any change."""
    vnet = world.network.get(vnet_id)
    if wanted is None or vnet is None:
        return
    keys = {each.key for each in wanted}
    for subnet in world.network.children(vnet):
        if subnet.key not in keys:
            check_deletion(world, subnet)
    for subnet_id, properties in wanted.items():
        if world.network.get(subnet_id) is not None:
            check_subnet(world, subnet_id, properties)


def replace_subnets(world: World, vnet: Document, wanted: dict[ResourceId, dict[str, Any]] | None) -> None:
    """A virtual network's `subnets`: absent keeps them, a list replaces them all (Azure docs, since
    api-version 2023-09-01)."""
    if wanted is None:
        return
    keys = {each.key for each in wanted}
    for subnet in world.network.children(vnet):
        if subnet.key not in keys:
            world.network.remove(subnet)
    for subnet_id, properties in wanted.items():
        document = world.network.get(subnet_id)
        if document is None:
            world.network.add(Document(subnet_id, properties))
        else:
            document.properties = properties
