"""Every cluster with its load balancer and its NAT gateways, in one Resource Graph query each.

A gateway belongs to a cluster if it is on one of its subnets, or in its node resource group, as in a network that AKS
owns. Resource Graph shows changes minutes later, so it proves nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from ..formatting import clauses
from ..model.cluster import Cluster
from ..model.fleet import Fleet, Unlisted, WatchedCluster, WatchedGateway
from ..model.load_balancer import LoadBalancer
from ..model.resource_id import ArmId
from ..model.text import Text
from . import api_versions
from .discovery import Discovery, cluster_balancer_id
from .errors import AzureError, Forbidden, NotFound, UnexpectedAnswer
from .parse.fields import (
    Json,
    UnreadableRow,
    field,
    inner,
    location,
    loose_references,
    number,
    resource_id,
    segment,
    tags,
    text,
)
from .parse.load_balancer import parse_load_balancer

T = TypeVar("T")
Broken = dict[UnreadableRow, frozenset[ArmId]]  # load balancers and NAT gateways, with subnets that can be read
PRODUCT_TAG = "snatbot"
_BALANCERS = "Microsoft.Network/loadBalancers"
_GATEWAYS = "Microsoft.Network/natGateways"
_PREFIXES = "Microsoft.Network/publicIPPrefixes"
_BALANCERS_QUERY = (
    "resources | where type =~ 'microsoft.network/loadbalancers' and name =~ 'kubernetes'"
    " | project id, name, type, location, sku, outboundRules = properties.outboundRules,"
    " frontends = properties.frontendIPConfigurations, pools = properties.backendAddressPools | order by id asc"
)
_GATEWAYS_QUERY = (
    "resources | where type =~ 'microsoft.network/natgateways'"
    " | project id, name, type, location, tags, properties | order by id asc"
)
_PREFIXES_QUERY = (
    "resources | where type =~ 'microsoft.network/publicipprefixes'"
    " | project id, name, type, location, properties | order by id asc"
)


class FleetDiscovery:
    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    def read_fleet(self, now: datetime) -> Fleet:
        """Raises AzureError if no clusters can be listed; ``unreadable`` names what else could not be read."""
        found = self._discovery.clusters()
        unreadable = list(found.unreadable)
        balancers, broken_balancers = self._balancers(unreadable)
        gateways, broken_gateways = self._gateways(unreadable)
        targets = _targets(found.clusters, balancers, gateways, broken_balancers | broken_gateways)
        return Fleet(now, (*targets, *map(_known_by_id, found.broken)), tuple(unreadable))

    def read_cluster(self, cluster: Cluster) -> WatchedCluster:
        """One cluster with its gateways; the load balancer is read from Resource Manager."""
        balancer = self._discovery.load_balancer(cluster)
        gateways, broken = self._gateways([])
        (target,) = _targets((cluster,), [balancer] if balancer else [], gateways, broken)
        return target

    def is_gone(self, cluster_id: str) -> bool:
        """Whether an unlisted cluster was deleted, and not only hidden from this identity.

        SubscriptionNotFound proves nothing: an identity without a role in the subscription gets it too.
        """
        try:
            self._discovery.cluster(cluster_id)
        except NotFound as error:
            return error.code != "SubscriptionNotFound"
        except Forbidden:
            pass
        return False

    def gateway_of_subnet(self, subnet_id: str) -> ArmId | None:
        """The subnet's NAT gateway, from Resource Manager."""
        return self._discovery.subnet_gateway(subnet_id)

    def _balancers(self, unreadable: list[Unlisted]) -> tuple[list[LoadBalancer], Broken]:
        parsed, bad = self._read(_BALANCERS_QUERY, _BALANCERS, _balancer, unreadable)
        balancers = [item for item in parsed if item and item.outbound_rules and item.sku.lower() == "standard"]
        broken = [row for row in bad if row.id.lower().endswith("/loadbalancers/kubernetes")]
        return balancers, dict.fromkeys(broken, frozenset())

    def _gateways(self, unreadable: list[Unlisted]) -> tuple[list[WatchedGateway], Broken]:
        found, _ = self._read(_GATEWAYS_QUERY, _GATEWAYS, _gateway_or_broken, unreadable)
        broken = {row: frozenset(subnets) for row, subnets in found if isinstance(row, UnreadableRow)}
        parsed = [(gateway, prefixes) for gateway, prefixes in found if isinstance(gateway, WatchedGateway)]
        unreadable += [Unlisted(Text("NAT gateway {gateway}", gateway=row.id), row.reason) for row in broken]
        sizes = self._prefix_sizes(unreadable) if any(prefixes for _, prefixes in parsed) else {}
        return [_counted(gateway, prefixes, sizes) for gateway, prefixes in parsed], broken

    def _prefix_sizes(self, unreadable: list[Unlisted]) -> dict[ArmId, int]:
        """The number of addresses of each public IP prefix."""
        parsed, bad = self._read(_PREFIXES_QUERY, _PREFIXES, _prefix_size, unreadable)
        unreadable += [Unlisted(Text("public IP prefix {prefix}", prefix=row.id), row.reason) for row in bad]
        return dict(parsed)

    def _read(
        self, query: str, kind: str, parse: Callable[[Any], T], unreadable: list[Unlisted]
    ) -> tuple[list[T], list[UnreadableRow]]:
        try:
            return self._discovery.read(query, kind, api_versions.NETWORK, parse, unreadable)
        except AzureError as error:
            unreadable.append(Unlisted(Text("{kind} could not be listed", kind=kind), error.text))
            return [], []


def _balancer(row: Json) -> LoadBalancer | None:
    """None: this load balancer has no outbound traffic of a cluster."""
    if text(row, "name").lower() != "kubernetes":
        return None
    properties = inner(row, "properties") or {
        "outboundRules": field(row, "outboundRules"),
        "frontendIPConfigurations": field(row, "frontends"),
        "backendAddressPools": field(row, "pools"),
    }
    try:
        # The inventory stores the number of nodes, not their ids.
        return replace(parse_load_balancer({**row, "properties": properties}), outbound_ip_configuration_ids=())
    except UnexpectedAnswer:
        # If a backend pool is invalid, only the number of nodes is unknown, not the whole load balancer.
        return parse_load_balancer({**row, "properties": {**properties, "backendAddressPools": None}})


def _prefix_size(row: Json) -> tuple[ArmId, int]:
    length = number(row, "properties", "prefixLength", default=32, most=128)
    return resource_id(row, "id"), 2 ** max(0, 32 - length)


def _gateway(row: Json, gateway_id: ArmId) -> tuple[WatchedGateway, tuple[ArmId, ...]]:
    """The gateway without its prefixes' addresses, and the ids of those prefixes."""
    gateway = WatchedGateway(
        id=gateway_id,
        name=segment(row, "name"),
        location=location(row),
        public_ip_count=len(loose_references(row, "properties", "publicIpAddresses")),
        subnet_ids=loose_references(row, "properties", "subnets"),
        cluster_tag=next((value for name, value in tags(row).items() if name.lower() == PRODUCT_TAG), ""),
    )
    return gateway, loose_references(row, "properties", "publicIpPrefixes")


def _gateway_or_broken(row: Any) -> tuple[WatchedGateway | UnreadableRow, tuple[ArmId, ...]]:
    """As ``_gateway``, or why not, with the subnets. Raises UnexpectedAnswer for a row without a readable id."""
    gateway_id = resource_id(row, "id")
    try:
        return _gateway(row, gateway_id)
    except UnexpectedAnswer as error:
        return UnreadableRow(gateway_id, error.message), _readable_subnets(row)


def _counted(gateway: WatchedGateway, prefixes: Sequence[ArmId], sizes: Mapping[ArmId, int]) -> WatchedGateway:
    counts = [sizes.get(prefix) for prefix in prefixes]
    total = (gateway.public_ip_count or 0) + sum(filter(None, counts))
    return replace(gateway, public_ip_count=None if None in counts else total)


def _readable_subnets(row: Json) -> tuple[ArmId, ...]:
    """The subnets of a gateway whose other properties can't be read."""
    try:
        return loose_references(row, "properties", "subnets")
    except UnexpectedAnswer:
        return ()


def _known_by_id(row: UnreadableRow) -> WatchedCluster:
    """A cluster of which only the id can be read; it is not measured."""
    cluster = Cluster(row.id, row.id.name, location="", node_resource_group="", outbound_type="")
    reason = Text("what Azure answers of the cluster can't be read: {reason}", reason=row.reason)
    return WatchedCluster(cluster, unreadable=reason)


def _targets(
    clusters: Iterable[Cluster],
    balancers: Iterable[LoadBalancer],
    gateways: Iterable[WatchedGateway],
    broken: Broken,
) -> Iterator[WatchedCluster]:
    by_balancer = {balancer.id: balancer for balancer in balancers}
    by_subnet: dict[ArmId, list[WatchedGateway]] = defaultdict(list)
    by_group: dict[str, list[WatchedGateway]] = defaultdict(list)
    for gateway in gateways:
        for subnet_id in gateway.subnet_ids:
            by_subnet[subnet_id].append(gateway)
        by_group[_group_of(gateway.id)].append(gateway)
    for cluster in clusters:
        group = f"{cluster.subscription}/{cluster.node_resource_group}".lower()
        serving = [gateway for subnet_id in cluster.subnet_ids for gateway in by_subnet.get(subnet_id, ())]
        own = {gateway.id: gateway for gateway in (*serving, *by_group.get(group, ()))}
        balancer = by_balancer.get(cluster_balancer_id(cluster))
        is_balanced = cluster.outbound_type.lower() == "loadbalancer" and cluster.load_balancer_sku.lower() != "basic"
        reasons = [
            Text("what Azure answers of {resource} can't be read: {reason}", resource=row.id, reason=row.reason)
            for row, subnet_ids in broken.items()
            if (is_balanced or row.id.type.lower() != _BALANCERS.lower())
            and (subnet_ids.intersection(cluster.subnet_ids) or _group_of(row.id) == group)
        ]
        yield WatchedCluster(cluster, balancer if is_balanced else None, tuple(own.values()), clauses(*reasons))


def _group_of(resource_id: ArmId) -> str:
    return f"{resource_id.subscription}/{resource_id.resource_group}".lower()
