"""Public IPs that nodes have of their own, and those of a Static Egress Gateway (Azure/kube-egress-gateway)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from ...fleet import Node
from ...noise import stable_uuid
from ...world import World

Json = dict[str, Any]


def with_public_ips(node: Node, primary: Json) -> list[Json]:
    """A node's IP configurations: the primary one, and that which a Static Egress Gateway adds to it."""
    if node.public_address:
        primary["properties"]["publicIPAddress"] = {"id": _public_ip_id(node.ip_configuration_id)}
    if not node.egress_address:
        return [primary]
    more = {
        "privateIPAddress": node.egress_address,
        "primary": False,
        "loadBalancerBackendAddressPools": [],
        "publicIPAddress": {"id": _public_ip_id(_egress_id(node))},
    }
    return [primary, primary | {"name": "egress", "id": _egress_id(node), "properties": primary["properties"] | more}]


def public_ips_of(node: Node, world: World) -> Iterator[Json]:
    """A node's entries of `virtualMachineScaleSets/{name}/publicIPAddresses`."""
    if node.public_address:
        yield _public_ip(node.ip_configuration_id, node.public_address)
    prefix = world.network.get(node.pool.egress_prefix_id) if node.pool.egress_prefix_id else None
    if prefix is not None and node.egress_address:
        addresses = ip_network(prefix.properties["ipPrefix"])
        found = _public_ip(_egress_id(node), str(addresses[node.instance % addresses.num_addresses]))
        found["properties"]["publicIPPrefix"] = {"id": str(prefix.id)}
        yield found


def _egress_id(node: Node) -> str:
    return f"{node.nic_id}/ipConfigurations/egress"


def _public_ip_id(configuration_id: str) -> str:
    return f"{configuration_id}/publicIPAddresses/public"


def _public_ip(configuration_id: str, address: str) -> Json:
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": stable_uuid("public", configuration_id),
        "ipAddress": address,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "idleTimeoutInMinutes": 10,
        "ipTags": [],
        "ipConfiguration": {"id": configuration_id},
    }
    etag = f'W/"{stable_uuid("public-etag", configuration_id)}"'
    return {"name": "public", "id": _public_ip_id(configuration_id), "etag": etag, "properties": properties}
