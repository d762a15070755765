"""What a route table says of egress."""

from __future__ import annotations

from ...model.network import Route
from .fields import Json, flag, inner, items, text


def default_route(route_table: Json) -> Route | None:
    """The route for 0.0.0.0/0, which decides egress before a NAT gateway does; None when there is none."""
    for entry in items(route_table, "properties", "routes"):
        properties = inner(entry, "properties")
        if text(properties, "addressPrefix") == "0.0.0.0/0":
            return Route(
                name=text(entry, "name"),
                address_prefix="0.0.0.0/0",
                next_hop_type=text(properties, "nextHopType"),
                next_hop_ip=text(properties, "nextHopIpAddress"),
            )
    return None


def takes_propagated_routes(route_table: Json) -> bool:
    """Whether routes that a gateway learns (BGP) reach the subnets with this table, as they do without any table."""
    return not flag(route_table, "properties", "disableBgpRoutePropagation")
