"""A NAT gateway."""

from __future__ import annotations

from typing import Any

from ...model.network import NatGateway
from .fields import Json, field, number, references, required, tags, text, texts

# Read-only in Azure's NAT gateway API (network resource provider, 2026-03-01).
_READ_ONLY = frozenset({"provisioningstate", "resourceguid", "subnets"})
_IDLE_TIMEOUT_MINUTES = 4  # Azure's default (nat-gateway docs: nat-gateway-resource)


def parse_nat_gateway(item: Json) -> NatGateway:
    return NatGateway(
        id=required(item, "id"),
        name=required(item, "name"),
        location=required(item, "location"),
        sku=text(item, "sku", "name", default="Standard"),
        provisioning_state=text(item, "properties", "provisioningState"),
        idle_timeout_minutes=number(item, "properties", "idleTimeoutInMinutes", default=_IDLE_TIMEOUT_MINUTES),
        public_ip_ids=references(item, "properties", "publicIpAddresses"),
        subnet_ids=references(item, "properties", "subnets"),
        zones=texts(item, "zones"),
        tags=tags(item),
        public_ip_prefix_ids=references(item, "properties", "publicIpPrefixes"),
        properties=_writable(field(item, "properties") or {}),
        etag=text(item, "etag"),
    )


def _writable(properties: Json) -> dict[str, Any]:
    """What a PUT must carry along: all but what only Azure writes. Null counts as absent."""
    return {name: value for name, value in properties.items() if name.lower() not in _READ_ONLY and value is not None}
