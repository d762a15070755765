"""Resources in use can't be deleted: 400, as recorded."""

from __future__ import annotations

from ...state.network import NAT_GATEWAY, PREFIX, PUBLIC_IP, ROUTE_TABLE, SECURITY_GROUP, SUBNET, VNET, Document
from ...world import World
from .refusals import (
    ADDRESS_HELD,
    GATEWAY_HELD,
    PREFIX_HELD,
    ROUTE_TABLE_HELD,
    SECURITY_GROUP_HELD,
    SUBNET_IN_USE,
)
from .wire import addresses_from, frontend_of_address, gateway_of_address, subnets_of_gateway, subnets_referring


def check_deletion(world: World, document: Document) -> None:
    """Refuse to delete a resource in use."""
    if document.kind == VNET:
        for subnet in world.network.children(document):
            check_deletion(world, subnet)
        return
    checker = _CHECKERS.get(document.kind)
    if checker is not None:
        checker(world, document)


def _subnet(world: World, document: Document) -> None:
    for node in world.nodes_in_subnet(document.key):
        raise SUBNET_IN_USE.error(
            f"Subnet {document.id.name} is in use by {node.ip_configuration_id} and cannot be deleted. "
            "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
        )


def _address(world: World, document: Document) -> None:
    gateway = gateway_of_address(world.network, document)
    user = str(gateway.id) if gateway is not None else frontend_of_address(world, document)
    if user is not None:
        raise ADDRESS_HELD.error(
            f"Public IP address {document.id} can not be deleted since it is still allocated to resource {user}. "
            "In order to delete the public IP, disassociate/detach the Public IP address from the resource.  "
            "To learn how to do this, see aka.ms/deletepublicip."
        )


def _prefix(world: World, document: Document) -> None:
    gateway = gateway_of_address(world.network, document)
    users = [str(each.id) for each in addresses_from(world.network, document)] + ([str(gateway.id)] if gateway else [])
    if users:
        raise PREFIX_HELD.error(f"Public IP prefix {document.id} cannot be deleted since {users[0]} uses it.")


def _gateway(world: World, document: Document) -> None:
    users = subnets_of_gateway(world.network, document)
    if users:
        raise GATEWAY_HELD.error(
            f"NAT gateway {document.id} cannot be deleted because it is in use by the following resources: "
            f"{', '.join(str(each.id) for each in users)}."
        )


def _security_group(world: World, document: Document) -> None:
    users = [str(each.id) for each in subnets_referring(world.network, "networkSecurityGroup", document)]
    if users:
        raise SECURITY_GROUP_HELD.error(
            f"Network security group {document.id} cannot be deleted because it is in use by the following "
            f"resources: {', '.join(users)}. In order to delete the Network security group, remove the "
            "association with the resource(s). To learn how to do this, see aka.ms/deletensg."
        )


def _route_table(world: World, document: Document) -> None:
    if subnets_referring(world.network, "routeTable", document):
        raise ROUTE_TABLE_HELD.error(f"Route table {document.id.name} is in use and cannot be deleted.")


_CHECKERS = {
    SUBNET: _subnet,
    PUBLIC_IP: _address,
    PREFIX: _prefix,
    NAT_GATEWAY: _gateway,
    SECURITY_GROUP: _security_group,
    ROUTE_TABLE: _route_table,
}
