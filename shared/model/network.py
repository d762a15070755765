"""The network around a cluster, as read from ARM for planning and again before each write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .cluster import Cluster
from .load_balancer import LoadBalancer, Node


@dataclass(frozen=True, slots=True)
class Route:
    """``next_hop_type`` in Azure's words: Internet, VirtualAppliance, VirtualNetworkGateway, VnetLocal, None."""

    name: str
    address_prefix: str
    next_hop_type: str
    next_hop_ip: str = ""


@dataclass(frozen=True, slots=True)
class Subnet:
    """``properties`` is ARM's writable projection: everything a PUT must carry along, unknown keys included.

    ``etag`` is of the moment of reading and never part of a plan. ``default_route`` is the route table's route for
    0.0.0.0/0, None when there is none. ``attached_ids`` are the IP configurations in the subnet.
    """

    id: str
    name: str
    provisioning_state: str
    etag: str
    properties: Mapping[str, Any]
    nat_gateway_id: str | None = None
    route_table_id: str | None = None
    default_route: Route | None = None
    attached_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicIp:
    """``address`` is empty until Azure has allocated it."""

    id: str
    name: str
    address: str
    sku: str
    provisioning_state: str
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    attached_to_id: str | None = None


@dataclass(frozen=True, slots=True)
class NatGateway:
    id: str
    name: str
    location: str
    sku: str
    provisioning_state: str
    idle_timeout_minutes: int
    public_ip_ids: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """All that planner and preflight read, one snapshot.

    What could not be read is None and named in ``unreadable``. ``taken_names`` are the names of public IPs and NAT
    gateways that exist in the resource group where new ones would go.
    """

    at: datetime
    cluster: Cluster
    load_balancer: LoadBalancer | None
    nodes: tuple[Node, ...]
    vnet_id: str | None
    vnet_location: str | None
    subnets: tuple[Subnet, ...]
    nat_gateways: tuple[NatGateway, ...]
    outbound_ips: tuple[PublicIp, ...]
    taken_names: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def outbound_idle_timeout_minutes(self) -> int:
        """Of the cluster's outbound rule; without one, what AKS was told."""
        if self.load_balancer and self.load_balancer.outbound_rules:
            return self.load_balancer.outbound_rules[0].idle_timeout_minutes
        return self.cluster.load_balancer_profile.idle_timeout_minutes
