"""A NAT gateway."""

from __future__ import annotations

from ...model.network import NatGateway
from .fields import Json, number, references, required, tags, text, texts

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
    )
