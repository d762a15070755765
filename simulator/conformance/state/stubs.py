"""Resources that a recording names without showing them."""

from __future__ import annotations

import ipaddress
from typing import Any

from ...resourceid import ResourceId
from ..stage import Stage
from .bodies import resources_in

_STANDARD = {"name": "Standard", "tier": "Regional"}
_SIMPLE: dict[str, dict[str, Any]] = {
    "microsoft.network/publicipaddresses": {
        "sku": _STANDARD,
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
    },
    "microsoft.network/publicipprefixes": {"sku": _STANDARD, "properties": {"prefixLength": 31}},
    "microsoft.network/natgateways": {"sku": _STANDARD, "properties": {}},
    "microsoft.network/networksecuritygroups": {"properties": {}},
    "microsoft.network/routetables": {"properties": {}},
    "microsoft.network/routetables/routes": {
        "properties": {"addressPrefix": "203.0.113.0/24", "nextHopType": "Internet"},
    },
    "microsoft.network/networksecuritygroups/securityrules": {
        "properties": {
            "priority": 4000,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        },
    },
}
SPARE_PREFIX = "10.255.0.0/16"


def stub_body(stage: Stage, resource_id: ResourceId) -> dict[str, Any]:
    """The body to write for a resource: the recorded one if there is one anywhere in the recording."""
    for exchange in stage.recording.exchanges:
        for body in (exchange.body, exchange.request_body):
            found = next((each for shown, each in resources_in(body) if shown.key == resource_id.key), None)
            if found is not None:
                return found
    kind = resource_id.resource_type.lower()
    if kind == "microsoft.network/virtualnetworks":
        return {"properties": {"addressSpace": {"addressPrefixes": _space(stage, resource_id)}}}
    if kind == "microsoft.network/virtualnetworks/subnets":
        return {"properties": {"addressPrefix": _free_prefix(stage, resource_id)}}
    return _SIMPLE[kind]


def _space(stage: Stage, vnet: ResourceId) -> list[str]:
    """The prefixes of all subnets of a virtual network that the recording shows, and a spare one."""
    found: dict[str, None] = {}
    for exchange in stage.recording.exchanges:
        inside = exchange.path.lower().startswith(f"{vnet.key}/subnets")
        for body in (exchange.body, exchange.request_body):
            shown = [each for resource_id, each in resources_in(body) if resource_id.parent.key == vnet.key]
            if inside and isinstance(body, dict) and isinstance(body.get("properties"), dict):
                shown.append(body)
            for each in shown:
                prefixes = each["properties"].get("addressPrefixes") or [each["properties"].get("addressPrefix")]
                found |= dict.fromkeys(str(prefix) for prefix in prefixes if prefix)
    return [*found, SPARE_PREFIX]


def _free_prefix(stage: Stage, subnet: ResourceId) -> str:
    """A /28 of the spare prefix for each subnet that the recording doesn't describe."""
    vnet = stage.world.network.get(subnet.parent)
    taken = len(stage.world.network.children(vnet)) if vnet is not None else 0
    start = int(ipaddress.ip_network(SPARE_PREFIX).network_address) + taken * 16
    return f"{ipaddress.ip_address(start)}/28"
