"""The network around a cluster, as read from ARM for planning and again before each write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .access import Access
from .cluster import Cluster
from .load_balancer import LoadBalancer, Node, OutboundRule
from .resource_id import NO_ID, ArmId
from .text import Text, arranged
from .unreadable import Unreadable, UnreadableKind


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    prefix: str  # a network or a service tag, as Azure returns it
    next_hop_type: str  # Internet, VirtualAppliance, VirtualNetworkGateway, VnetLocal, None
    next_hop_ip: str = ""

    @property
    def next_hop(self) -> Text:
        return arranged("{parts:words}", parts=(self.next_hop_type or Text("no next hop"), self.next_hop_ip))


@dataclass(frozen=True, slots=True)
class Subnet:
    id: ArmId
    name: str
    provisioning_state: str
    etag: str  # at the time of reading; never part of a plan
    properties: Mapping[str, Any]  # ARM's writable properties: a PUT must send all of them, also unknown keys
    nat_gateway_id: ArmId | None = None
    route_table_id: ArmId | None = None
    routes: tuple[Route, ...] = ()  # of its route table
    attached_ids: tuple[ArmId, ...] = ()  # IP configurations in the subnet
    takes_propagated_routes: bool = True  # routes that a gateway propagates

    @property
    def has_ipv6(self) -> bool:
        names = ("addressprefix", "addressprefixes")
        return any(":" in str(value) for name, value in self.properties.items() if name.lower() in names)


@dataclass(frozen=True, slots=True)
class Vnet:
    id: ArmId
    location: str
    learns_routes: bool = False  # from a VPN or ExpressRoute gateway or Route Server, its own or a peered network's
    has_ddos_protection: bool = False
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PublicIp:
    """A public IP, or a public IP prefix."""

    id: ArmId
    name: str
    address: str  # empty until Azure allocates it; the range of a prefix
    sku: str
    provisioning_state: str
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    attached_to_id: ArmId | None = None
    has_internet_routing: bool = False  # routing preference Internet
    has_ddos_protection: bool = False  # its own protection plan, not an inherited one
    is_ipv6: bool = False
    location: str = ""
    taken_out_ids: tuple[ArmId, ...] = ()  # single public IPs from this prefix
    prefix_id: ArmId | None = None  # the prefix that it belongs to

    @property
    def is_prefix(self) -> bool:
        return is_prefix(self.id)

    @property
    def address_count(self) -> int:
        """How many addresses it gives a NAT gateway: 1, or the size of the prefix; 0 while the range is unknown."""
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
    properties: Mapping[str, Any] = field(default_factory=dict)  # ARM's writable properties
    etag: str = ""  # at the time of reading

    @property
    def egress_ids(self) -> tuple[ArmId, ...]:
        """Public IPs, then prefixes."""
        return (*self.public_ip_ids, *self.public_ip_prefix_ids)


@dataclass(frozen=True, slots=True)
class OtherChange:
    """A change of another cluster on the same virtual network that is not final."""

    cluster_name: str
    is_proposal: bool


@dataclass(frozen=True, slots=True)
class Ours:
    """What snatbot's own records show. Anybody can write a tag, so it does not prove who created a resource."""

    created_ids: frozenset[ArmId] = frozenset()
    other_changes: tuple[OtherChange, ...] = ()
    port_trouble: bool = False  # an open incident needs more ports, whatever the last hour shows


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """All facts that planner and preflight use, one snapshot.

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
    group_ips: tuple[PublicIp, ...] = ()  # public IPs in that group, and prefixes if the plan needs them
    given_prefix: PublicIp | None = None  # the prefix that the owner named in the settings
    nat_group_id: ArmId = NO_ID  # the resource group for new resources
    access: Access | None = None
    ours: Ours = field(default_factory=Ours)
    gateway_ips: tuple[PublicIp, ...] = ()  # public IPs of the subnets' NAT gateways outside that group
    node_ips: tuple[PublicIp, ...] = ()  # nodes' own public IPs, with their prefixes
    scale_set_subnets: Mapping[ArmId, ArmId] = field(default_factory=dict)  # the subnet of each scale set's new nodes
    unplaced_ips: tuple[str, ...] | None = None  # backends in no subnet with traffic or ports; None: not measured

    @property
    def needed_unreadable(self) -> tuple[Unreadable, ...]:
        """Without nodes' own public IPs, which are only shown: no write depends on them."""
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
        """Members of the outbound pools, or nodes of named pools if there are more: new ones may not be members yet."""
        members = self.load_balancer.outbound_interface_ids if self.load_balancer else ()
        return max(len(members), sum(bool(node.pool) for node in self.nodes))

    @property
    def attached_gateways(self) -> tuple[NatGateway, ...]:
        """Gateways on the cluster's subnets that could be read."""
        attached = {subnet.nat_gateway_id for subnet in self.subnets}
        return tuple(gateway for gateway in self.nat_gateways if gateway.id in attached)

    @property
    def outbound_addresses(self) -> tuple[str, ...]:
        return tuple(ip.address for ip in self.outbound_ips if ip.address)

    @property
    def aks_outbound_rule(self) -> OutboundRule | None:
        return self.load_balancer.aks_outbound_rule if self.load_balancer else None

    @property
    def aks_outbound_ips(self) -> tuple[PublicIp, ...]:
        """Public IPs of AKS's own outbound rule that could be read; if the rule is unknown, those that AKS names."""
        rule = self.aks_outbound_rule
        ids = rule.ip_ids if rule else self.cluster.load_balancer_profile.effective_ip_ids
        return tuple(ip for ip in self.outbound_ips if ip.id in ids)

    @property
    def is_dual_stack(self) -> bool:
        return self.cluster.has_ipv6 or any(subnet.has_ipv6 for subnet in self.subnets)

    @property
    def outbound_idle_timeout_minutes(self) -> int:
        """Of AKS's own outbound rule; without it, the timeout in the cluster's profile."""
        rule = self.aks_outbound_rule
        return rule.idle_timeout_minutes if rule else self.cluster.load_balancer_profile.idle_timeout_minutes


def address_prefixes(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """A subnet's ARM properties have either one prefix or a list of prefixes."""
    found = (properties.get("addressPrefix"), *(properties.get("addressPrefixes") or ()))
    return tuple(dict.fromkeys(prefix for prefix in found if isinstance(prefix, str)))


def is_prefix(resource_id: str) -> bool:
    return "/publicipprefixes/" in resource_id.lower()


def is_settled(provisioning_state: str) -> bool:
    """Whether the provisioning state says that no operation is in progress."""
    return provisioning_state.lower() == "succeeded"
