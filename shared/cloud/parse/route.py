"""The default route of a route table."""

from __future__ import annotations

from ...model.network import Route
from .fields import Json, field, items, text


def default_route(route_table: Json) -> Route | None:
    """The route for 0.0.0.0/0, which decides egress before a NAT gateway does; None when there is none."""
    for entry in items(route_table, "properties", "routes"):
        properties = field(entry, "properties") or {}
        if text(properties, "addressPrefix") == "0.0.0.0/0":
            return Route(
                name=text(entry, "name"),
                address_prefix="0.0.0.0/0",
                next_hop_type=text(properties, "nextHopType"),
                next_hop_ip=text(properties, "nextHopIpAddress"),
            )
    return None
