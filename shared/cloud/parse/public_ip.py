"""A public IP address, or a public IP prefix."""

from __future__ import annotations

from ...model.network import PublicIp
from .fields import Json, items, reference, references, resource_id, segment, tags, text, texts


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
