"""Builds network documents and resource groups from a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .services.network.kinds import KINDS, PUBLIC_IPS
from .state.network import document_of
from .world import World

Content = Mapping[str, Any]


class NetworkBuilder:
    """Adds a scenario's network resources, and their resource groups, to a world."""

    def __init__(self, world: World, default_location: str) -> None:
        self.world = world
        self.default_location = default_location

    def subscription_of(self, each: Content) -> str:
        """The subscription that an entry names, or the first."""
        return str(each.get("subscription") or next(iter(self.world.subscriptions.values())).id)

    def group(self, subscription: str, name: str, location: str, managed_by: str | None = None) -> str:
        """Create a resource group if it is missing; returns its name as first given."""
        return self.world.make_group(subscription, name, location, managed_by).name

    def id_of(self, each: Content, *pairs: str) -> str:
        """The id of a Microsoft.Network resource in the resource group that an entry names."""
        subscription = self.subscription_of(each)
        location = str(each.get("location", self.default_location))
        group = self.group(subscription, str(each["resource_group"]), location)
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{'/'.join(pairs)}"

    def document(self, each: Content, resource_type: str) -> None:
        """Add a public IP, prefix, NAT gateway, route table or network security group."""
        resource_id = self.id_of(each, resource_type, str(each["name"]))
        properties = filled(resource_type, self.resolve(each, each.get("properties") or {}))
        if resource_type == "publicIPAddresses":
            properties.setdefault("ipAddress", next(self.world.public_addresses))
        if resource_type == "natGateways" and "public_ips" in each:
            properties["publicIpAddresses"] = [
                {"id": self.id_of(each, "publicIPAddresses", name)} for name in each["public_ips"]
            ]
        has_sku = resource_type in ("publicIPAddresses", "publicIPPrefixes", "natGateways")
        self.world.network.add(
            document_of(
                resource_id,
                properties,
                location=each.get("location", self.default_location),
                tags=each.get("tags"),
                zones=each.get("zones"),
                sku={"name": each.get("sku", "Standard"), "tier": "Regional"} if has_sku else None,
            )
        )

    def resolve(self, each: Content, value: Any) -> Any:
        """References in properties: `{ref: natGateways/egress}` becomes the id in the same group."""
        if isinstance(value, Mapping):
            if set(value) == {"ref"}:
                return {"id": self.id_of(each, *str(value["ref"]).split("/"))}
            return {key: self.resolve(each, item) for key, item in value.items()}
        return [self.resolve(each, item) for item in value] if isinstance(value, list) else value

    def virtual_network(self, each: Content) -> str:
        """Add a virtual network and its subnets; returns its id."""
        vnet_id = self.id_of(each, "virtualNetworks", str(each["name"]))
        space = {"addressSpace": {"addressPrefixes": list(each.get("address_space") or ["10.224.0.0/12"])}}
        properties = filled("virtualNetworks", space | self.resolve(each, each.get("properties") or {}))
        location = each.get("location", self.default_location)
        self.world.network.add(document_of(vnet_id, properties, location=location, tags=each.get("tags")))
        for subnet in each.get("subnets") or []:
            written = self.resolve(each, subnet.get("properties") or {})
            prefix = {} if "addressPrefixes" in written else {"addressPrefix": subnet["address_prefix"]}
            properties = prefix | filled("virtualNetworks/subnets", written)
            self.world.network.add(document_of(f"{vnet_id}/subnets/{subnet['name']}", properties))
        return vnet_id


def filled(resource_type: str, written: Content) -> dict[str, Any]:
    """Properties with the defaults that Azure fills in; addresses are static here."""
    kind = KINDS[f"microsoft.network/{resource_type}".lower()]
    filled = kind.filled(written)
    if kind is PUBLIC_IPS:
        filled["publicIPAllocationMethod"] = "Static"
    return filled
