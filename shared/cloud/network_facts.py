"""One snapshot of the network around a cluster: all facts for planner and preflight, from Resource Manager.

What can't be read is omitted and named with its reason, never guessed. A plan that depends on it is blocked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from ..model.cluster import Cluster
from ..model.load_balancer import LoadBalancer, Node, NodeList, scale_set_of
from ..model.network import NatGateway, NetworkFacts, PublicIp, Subnet, Vnet
from ..model.resource_id import NO_ID, ArmId
from ..model.text import Text
from ..model.unreadable import Unreadable, UnreadableKind
from . import api_versions
from .arm import Arm
from .discovery import Discovery
from .errors import AzureError
from .node_list import unreadable_summary
from .parse.fields import read_rows, reference
from .parse.nat_gateway import parse_nat_gateway, parse_public_ip
from .parse.subnet import parse_routes, parse_subnet, parse_vnet, takes_propagated_routes

T = TypeVar("T")


def read_network_facts(
    arm: Arm,
    discovery: Discovery,
    cluster_id: str,
    now: datetime,
    *,
    nat_resource_group: str = "",
    given_prefix_id: str = "",
    with_prefixes: bool = False,
    moved: Sequence[ArmId] = (),
) -> NetworkFacts:
    """``nat_resource_group``: for new resources; empty: the virtual network's group.

    ``given_prefix_id``: the public IP prefix that the owner named; ``with_prefixes``: also read the group's prefixes.
    ``moved``: subnets of a plan, which count as the cluster's even without nodes now.

    Raises only if the cluster itself can't be read.
    """
    cluster = discovery.cluster(cluster_id)
    vnet_id = cluster.subnet_ids[0].parent if cluster.subnet_ids else None
    near = vnet_id.resource_group if vnet_id else cluster.node_resource_group
    groups = tuple(dict.fromkeys((nat_resource_group or near, near)))
    moved = moved if cluster.has_auto_provisioning else ()
    return NetworkReading(arm, discovery, cluster, vnet_id, groups, given_prefix_id, with_prefixes, moved).facts(now)


@dataclass(slots=True)
class NetworkReading:
    """The reads of one snapshot, and those that failed."""

    arm: Arm
    discovery: Discovery
    cluster: Cluster
    vnet_id: ArmId | None
    gateway_groups: tuple[str, ...]  # the group for new resources, and the virtual network's
    given_prefix_id: str
    with_prefixes: bool
    moved: Sequence[ArmId]
    unreadable: list[Unreadable] = field(default_factory=list)

    def facts(self, now: datetime) -> NetworkFacts:
        cluster = self.cluster
        load_balancer = self._attempt(UnreadableKind.LOAD_BALANCER, lambda: self.discovery.load_balancer(cluster), None)
        nodes = self._nodes()
        vnet = self._attempt(UnreadableKind.VNET, self._read_vnet, None)
        subnets = self._read_each(UnreadableKind.SUBNET, self._subnet_ids(nodes.nodes, load_balancer), self._subnet)
        gateways = self._nat_gateways(subnets)
        outbound_ips = self._read_ips(load_balancer.outbound_ip_ids if load_balancer else ())
        group_ips = self._group_ips(gateways)
        gateway_ips = self._gateway_ips(gateways, subnets, (*group_ips, *outbound_ips))
        node_ips = self.node_ips(nodes.nodes)
        group = self.gateway_groups[0]
        return NetworkFacts(
            at=now,
            cluster=cluster,
            load_balancer=load_balancer,
            nodes=nodes.nodes,
            scale_set_subnets=nodes.scale_set_subnets,
            vnet_id=self.vnet_id,
            vnet_location=vnet.location if vnet else None,
            subnets=subnets,
            nat_gateways=gateways,
            outbound_ips=outbound_ips,
            taken_names=_taken_names(group, gateways, group_ips),
            vnet=vnet,
            group_ips=group_ips,
            given_prefix=self._prefix(),
            gateway_ips=gateway_ips,
            node_ips=node_ips,
            nat_group_id=ArmId(f"/subscriptions/{self.vnet_id.subscription}/resourceGroups/{group}")
            if self.vnet_id
            else NO_ID,
            unreadable=tuple(self.unreadable),
        )

    def _attempt(self, kind: UnreadableKind, read: Callable[[], T], otherwise: T, name: str = "") -> T:
        try:
            return read()
        except AzureError as error:
            self.unreadable.append(Unreadable(kind, name, error.text, error.resource_group))
            return otherwise

    def _read_each(self, kind: UnreadableKind, ids: Iterable[ArmId], read: Callable[[ArmId], T]) -> tuple[T, ...]:
        found = (self._attempt(kind, partial(read, resource_id), None, resource_id.name) for resource_id in ids)
        return tuple(item for item in found if item is not None)

    def _nodes(self) -> NodeList:
        found = self.discovery.nodes(self.cluster)
        group = self.cluster.node_resource_group
        self.unreadable += [Unreadable(UnreadableKind.NODES, "", reason, group) for reason in found.unreadable]
        return found

    def _subnet_ids(self, nodes: tuple[Node, ...], load_balancer: LoadBalancer | None) -> tuple[ArmId, ...]:
        """Subnets that only nodes are in, as with node auto-provisioning, then those that pools name.

        A machine without a pool that is not in the outbound pool is not a node of this cluster.
        """
        named = self.cluster.subnet_ids
        if not named:  # AKS owns the network, or its owner is unknown
            return ()
        members = set(load_balancer.outbound_interface_ids) if load_balancer else set()
        of_nodes = {node.subnet_id for node in nodes if node.subnet_id and (node.pool or node.interface_id in members)}
        return (*sorted(of_nodes.union(self.moved).difference(named)), *named)

    def _get(self, resource_id: str) -> dict[str, Any]:
        return self.arm.get(resource_id, api_versions.NETWORK)

    def _read_vnet(self) -> Vnet | None:
        return parse_vnet(self._get(self.vnet_id)) if self.vnet_id else None

    def _prefix(self) -> PublicIp | None:
        if not self.given_prefix_id:
            return None
        read = partial(self._get, self.given_prefix_id)
        return self._attempt(UnreadableKind.GIVEN_PREFIX, lambda: parse_public_ip(read()), None)

    def _subnet(self, subnet_id: str) -> Subnet:
        """A subnet with its route table, or nothing: without the routes its egress would be a guess."""
        item = self._get(subnet_id)
        route_table_id = reference(item, "properties", "routeTable")
        if not route_table_id:
            return parse_subnet(item)
        table = self._get(route_table_id)
        return parse_subnet(item, parse_routes(table), takes_propagated_routes(table))

    def _nat_gateways(self, subnets: tuple[Subnet, ...]) -> tuple[NatGateway, ...]:
        """Gateways in the groups for new resources, and gateways on the cluster's subnets in any group."""
        found = {
            gateway.id: gateway
            for group in self.gateway_groups
            for gateway in self._list_group(group, UnreadableKind.NAT_GATEWAYS, parse_nat_gateway)
        }
        attached = {subnet.nat_gateway_id for subnet in subnets if subnet.nat_gateway_id}
        elsewhere = tuple(sorted(gateway_id for gateway_id in attached if gateway_id not in found))
        read = self._read_each(
            UnreadableKind.NAT_GATEWAY, elsewhere, lambda gateway_id: parse_nat_gateway(self._get(gateway_id))
        )
        return (*found.values(), *read)

    def _read_ips(self, ids: Iterable[ArmId], kind: UnreadableKind = UnreadableKind.PUBLIC_IP) -> tuple[PublicIp, ...]:
        return self._read_each(kind, ids, lambda ip_id: parse_public_ip(self._get(ip_id)))

    def node_ips(self, nodes: Iterable[Node]) -> tuple[PublicIp, ...]:
        """Public IPs that nodes have of their own, and the prefixes that they come from.

        Today's egress IPs are among them; no write depends on them. A scale set lists those of its instances.
        """
        kind = UnreadableKind.NODE_PUBLIC_IPS
        ids = dict.fromkeys(ip_id for node in nodes for ip_id in node.public_ip_ids)
        found = [*self._read_ips([ip_id for ip_id in ids if not scale_set_of(ip_id)], kind)]
        for scale_set in dict.fromkeys(filter(None, map(scale_set_of, ids))):
            path = f"{scale_set}/publicIPAddresses"
            found += self._list(path, kind, scale_set.name, parse_public_ip, api_versions.SCALE_SET_NICS)
        kept = [ip for ip in found if ip.id in ids]
        return (*kept, *self._read_ips(dict.fromkeys(ip.prefix_id for ip in kept if ip.prefix_id), kind))

    def _gateway_ips(
        self, gateways: tuple[NatGateway, ...], subnets: tuple[Subnet, ...], known: tuple[PublicIp, ...]
    ) -> tuple[PublicIp, ...]:
        """Public IPs of the cluster's gateways that were not read yet."""
        have = {ip.id for ip in known}
        attached = {subnet.nat_gateway_id for subnet in subnets}
        # Every gateway of a network that AKS owns belongs to the cluster.
        serving = [gateway for gateway in gateways if self.vnet_id is None or gateway.id in attached]
        ids = dict.fromkeys(ip_id for gateway in serving for ip_id in gateway.egress_ids)
        return self._read_ips(ip_id for ip_id in ids if ip_id not in have)

    def _group_ips(self, gateways: tuple[NatGateway, ...]) -> tuple[PublicIp, ...]:
        """Public IPs in the group for new resources; prefixes too if the plan or a gateway uses them."""
        group = self.gateway_groups[0]
        has_prefixes = self.with_prefixes or any(gateway.public_ip_prefix_ids for gateway in gateways)
        kinds = [UnreadableKind.PUBLIC_IPS, *([UnreadableKind.PUBLIC_IP_PREFIXES] if has_prefixes else [])]
        return tuple(ip for kind in kinds for ip in self._list_group(group, kind, parse_public_ip))

    def _list_group(self, group: str, kind: UnreadableKind, parse: Callable[[dict[str, Any]], T]) -> list[T]:
        subscription = self.vnet_id.subscription if self.vnet_id else self.cluster.subscription
        path = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{kind}"
        return self._list(path, kind, Text("in resource group {group}", group=group), parse, api_versions.NETWORK)

    def _list(
        self, path: str, kind: UnreadableKind, name: str, parse: Callable[[dict[str, Any]], T], api_version: str
    ) -> list[T]:
        """Those that can be understood. The others are named, and block what depends on them."""
        rows: list[dict[str, Any]] = self._attempt(kind, lambda: list(self.arm.list(path, api_version)), [], name)
        read, bad = read_rows(rows, parse)
        if bad:
            group = path.split("/")[4]
            self.unreadable.append(Unreadable(kind, name, unreadable_summary(bad), group))
        return read


def _taken_names(group: str, gateways: tuple[NatGateway, ...], ips: tuple[PublicIp, ...]) -> tuple[str, ...]:
    names = {ip.name for ip in ips}
    names |= {gateway.name for gateway in gateways if gateway.id.resource_group.lower() == group.lower()}
    return tuple(sorted(names))
