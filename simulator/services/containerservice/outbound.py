"""Changes of a cluster's outbound type, and the resources that AKS then creates and removes.

The table of supported changes is that of the AKS docs (egress-outboundtype). A cluster in a virtual
network of AKS's own may use a managed NAT gateway; one in its owner's network may use the owner's
gateway or routes.
"""

from __future__ import annotations

from typing import Any

from ...egress import default_route_hop, gateway_addresses
from ...fleet import LOAD_BALANCER, Cluster, Frontend
from ...noise import stable_uuid
from ...resourceid import network_id
from ...state.network import document_of
from ...world import World
from ..network.kinds import NAT_GATEWAYS, PUBLIC_IPS
from .refusals import (
    BASIC_LOAD_BALANCER,
    NO_GATEWAY_ON_SUBNET,
    NO_ROUTE_ON_SUBNET,
    OUTBOUND_TYPE_CHANGE,
    OUTBOUND_TYPE_UNKNOWN,
)

MANAGED_GATEWAY, OWN_GATEWAY, ROUTES, NONE = (
    "managedNATGateway",
    "userAssignedNATGateway",
    "userDefinedRouting",
    "none",
)
_MANAGED_NETWORK = {
    LOAD_BALANCER: {MANAGED_GATEWAY, NONE},
    MANAGED_GATEWAY: {NONE},
    NONE: {LOAD_BALANCER, MANAGED_GATEWAY},
}
_OWN_NETWORK = {
    LOAD_BALANCER: {OWN_GATEWAY, ROUTES, NONE},
    OWN_GATEWAY: {LOAD_BALANCER, ROUTES, NONE},
    ROUTES: {LOAD_BALANCER, OWN_GATEWAY, NONE},
    NONE: {LOAD_BALANCER, OWN_GATEWAY, ROUTES},
}
GATEWAY_NAME = "aks-nat-gateway"
_STANDARD = {"name": "Standard", "tier": "Regional"}


def own_network(cluster: Cluster) -> bool:
    """Whether the cluster's nodes are in a virtual network that isn't AKS's."""
    return any(pool.own_subnet for pool in cluster.pools)


def check_change(world: World, cluster: Cluster, wanted: str) -> None:
    """Refuse an outbound type that the cluster can't change to."""
    if wanted not in (LOAD_BALANCER, MANAGED_GATEWAY, OWN_GATEWAY, ROUTES, NONE):
        raise OUTBOUND_TYPE_UNKNOWN.error(f"The value of parameter networkProfile.outboundType is invalid: '{wanted}'.")
    if wanted == cluster.outbound_type:
        return
    if cluster.load_balancer_sku.lower() != "standard":
        raise BASIC_LOAD_BALANCER.error("The outbound type can only change with a Standard load balancer.")
    table = _OWN_NETWORK if own_network(cluster) else _MANAGED_NETWORK
    if wanted not in table.get(cluster.outbound_type, set()):
        where = "its own virtual network" if own_network(cluster) else "a managed virtual network"
        raise OUTBOUND_TYPE_CHANGE.error(
            f"Updating outboundType from {cluster.outbound_type} to {wanted} is not supported for a cluster in {where}."
        )
    for subnet_id in dict.fromkeys(pool.subnet_id for pool in cluster.pools):
        subnet = world.network.get(subnet_id)
        properties = subnet.properties if subnet is not None else {}
        gateway = world.network.referred(properties, "natGateway")
        if wanted == OWN_GATEWAY and (gateway is None or not gateway_addresses(gateway.properties, world.network)):
            raise NO_GATEWAY_ON_SUBNET.error(
                f"Subnet {subnet_id} must be associated with a NAT gateway that has a public IP."
            )
        if wanted == ROUTES and default_route_hop(properties, world.network) is None:
            raise NO_ROUTE_ON_SUBNET.error(f"Subnet {subnet_id} must have a route table with a route for 0.0.0.0/0.")


def change(world: World, cluster: Cluster, wanted: str, addresses: int, idle_minutes: int) -> None:
    """Build what the new outbound type needs with `addresses` public IPs, remove what the old one had."""
    had = cluster.outbound_type
    cluster.outbound_type = wanted
    cluster.idle_timeout_minutes = idle_minutes
    if wanted != had:
        if had == MANAGED_GATEWAY:
            _remove_gateway(world, cluster)
        set_frontends(world, cluster, 0)
    if wanted in (LOAD_BALANCER, MANAGED_GATEWAY):
        set_frontends(world, cluster, addresses)
    if wanted == MANAGED_GATEWAY:
        build_gateway(world, cluster)


def set_frontends(world: World, cluster: Cluster, count: int) -> None:
    """Bring AKS's own public IPs to `count`; those of a customer are only detached."""
    frontends = list(cluster.frontends)
    while len(frontends) > count:
        frontend = frontends.pop()
        world.frontend_owners.pop(frontend.public_ip_id.lower(), None)
        document = world.network.get(frontend.public_ip_id)
        if document is not None and cluster.managed_outbound_ips:
            world.network.remove(document)
    while len(frontends) < count:
        cluster.managed_outbound_ips = True
        address = next(world.public_addresses)
        frontends.append(new_frontend(world, cluster, stable_uuid("frontend", cluster.id, address), address))
        world.frontend_owners[frontends[-1].public_ip_id.lower()] = cluster
    cluster.frontends = tuple(frontends)


def new_frontend(world: World, cluster: Cluster, name: str, address: str) -> Frontend:
    """A frontend with a public IP that AKS makes in the node resource group."""
    public_ip_id = network_id(cluster.subscription, cluster.node_group, "publicIPAddresses", name)
    written = {"ipAddress": address, "idleTimeoutInMinutes": cluster.idle_timeout_minutes}
    properties = PUBLIC_IPS.filled(written | {"publicIPAllocationMethod": "Static"})
    tags = {"aks-managed-type": "aks-slb-managed-outbound-ip"}
    world.network.add(document_of(public_ip_id, properties, location=cluster.location, tags=tags, sku=_STANDARD))
    return Frontend(name, public_ip_id, address)


def build_gateway(world: World, cluster: Cluster) -> None:
    """The managed NAT gateway, with the cluster's public IPs, on AKS's subnet."""
    gateway_id = network_id(cluster.subscription, cluster.node_group, "natGateways", GATEWAY_NAME)
    properties: dict[str, Any] = {
        "idleTimeoutInMinutes": cluster.idle_timeout_minutes,
        "publicIpAddresses": [{"id": each.public_ip_id} for each in cluster.frontends],
    }
    gateway = world.network.get(gateway_id)
    if gateway is None:
        filled = NAT_GATEWAYS.filled(properties)
        gateway = world.network.add(document_of(gateway_id, filled, location=cluster.location, sku=_STANDARD))
    else:
        gateway.properties |= properties
        world.network.touch(gateway)
    for subnet_id in {pool.subnet_id for pool in cluster.pools}:
        subnet = world.network.get(subnet_id)
        if subnet is not None:
            subnet.properties["natGateway"] = {"id": gateway_id}
            world.network.touch(subnet)


def _remove_gateway(world: World, cluster: Cluster) -> None:
    gateway = world.network.get(network_id(cluster.subscription, cluster.node_group, "natGateways", GATEWAY_NAME))
    for subnet_id in {pool.subnet_id for pool in cluster.pools}:
        subnet = world.network.get(subnet_id)
        if subnet is not None and subnet.properties.pop("natGateway", None) is not None:
            world.network.touch(subnet)
    if gateway is not None:
        world.network.remove(gateway)
