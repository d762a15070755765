"""Checks of a NAT gateway: at most 16 addresses, of its own SKU and zone, and unused elsewhere."""

from __future__ import annotations

from typing import Any

from ...egress import gateway_addresses
from ...resourceid import ResourceId
from ...state.network import PREFIX, Document, references
from ...world import World
from .refusals import (
    ADDRESS_DDOS,
    ADDRESS_IN_USE,
    ADDRESS_LIMIT,
    ADDRESS_ROUTING,
    ADDRESS_SKU,
    ADDRESS_VERSION,
    ADDRESS_ZONE,
    IDLE_TIMEOUT,
    ONE_ZONE,
    PREFIX_IN_USE_BY_OTHER,
)
from .wire import frontend_of_address, gateway_of_address

MOST_ADDRESSES = 16
_LISTS = ("publicIpAddresses", "publicIpAddressesV6", "publicIpPrefixes", "publicIpPrefixesV6")


def check_gateway(world: World, resource_id: ResourceId, properties: dict[str, Any], top: dict[str, Any]) -> None:
    """Refuse a NAT gateway that Azure refuses."""
    minutes = properties.get("idleTimeoutInMinutes", 4)
    if not isinstance(minutes, int) or not 4 <= minutes <= 120:
        raise IDLE_TIMEOUT.error(f"IdleTimeoutInMinutes {minutes} of {resource_id} must be between 4 and 120.")
    zones = list(top.get("zones") or [])
    if len(zones) > 1 and top["sku"]["name"] == "Standard":
        raise ONE_ZONE.error(
            f"Resource {resource_id} has {len(zones)} zones specified. "
            "Only one zone can be specified for this resource."
        )
    for each in (each for name in _LISTS for each in references(properties, name)):
        address = world.network.get(each)
        if address is not None:
            _check_address(world, resource_id, address, str(top["sku"]["name"]), zones)
    count = gateway_addresses(properties, world.network)
    if count > MOST_ADDRESSES:
        raise ADDRESS_LIMIT.error(f"NAT Gateway {resource_id} has {count} public IP addresses; the limit is 16.")


def _check_address(world: World, resource_id: ResourceId, address: Document, sku: str, zones: list[str]) -> None:
    address_sku = str((address.top.get("sku") or {}).get("name", "Basic"))
    if address_sku != sku:
        raise ADDRESS_SKU.error(
            f"{address.id} of SKU {address_sku} cannot be used by NAT Gateway {resource_id} of SKU {sku}."
        )
    if sku == "Standard" and address.properties.get("publicIPAddressVersion") == "IPv6":
        raise ADDRESS_VERSION.error(f"{address.id} is an IPv6 address; NAT Gateway {resource_id} supports IPv4 only.")
    _check_features(resource_id, address)
    there = list(address.top.get("zones") or [])
    if zones and there and not set(zones) <= set(there):
        raise ADDRESS_ZONE.error(
            f"{address.id} is in zones {', '.join(there)}; NAT Gateway {resource_id} is in zone {', '.join(zones)}."
        )
    user = gateway_of_address(world.network, address)
    other = str(user.id) if user is not None and user.key != resource_id.key else None
    if address.kind == PREFIX:
        if other is not None:
            raise PREFIX_IN_USE_BY_OTHER.error(f"Public IP prefix {address.id} is already allocated to {other}.")
        return
    other = other or frontend_of_address(world, address)
    if other is not None:
        raise ADDRESS_IN_USE.error(
            f"Resource {resource_id} is referencing public IP address {address.id} "
            f"that is already allocated to resource {other}."
        )


def _check_features(resource_id: ResourceId, address: Document) -> None:
    tags = {str(tag.get("ipTagType")): str(tag.get("tag")) for tag in address.properties.get("ipTags") or []}
    if tags.get("RoutingPreference") == "Internet":
        raise ADDRESS_ROUTING.error(f"{address.id} has routing preference Internet; {resource_id} can't use it.")
    if (address.properties.get("ddosSettings") or {}).get("protectionMode") == "Enabled":
        raise ADDRESS_DDOS.error(f"{address.id} has DDoS protection of its own; {resource_id} can't use it.")
