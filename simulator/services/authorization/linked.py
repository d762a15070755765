"""Permissions on the resources that a body refers to: a reference needs `join/action` on its target.

Each is in Azure's documents: manage-network-security-group, manage-route-table,
virtual-network-service-endpoint-policies, manage-nat-gateway, virtual-network-public-ip-address,
manage-public-ip-address-prefix and virtual-network-manage-subnet, section "Permissions"; that of an
IPAM pool is reported in Azure/Azure-Landing-Zones#4166. They are asked for whenever the reference
is in the body, whether it is new or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SUBNET = {
    "networkSecurityGroup": "Microsoft.Network/networkSecurityGroups/join/action",
    "routeTable": "Microsoft.Network/routeTables/join/action",
    "natGateway": "Microsoft.Network/natGateways/join/action",
    "serviceEndpointPolicies": "Microsoft.Network/serviceEndpointPolicies/join/action",
}
_ADDRESS = "Microsoft.Network/publicIPAddresses/join/action"
_PREFIX = "Microsoft.Network/publicIPPrefixes/join/action"
_GATEWAY = {
    "publicIpAddresses": _ADDRESS,
    "publicIpAddressesV6": _ADDRESS,
    "publicIpPrefixes": _PREFIX,
    "publicIpPrefixesV6": _PREFIX,
}
LINKED: dict[str, Mapping[str, str]] = {
    "microsoft.network/virtualnetworks/subnets": _SUBNET,
    "microsoft.network/natgateways": _GATEWAY,
    "microsoft.network/publicipaddresses": {"publicIPPrefix": _PREFIX},
}
"""By resource type: the properties that refer to other resources, and the action needed on those."""
_IPAM_POOL = "Microsoft.Network/networkManagers/ipamPools/associateResourcesToPool/action"
_JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"


def linked_actions(resource_type: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions that a PUT needs beyond its own, each with the id of the resource it is needed on."""
    kind = resource_type.lower()
    properties = body.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name, action in LINKED.get(kind, {}).items():
        for reference in _references(properties.get(name)):
            yield action, reference
    if kind == "microsoft.network/virtualnetworks/subnets":
        for allocation in properties.get("ipamPoolPrefixAllocations") or []:
            for pool in _references(allocation.get("pool")):
                yield _IPAM_POOL, pool
    if kind == "microsoft.network/virtualnetworks":
        for subnet in properties.get("subnets") or []:
            yield from linked_actions("microsoft.network/virtualnetworks/subnets", subnet)
    if kind == "microsoft.containerservice/managedclusters":
        yield from _of_cluster(properties)


def _of_cluster(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for pool in properties.get("agentPoolProfiles") or []:
        for name in ("vnetSubnetID", "podSubnetID"):
            if pool.get(name):
                yield _JOIN_SUBNET, str(pool[name])
    profile = (properties.get("networkProfile") or {}).get("loadBalancerProfile") or {}
    for reference in _references((profile.get("outboundIPs") or {}).get("publicIPs")):
        yield _ADDRESS, reference
    for reference in _references((profile.get("outboundIPPrefixes") or {}).get("publicIPPrefixes")):
        yield _PREFIX, reference


def _references(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each["id"]) for each in values if isinstance(each, Mapping) and each.get("id")]
