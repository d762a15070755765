"""A virtual network, cut to what decides egress."""

from __future__ import annotations

from ...model.network import Vnet
from .fields import Json, flag, items, location, resource_id, tags, text

# A gateway and a Route Server announce routes by BGP; each is in a subnet with a fixed name (Azure docs:
# vpn-gateway-about-vpn-gateway-settings, route-server/quickstart-configure-route-server).
_BGP_SUBNETS = ("gatewaysubnet", "routeserversubnet")


def parse_vnet(item: Json) -> Vnet:
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
