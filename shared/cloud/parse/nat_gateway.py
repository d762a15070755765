"""A NAT gateway, and its public IPs or prefixes."""

from typing import Any

from ...model.network import NatGateway, PublicIp
from .fields import (
    Json,
    field,
    inner,
    items,
    location,
    number,
    reference,
    references,
    resource_id,
    segment,
    tags,
    text,
    texts,
)
from .subnet import plain_json

# Every writable property of a NAT gateway at this API version (azure-mgmt-network 33.1: 2026-03-01). Azure rejects a
# body with any other property, even with one that it returns, such as scope.
WRITABLE = (
    "idleTimeoutInMinutes",
    "publicIpAddresses",
    "publicIpAddressesV6",
    "publicIpPrefixes",
    "publicIpPrefixesV6",
    "sourceVirtualNetwork",
    "serviceGateway",
    "nat64",
)
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
    """The properties that a PUT must contain. Null counts as absent."""
    found = {name: field(properties, name) for name in WRITABLE}
    return {name: _ids_only(plain_json(value)) for name, value in found.items() if value is not None}


def _ids_only(value: Any) -> Any:
    """References reduced to their ids, because Azure may show more of the other resource."""
    if isinstance(value, list):
        return [_ids_only(entry) for entry in value]
    resource_id = text(value, "id") if isinstance(value, dict) else ""
    return {"id": resource_id} if resource_id else value


def parse_public_ip(item: Json) -> PublicIp:
    """For a prefix, ``address`` is its range (``203.0.113.8/30``)."""
    return PublicIp(
        id=resource_id(item, "id"),
        name=segment(item, "name"),
        address=text(item, "properties", "ipAddress") or text(item, "properties", "ipPrefix"),
        sku=text(item, "sku", "name", default="Basic"),
        provisioning_state=text(item, "properties", "provisioningState"),
        zones=texts(item, "zones"),
        tags=tags(item),
        attached_to_id=(
            reference(item, "properties", "natGateway") or reference(item, "properties", "ipConfiguration")
        ),
        has_internet_routing=any(
            text(tag, "ipTagType").lower() == "routingpreference" and text(tag, "tag").lower() == "internet"
            for tag in items(item, "properties", "ipTags")
        ),
        has_ddos_protection=text(item, "properties", "ddosSettings", "protectionMode").lower() == "enabled",
        location=text(item, "location"),
        is_ipv6=text(item, "properties", "publicIPAddressVersion").lower() == "ipv6",
        taken_out_ids=references(item, "properties", "publicIPAddresses"),
        prefix_id=reference(item, "properties", "publicIPPrefix"),
    )
