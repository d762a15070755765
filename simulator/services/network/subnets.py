"""Checks of a subnet: a prefix inside its virtual network, and a NAT gateway that fits."""

from __future__ import annotations

import ipaddress
from typing import Any

from ...resourceid import ResourceId
from ...state.network import Document, reference
from ...world import World
from .conflicts import missing_reference
from .refusals import (
    BASIC_IN_SUBNET,
    FAILED_NIC,
    GATEWAY_OTHER_VNET,
    GATEWAY_SUBNET,
    GATEWAY_THERE,
    MANAGED_INSTANCE_SUBNET,
    NO_PREFIX,
    PREFIX_IN_USE,
    PREFIX_OUTSIDE,
    PREFIX_OVERLAPS,
)
from .wire import subnets_of_gateway

MANAGED_INSTANCE = "microsoft.sql/managedinstances"


def check_subnet(world: World, resource_id: ResourceId, properties: dict[str, Any]) -> None:
    """Refuse a subnet that Azure refuses."""
    _check_prefixes(world, resource_id, properties)
    gateway = world.network.referred(properties, "natGateway")
    if gateway is not None:
        _check_kind_of_subnet(resource_id, properties, gateway)
        _check_gateway_fits(world, resource_id, gateway)
        _check_nodes(world, resource_id, gateway)


def prefixes_of(properties: dict[str, Any]) -> list[str]:
    """A subnet's address prefixes, from `addressPrefix` or `addressPrefixes`."""
    listed = [str(each) for each in properties.get("addressPrefixes") or []]
    single = properties.get("addressPrefix")
    return listed or ([str(single)] if single else [])


def _networks(prefixes: list[str], resource_id: ResourceId) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(each) for each in prefixes]
    except ValueError as error:
        raise PREFIX_OUTSIDE.error(f"Subnet '{resource_id.name}' is not valid: {error}.") from error


def _inside(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _check_prefixes(world: World, resource_id: ResourceId, properties: dict[str, Any]) -> None:
    prefixes = prefixes_of(properties)
    if not prefixes:
        raise NO_PREFIX.error(f"Address prefix string for resource {resource_id} cannot be null or empty.")
    vnet = world.network.get(resource_id.parent)
    if vnet is None:
        return
    networks = _networks(prefixes, resource_id)
    space = _networks(list(vnet.properties["addressSpace"].get("addressPrefixes") or []), vnet.id)
    if not all(any(_inside(each, outer) for outer in space) for each in networks):
        raise PREFIX_OUTSIDE.error(f"Subnet '{resource_id.name}' is not valid in virtual network '{vnet.id.name}'.")
    for other in world.network.children(vnet):
        if other.key == resource_id.key:
            _check_prefix_kept(world, other, set(prefixes))
        elif any(a.overlaps(b) for a in networks for b in _networks(prefixes_of(other.properties), other.id)):
            raise PREFIX_OVERLAPS.error(
                f"Subnet '{resource_id.name}' is not valid because its IP address range overlaps with that of an "
                f"existing subnet in virtual network '{vnet.id.name}'."
            )


def _check_prefix_kept(world: World, there: Document, wanted: set[str]) -> None:
    gone = set(prefixes_of(there.properties)) - wanted
    if gone and any(world.nodes_in_subnet(there.key)):
        raise PREFIX_IN_USE.error(
            f"IpPrefix {min(gone)} on Subnet {there.id.name} has active allocations and cannot be deleted."
        )


def _check_kind_of_subnet(resource_id: ResourceId, properties: dict[str, Any], gateway: Document) -> None:
    if resource_id.name.lower() == "gatewaysubnet":
        raise GATEWAY_SUBNET.error(f"NAT Gateway {gateway.id} cannot be configured on subnet {resource_id}.")
    for delegation in properties.get("delegations") or []:
        service = str((delegation.get("properties") or {}).get("serviceName"))
        if service.lower() == MANAGED_INSTANCE:
            raise MANAGED_INSTANCE_SUBNET.error(
                f"NAT Gateway {gateway.id} cannot be configured on subnet {resource_id}, "
                f"which is delegated to {service}."
            )


def _check_gateway_fits(world: World, resource_id: ResourceId, gateway: Document) -> None:
    vnet = resource_id.parent
    for other in subnets_of_gateway(world.network, gateway):
        if other.id.parent.key != vnet.key:
            raise GATEWAY_OTHER_VNET.error(
                f"NAT Gateway cannot be configured on multiple virtual networks. NAT Gateway {gateway.id} is "
                f"currently used on virtual network {other.id.parent} and cannot be added to virtual network{vnet}."
            )
    owner = world.network.get(vnet)
    if owner is not None and owner.top.get("location") != gateway.top.get("location"):
        raise missing_reference(resource_id, gateway.id)
    there = world.network.get(resource_id)
    held = reference(there.properties, "natGateway") if there is not None else None
    if held is not None and held.lower() != gateway.key and world.settings.second_nat_gateway == "refused":
        raise GATEWAY_THERE.error(f"Subnet {resource_id} already uses NAT Gateway {held}; detach it first.")


def _check_nodes(world: World, resource_id: ResourceId, gateway: Document) -> None:
    there = world.network.get(resource_id)
    if there is not None and (reference(there.properties, "natGateway") or "").lower() == gateway.key:
        return
    for node in world.nodes_in_subnet(resource_id.key):
        if node.nic_state == "Failed":
            raise FAILED_NIC.error(
                f"NAT Gateway {gateway.id} cannot be configured on subnet {resource_id} because network interface "
                f"{node.nic_id} is in Failed state."
            )
        if node.pool.cluster.load_balancer_sku.lower() == "basic":
            raise BASIC_IN_SUBNET.error(
                f"NAT Gateway {gateway.id} cannot be deployed on subnet containing Basic SKU Public IP addresses or "
                f"Basic SKU Load Balancer. NIC {node.ip_configuration_id} in subnet {resource_id} has reference to "
                "Basic SKU Public IP address or Load Balancer."
            )
