"""Checks public IPs and prefixes, and allocates their addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

from ...resourceid import ResourceId
from ...state.network import PREFIX, PUBLIC_IP, Document
from ...world import World
from .refusals import IDLE_TIMEOUT, PREFIX_EXHAUSTED, STATIC_REQUIRED
from .wire import addresses_from


def check_public_ip(world: World, resource_id: ResourceId, properties: dict[str, Any], top: dict[str, Any]) -> None:
    """Refuse a public IP that Azure refuses."""
    static = properties.get("publicIPAllocationMethod") == "Static"
    if top["sku"]["name"] != "Basic" and not static:
        raise STATIC_REQUIRED.error(f"Standard sku publicIp {resource_id} must have AllocationMethod set to Static.")
    minutes = properties.get("idleTimeoutInMinutes", 4)
    if not isinstance(minutes, int) or not 4 <= minutes <= 30:
        raise IDLE_TIMEOUT.error(f"IdleTimeoutInMinutes {minutes} of {resource_id} must be between 4 and 30.")
    prefix = world.network.referred(properties, "publicIPPrefix")
    if prefix is not None and world.network.get(resource_id) is None and _free_address(world, prefix) is None:
        raise PREFIX_EXHAUSTED.error(f"Public IP prefix {prefix.id} has no available IP addresses.")


def assign(world: World, document: Document) -> None:
    """Give a new static public IP its address, a new prefix its range."""
    properties = document.properties
    six = properties.get("publicIPAddressVersion") == "IPv6"
    if document.kind == PREFIX and "ipPrefix" not in properties and not six:
        properties["ipPrefix"] = world.public_addresses.block(int(properties.get("prefixLength", 28)))
    if document.kind != PUBLIC_IP or "ipAddress" in properties:
        return
    if properties.get("publicIPAllocationMethod") != "Static":
        return
    prefix = world.network.referred(properties, "publicIPPrefix")
    address = _free_address(world, prefix) if prefix is not None else None
    properties["ipAddress"] = address or (world.public_addresses.six() if six else next(world.public_addresses))


def _free_address(world: World, prefix: Document) -> str | None:
    """The lowest free address of a prefix, or None."""
    taken = {each.properties.get("ipAddress") for each in addresses_from(world.network, prefix)}
    whole = str(prefix.properties.get("ipPrefix", ""))
    if not whole:
        return None
    return next((str(each) for each in ipaddress.ip_network(whole) if str(each) not in taken), None)
