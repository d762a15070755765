"""How many network resources a subscription may have in a region, and how many it has.

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

LIMITS = {
    "VirtualNetworks": ("Virtual Networks", 1000),
    "StaticPublicIPAddresses": ("Static Public IP Addresses", 1000),
    "NetworkSecurityGroups": ("Network Security Groups", 5000),
    "PublicIPAddresses": ("Public IP Addresses", 1000),
    "StandardSkuPublicIpAddresses": ("Public IPv4 Addresses - Standard", 1000),
    "PublicIpPrefixes": ("Public Ip Prefixes", 1000),
    "NatGateways": ("Nat Gateways", 1000),
    "RouteTables": ("Route Tables", 200),
    "LoadBalancers": ("Load Balancers", 1000),
    "NetworkInterfaces": ("Network Interfaces", 65536),
}


def limit_of(world: World, name: str) -> int:
    """The quota of that name."""
    return world.quotas.get(name, LIMITS[name][1])


def used(world: World, subscription: str, location: str, name: str) -> int:
    """How much of the quota a subscription uses in a region."""

    def count(kind: str, counts: Callable[[Document], bool] = lambda _document: True) -> int:
        return sum(
            1
            for each in world.network.of_kind(kind, subscription)
            if str(each.top.get("location", "")).lower() == location.lower() and counts(each)
        )

    clusters = [each for each in world.clusters_in(subscription) if each.location.lower() == location.lower()]
    counted: dict[str, Callable[[], int]] = {
        "VirtualNetworks": lambda: count(VNET),
        "StaticPublicIPAddresses": lambda: count(
            PUBLIC_IP, lambda each: each.properties.get("publicIPAllocationMethod") == "Static"
        ),
        "NetworkSecurityGroups": lambda: count(SECURITY_GROUP),
        "PublicIPAddresses": lambda: count(PUBLIC_IP),
        "StandardSkuPublicIpAddresses": lambda: count(
            PUBLIC_IP, lambda each: (each.top.get("sku") or {}).get("name") == "Standard"
        ),
        "PublicIpPrefixes": lambda: count(PREFIX),
        "NatGateways": lambda: count(NAT_GATEWAY),
        "RouteTables": lambda: count(ROUTE_TABLE),
        "LoadBalancers": lambda: len(clusters),
        "NetworkInterfaces": lambda: sum(len(each.nodes) for each in clusters),
    }
    return counted[name]()


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
        for name, (localized, _) in LIMITS.items()
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
