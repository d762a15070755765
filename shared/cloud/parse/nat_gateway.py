"""A NAT gateway."""

from __future__ import annotations

from typing import Any

from ...model.network import NatGateway
from .fields import Json, inner, location, number, references, resource_id, segment, tags, text, texts
from .subnet import plain_json

# Read-only in Azure's NAT gateway API (network resource provider, 2026-03-01).
_READ_ONLY = frozenset({"provisioningstate", "resourceguid", "subnets"})
_IDLE_TIMEOUT_MINUTES = 4  # Azure's default (nat-gateway docs: nat-gateway-resource)


def parse_nat_gateway(item: Json) -> NatGateway:
    return NatGateway(
        id=resource_id(item, "id"),
        name=segment(item, "name"),
        location=location(item),
        sku=text(item, "sku", "name", default="Standard"),
        provisioning_state=text(item, "properties", "provisioningState"),
        idle_timeout_minutes=number(item, "properties", "idleTimeoutInMinutes", default=_IDLE_TIMEOUT_MINUTES),
        public_ip_ids=references(item, "properties", "publicIpAddresses"),
        subnet_ids=references(item, "properties", "subnets"),
        zones=texts(item, "zones"),
        tags=tags(item),
        public_ip_prefix_ids=references(item, "properties", "publicIpPrefixes"),
        properties=_writable(inner(item, "properties")),
        etag=text(item, "etag"),
    )


def _writable(properties: Json) -> dict[str, Any]:
    """The properties that a PUT must repeat. Null counts as absent."""
    kept = {name: value for name, value in properties.items() if name.lower() not in _READ_ONLY and value is not None}
    return {name: plain_json(value) for name, value in kept.items()}
