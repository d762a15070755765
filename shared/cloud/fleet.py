"""Every cluster with its load balancer and its NAT gateways, in one Resource Graph query each.

A gateway belongs to a cluster when it serves one of its subnets, or lies in its node resource group, as in a network
that AKS owns. Resource Graph follows changes within minutes: it finds things, it proves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..model.cluster import Cluster
from ..model.fleet import Fleet, WatchedCluster, WatchedGateway
from ..model.load_balancer import LoadBalancer
from ..model.resource_id import ResourceId
from . import api_versions
from .discovery import Discovery
from .errors import AzureError, Forbidden, NotFound, UnexpectedAnswer
from .parse import parse_load_balancer
from .parse.fields import number, references, tags, text

PRODUCT_TAG = "snatbot"
_BALANCERS = "Microsoft.Network/loadBalancers"
_GATEWAYS = "Microsoft.Network/natGateways"
_PREFIXES = "Microsoft.Network/publicIPPrefixes"
# Backend pools are left out: they name every node's interface.
_BALANCERS_QUERY = (
    "resources | where type =~ 'microsoft.network/loadbalancers' and name =~ 'kubernetes'"
    " | project id, name, type, location, sku, outboundRules = properties.outboundRules,"
    " frontends = properties.frontendIPConfigurations | order by id asc"
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

    def read(self, now: datetime) -> Fleet:
        """Raises when clusters can't be listed at all; anything less is named in ``unreadable``."""
        found = self._discovery.clusters()
        unreadable = list(found.unreadable)
        balancers = {balancer.id.lower(): balancer for balancer in self._balancers(unreadable)}
        gateways = list(self._gateways(unreadable))
        targets = _targets(found.clusters, balancers, gateways)
        return Fleet(now, tuple(targets), tuple(unreadable))

    def one(self, cluster: Cluster) -> WatchedCluster:
        """One cluster's, its load balancer as Resource Manager knows it now."""
        unreadable: list[str] = []
        balancer = self._discovery.load_balancer(cluster)
        gateways = list(self._gateways(unreadable))
        (target,) = _targets((cluster,), {balancer.id.lower(): balancer} if balancer else {}, gateways)
        return target

    def is_gone(self, cluster_id: str) -> bool:
        """Whether a cluster that is no longer listed was deleted, rather than hidden from this identity.

        An identity that lost every role in a subscription may be told that there is none, which proves nothing.
        """
        try:
            self._discovery.cluster(cluster_id)
        except NotFound as error:
            return error.code != "SubscriptionNotFound"
        except Forbidden:
            return False
        return False

    def gateway_of_subnet(self, subnet_id: str) -> str | None:
        """The NAT gateway on a subnet as Resource Manager knows it now."""
        return self._discovery.subnet_gateway(subnet_id)

    def _balancers(self, unreadable: list[str]) -> Iterator[LoadBalancer]:
        for row in self._rows(_BALANCERS_QUERY, _BALANCERS, unreadable):
            if text(row, "name").lower() != "kubernetes":
                continue
            if "properties" not in row:
                row = {
                    **row,
                    "properties": {
                        "outboundRules": row.get("outboundRules"),
                        "frontendIPConfigurations": row.get("frontends"),
                    },
                }
            try:
                balancer = parse_load_balancer(row)
            except UnexpectedAnswer as error:
                unreadable.append(f"load balancer {text(row, 'id')}: {error.message}")
                continue
            if balancer.outbound_rules and balancer.sku.lower() == "standard":
                yield balancer

    def _gateways(self, unreadable: list[str]) -> Iterator[WatchedGateway]:
        rows = self._rows(_GATEWAYS_QUERY, _GATEWAYS, unreadable)
        uses_prefixes = any(references(row, "properties", "publicIpPrefixes") for row in rows)
        sizes = self._prefix_sizes(unreadable) if uses_prefixes else {}
        for row in rows:
            if text(row, "id"):
                yield _gateway(row, sizes)

    def _prefix_sizes(self, unreadable: list[str]) -> dict[str, int]:
        """How many addresses each public IP prefix has."""
        rows = self._rows(_PREFIXES_QUERY, _PREFIXES, unreadable)
        return {
            text(row, "id").lower(): 2 ** (32 - number(row, "properties", "prefixLength", default=32)) for row in rows
        }

    def _rows(self, query: str, kind: str, unreadable: list[str]) -> list[dict[str, Any]]:
        try:
            return self._discovery.rows(query, kind, api_versions.NETWORK, unreadable)
        except AzureError as error:
            unreadable.append(f"{kind} could not be listed: {error}")
            return []


def _gateway(row: dict[str, Any], sizes: dict[str, int]) -> WatchedGateway:
    prefixes = references(row, "properties", "publicIpPrefixes")
    counts = [len(references(row, "properties", "publicIpAddresses")), *(sizes.get(one.lower(), 0) for one in prefixes)]
    is_known = all(one.lower() in sizes for one in prefixes)
    owner = next((value for name, value in tags(row).items() if name.lower() == PRODUCT_TAG), "")
    return WatchedGateway(
        id=text(row, "id"),
        name=text(row, "name"),
        location=text(row, "location"),
        public_ip_count=sum(counts) if is_known else None,
        subnet_ids=references(row, "properties", "subnets"),
        cluster_tag=owner,
    )


def _targets(
    clusters: Iterable[Cluster], balancers: dict[str, LoadBalancer], gateways: list[WatchedGateway]
) -> Iterator[WatchedCluster]:
    by_subnet: dict[str, list[WatchedGateway]] = defaultdict(list)
    by_group: dict[str, list[WatchedGateway]] = defaultdict(list)
    for gateway in gateways:
        for subnet_id in gateway.subnet_ids:
            by_subnet[subnet_id.lower()].append(gateway)
        parsed = ResourceId.parse(gateway.id)
        by_group[f"{parsed.subscription}/{parsed.group}".lower()].append(gateway)
    for cluster in clusters:
        group = f"{cluster.subscription}/{cluster.node_resource_group}".lower()
        serving = [gateway for subnet_id in cluster.subnet_ids for gateway in by_subnet.get(subnet_id.lower(), ())]
        own = {gateway.id.lower(): gateway for gateway in (*serving, *by_group.get(group, ()))}
        path = f"{group.replace('/', '/resourcegroups/', 1)}/providers/microsoft.network/loadbalancers/kubernetes"
        balancer = balancers.get(f"/subscriptions/{path}")
        is_balanced = cluster.outbound_type.lower() == "loadbalancer" and cluster.load_balancer_sku.lower() != "basic"
        yield WatchedCluster(cluster, balancer if is_balanced else None, tuple(own.values()))
