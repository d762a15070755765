"""The network around a cluster, as read from ARM for planning and again before each write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from .access import Access
from .cluster import Cluster
from .load_balancer import LoadBalancer, Node, OutboundRule
from .resource_id import NO_ID, ArmId


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    prefix: str  # a network or a service tag, as Azure has it
    next_hop_type: str  # Internet, VirtualAppliance, VirtualNetworkGateway, VnetLocal, None
    next_hop_ip: str = ""

    @property
    def next_hop(self) -> str:
        """For people."""
        return f"{self.next_hop_type or 'no next hop'} {self.next_hop_ip}".strip()


@dataclass(frozen=True, slots=True)
class Subnet:
    id: ArmId
    name: str
    provisioning_state: str
    etag: str  # of the moment of reading, and never part of a plan
    properties: Mapping[str, Any]  # ARM's writable projection: all that a PUT must carry along, unknown keys included
    nat_gateway_id: ArmId | None = None
    route_table_id: ArmId | None = None
    routes: tuple[Route, ...] = ()  # of its route table
    attached_ids: tuple[ArmId, ...] = ()  # IP configurations in it
    takes_propagated_routes: bool = True  # those that a gateway learns from elsewhere

    @property
    def has_ipv6(self) -> bool:
        names = ("addressprefix", "addressprefixes")
        return any(":" in str(value) for name, value in self.properties.items() if name.lower() in names)


@dataclass(frozen=True, slots=True)
class Vnet:
    id: ArmId
    location: str
    learns_routes: bool = False  # from its VPN or ExpressRoute gateway or Route Server, or a peered network's
    has_ddos_protection: bool = False
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PublicIp:
    """Or a prefix of them."""

    id: ArmId
    name: str
    address: str  # empty until Azure has allocated it; of a prefix, the range
    sku: str
    provisioning_state: str
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    attached_to_id: ArmId | None = None
    has_internet_routing: bool = False  # routing preference Internet
    has_ddos_protection: bool = False  # a plan of its own, not inherited
    is_ipv6: bool = False
    location: str = ""
    taken_out_ids: tuple[ArmId, ...] = ()  # single public IPs that were made from the prefix
    prefix_id: ArmId | None = None  # that it was taken out of

    @property
    def is_prefix(self) -> bool:
        return is_prefix(self.id)

    @property
    def address_count(self) -> int:
        """How many addresses a NAT gateway has from it: 1, or the whole range; 0 while the range is not known."""
        if not self.is_prefix:
            return 1
        length = self.address.rpartition("/")[2]
        return int(2 ** (32 - int(length))) if length.isdigit() and int(length) <= 32 else 0


@dataclass(frozen=True, slots=True)
class NatGateway:
    id: ArmId
    name: str
    location: str
    sku: str
    provisioning_state: str
    idle_timeout_minutes: int
    public_ip_ids: tuple[ArmId, ...]
    subnet_ids: tuple[ArmId, ...]
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    public_ip_prefix_ids: tuple[ArmId, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)  # ARM's writable projection
    etag: str = ""  # of the moment of reading

    @property
    def egress_ids(self) -> tuple[ArmId, ...]:
        """What traffic leaves from: public IPs, then prefixes."""
        return (*self.public_ip_ids, *self.public_ip_prefix_ids)


@dataclass(frozen=True, slots=True)
class OtherChange:
    """Another cluster's change on the same virtual network that is not final."""

    id: str
    cluster_name: str
    state: str  # in words
    is_proposal: bool


@dataclass(frozen=True, slots=True)
class Ours:
    """What this bot's own records say. A tag alone never makes a resource ours: anybody can write a tag."""

    created_ids: frozenset[ArmId] = frozenset()
    other_changes: tuple[OtherChange, ...] = ()
    port_trouble: bool = False  # an incident is open that more ports would cure, whatever the last hour shows


class UnreadableKind(StrEnum):
    """What of a network could not be read. The value is what it is called in texts."""

    LOAD_BALANCER = "load balancer"
    NODES = "nodes"
    VNET = "virtual network"
    SUBNET = "subnet"
    NAT_GATEWAY = "NAT gateway"
    PUBLIC_IP = "public IP"
    GIVEN_PREFIX = "public IP prefix of NAT_IPS"
    NAT_GATEWAYS = "natGateways"
    PUBLIC_IPS = "publicIPAddresses"
    PUBLIC_IP_PREFIXES = "publicIPPrefixes"
    NODE_PUBLIC_IPS = "public IPs of"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read, or only in part."""

    kind: UnreadableKind
    name: str  # empty where the kind says it all
    reason: str
    resource_group: str = ""  # of what was asked for, which need not be where the plan writes; empty: not known

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip() + f" ({self.reason})"


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """All that planner and preflight read, one snapshot.

    What could not be read is None and named in ``unreadable``.
    """

    at: datetime
    cluster: Cluster
    load_balancer: LoadBalancer | None
    nodes: tuple[Node, ...]
    vnet_id: ArmId | None
    vnet_location: str | None
    subnets: tuple[Subnet, ...]
    nat_gateways: tuple[NatGateway, ...]
    outbound_ips: tuple[PublicIp, ...]
    taken_names: tuple[str, ...] = ()  # public IPs and NAT gateways in the resource group for new ones
    unreadable: tuple[Unreadable, ...] = ()
    vnet: Vnet | None = None
    group_ips: tuple[PublicIp, ...] = ()  # those public IPs, and prefixes where they count
    given_prefix: PublicIp | None = None  # that the owner named in the settings
    nat_group_id: ArmId = NO_ID  # the resource group for what is created
    access: Access | None = None
    ours: Ours = field(default_factory=Ours)
    gateway_ips: tuple[PublicIp, ...] = ()  # of the subnets' NAT gateways that are not in that group
    node_ips: tuple[PublicIp, ...] = ()  # nodes' own, with the prefixes that these come from
    scale_set_subnets: Mapping[ArmId, ArmId] = field(default_factory=dict)  # where new nodes of a scale set come
    unplaced_ips: tuple[str, ...] | None = None  # backends with traffic or ports in no subnet; None: not measured

    @property
    def needed_unreadable(self) -> tuple[Unreadable, ...]:
        """Without nodes' own public IPs: people are shown them, no write depends on them."""
        return tuple(entry for entry in self.unreadable if entry.kind is not UnreadableKind.NODE_PUBLIC_IPS)

    def unreadable_of(self, *kinds: UnreadableKind) -> tuple[Unreadable, ...]:
        return tuple(entry for entry in self.unreadable if entry.kind in kinds)

    @property
    def known_ips(self) -> Mapping[ArmId, PublicIp]:
        """Every public IP and prefix that was read, by id."""
        given = (self.given_prefix,) if self.given_prefix else ()
        return {ip.id: ip for ip in (*self.node_ips, *self.outbound_ips, *self.gateway_ips, *given, *self.group_ips)}

    def gateway(self, gateway_id: ArmId | None) -> NatGateway | None:
        return next((gateway for gateway in self.nat_gateways if gateway.id == gateway_id), None)

    @property
    def node_count(self) -> int:
        """Members of the outbound pools, or nodes of a named pool where there are more: some may not be members yet."""
        members = self.load_balancer.outbound_interface_ids if self.load_balancer else ()
        return max(len(members), sum(bool(node.pool) for node in self.nodes))

    @property
    def attached_gateways(self) -> tuple[NatGateway, ...]:
        """Those of the cluster's subnets, as far as they could be read."""
        attached = {subnet.nat_gateway_id for subnet in self.subnets}
        return tuple(gateway for gateway in self.nat_gateways if gateway.id in attached)

    @property
    def outbound_addresses(self) -> tuple[str, ...]:
        """Of the load balancer's outbound rules."""
        return tuple(ip.address for ip in self.outbound_ips if ip.address)

    @property
    def aks_outbound_rule(self) -> OutboundRule | None:
        return self.load_balancer.aks_outbound_rule if self.load_balancer else None

    @property
    def aks_outbound_ips(self) -> tuple[PublicIp, ...]:
        """Of AKS's own outbound rule, as far as they could be read; where that is unknown, those that AKS names."""
        rule = self.aks_outbound_rule
        ids = rule.ip_ids if rule else self.cluster.load_balancer_profile.effective_ip_ids
        return tuple(ip for ip in self.outbound_ips if ip.id in ids)

    @property
    def is_dual_stack(self) -> bool:
        return self.cluster.has_ipv6 or any(subnet.has_ipv6 for subnet in self.subnets)

    @property
    def outbound_idle_timeout_minutes(self) -> int:
        """Of AKS's own outbound rule; without one, what the cluster's profile asks for."""
        rule = self.aks_outbound_rule
        return rule.idle_timeout_minutes if rule else self.cluster.load_balancer_profile.idle_timeout_minutes


def address_prefixes(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """A subnet's, from its ARM properties: it has one prefix, or a list of them."""
    found = (properties.get("addressPrefix"), *(properties.get("addressPrefixes") or ()))
    return tuple(dict.fromkeys(prefix for prefix in found if isinstance(prefix, str)))


def is_prefix(resource_id: str) -> bool:
    """Of public IPs, by its id."""
    return "/publicipprefixes/" in resource_id.lower()


def is_settled(provisioning_state: str) -> bool:
    """Azure's word for a resource that no operation touches."""
    return provisioning_state.lower() == "succeeded"
