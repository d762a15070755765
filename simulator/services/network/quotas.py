"""Limits and usage of a subscription's network resources in a region.

The names and the shape of `usages` follow the API's published examples; the limits are those of an
enterprise agreement unless the scenario's `quotas` say otherwise (Azure docs:
azure-subscription-service-limits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...resourceid import ResourceId
from ...state.network import NAT_GATEWAY, PREFIX, PUBLIC_IP, ROUTE_TABLE, SECURITY_GROUP, VNET, Document
from ...world import World
from .refusals import ADDRESS_QUOTA, GATEWAY_QUOTA

_Counts = Callable[[Document], bool]


def _all(_document: Document) -> bool:
    return True


_QUOTAS: dict[str, tuple[str, int, str, _Counts]] = {
    "VirtualNetworks": ("Virtual Networks", 1000, VNET, _all),
    "StaticPublicIPAddresses": (
        "Static Public IP Addresses",
        1000,
        PUBLIC_IP,
        lambda ip: ip.properties.get("publicIPAllocationMethod") == "Static",
    ),
    "NetworkSecurityGroups": ("Network Security Groups", 5000, SECURITY_GROUP, _all),
    "PublicIPAddresses": ("Public IP Addresses", 1000, PUBLIC_IP, _all),
    "StandardSkuPublicIpAddresses": (
        "Public IPv4 Addresses - Standard",
        1000,
        PUBLIC_IP,
        lambda ip: (ip.top.get("sku") or {}).get("name") == "Standard",
    ),
    "PublicIpPrefixes": ("Public Ip Prefixes", 1000, PREFIX, _all),
    "NatGateways": ("Nat Gateways", 1000, NAT_GATEWAY, _all),
    "RouteTables": ("Route Tables", 200, ROUTE_TABLE, _all),
    "LoadBalancers": ("Load Balancers", 1000, "", _all),
    "NetworkInterfaces": ("Network Interfaces", 65536, "", _all),
}
"""By name: how people see it, the limit, and which documents count; AKS's load balancers and NICs are no documents."""


def limit_of(world: World, name: str) -> int:
    """The quota of that name."""
    return world.quotas.get(name, _QUOTAS[name][1])


def used(world: World, subscription: str, location: str, name: str) -> int:
    """How much of the quota a subscription uses in a region."""
    clusters = [each for each in world.clusters_in(subscription) if each.location.lower() == location.lower()]
    if name == "LoadBalancers":
        return len(clusters)
    if name == "NetworkInterfaces":
        return sum(len(cluster.nodes) for cluster in clusters)
    _, _, kind, counts = _QUOTAS[name]
    there = (each for each in world.network.of_kind(kind, subscription) if counts(each))
    return sum(str(document.top.get("location", "")).lower() == location.lower() for document in there)


def usages_json(world: World, subscription: str, location: str) -> list[dict[str, Any]]:
    """`GET locations/{location}/usages`."""
    return [
        {
            "currentValue": used(world, subscription, location, name),
            "id": f"/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages/{name}",
            "limit": limit_of(world, name),
            "name": {"localizedValue": localized, "value": name},
            "unit": "Count",
        }
        for name, (localized, *_) in _QUOTAS.items()
    ]


def check_quota(world: World, resource_id: ResourceId, top: dict[str, Any]) -> None:
    """Refuse a new public IP or NAT gateway when the quota is used up."""
    kind, location = resource_id.resource_type.lower(), str(top.get("location", ""))
    if kind == PUBLIC_IP:
        standard = (top.get("sku") or {}).get("name") == "Standard"
        for name in ("PublicIPAddresses", *(["StandardSkuPublicIpAddresses"] if standard else [])):
            limit = limit_of(world, name)
            if used(world, resource_id.subscription, location, name) >= limit:
                raise ADDRESS_QUOTA.error(
                    f"Cannot create more than {limit} public IP addresses for this subscription in this region."
                )
    if kind == NAT_GATEWAY:
        limit = limit_of(world, "NatGateways")
        if used(world, resource_id.subscription, location, "NatGateways") >= limit:
            raise GATEWAY_QUOTA.error(
                f"Cannot create more than {limit} NAT gateways for this subscription in this region."
            )
