"""Find clusters and their resources. Facts for a plan are read from Resource Manager again.

Resource Graph covers a whole fleet in a few requests. It silently omits what the identity may not read, so
``ClusterListing.unreadable`` names requested subscriptions that are not visible.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import BadInput
from ..formatting import clauses, clusters_of
from ..model.cluster import Cluster
from ..model.fleet import Unlisted
from ..model.load_balancer import LoadBalancer, NodeList
from ..model.resource_id import ArmId
from ..model.text import Text
from . import api_versions
from .arm import Arm
from .errors import AzureError, BadRequest, Forbidden, NotFound, SignInFailed, TooMuchAsked
from .node_list import read_nodes
from .paging import Pages
from .parse.cluster import CLUSTER_TYPE, parse_cluster
from .parse.fields import Json, UnreadableRow, read_rows, reference, resource_id, segment
from .parse.graph_page import read_page
from .parse.load_balancer import parse_load_balancer

T = TypeVar("T")
_CLUSTERS_QUERY = (
    "resources | where type =~ 'microsoft.containerservice/managedclusters'"
    " | project id, name, type, location, tags, properties | order by id asc"
)
_PAGE_ROWS = (1000, 100, 10, 1)  # the first is Resource Graph's maximum


@dataclass(frozen=True, slots=True)
class ClusterListing:
    clusters: tuple[Cluster, ...]
    unreadable: tuple[Unlisted, ...] = ()  # what could not be listed or parsed
    broken: tuple[UnreadableRow, ...] = ()  # clusters of which only the id can be read


class Discovery:
    """``subscriptions`` limits the search; empty means every subscription that the identity may read."""

    def __init__(self, arm: Arm, subscriptions: tuple[str, ...] = ()) -> None:
        self._arm = arm
        self._subscriptions = subscriptions

    def clusters(self) -> ClusterListing:
        """Every cluster that this identity may read, by id. An invalid row does not hide the others.

        If Resource Graph is not allowed, each subscription is listed on its own.
        """
        unreadable: list[Unlisted] = []
        asked = _CLUSTERS_QUERY, CLUSTER_TYPE, api_versions.MANAGED_CLUSTERS
        read, bad = self.read(*asked, parse_cluster, unreadable)
        clusters = {cluster.id: cluster for cluster in read}
        broken = {row.id: row for row in bad if row.id not in clusters}
        ordered = tuple(clusters[key] for key in sorted(clusters, key=str.lower))
        return ClusterListing(ordered, tuple(unreadable), tuple(broken[key] for key in sorted(broken, key=str.lower)))

    def read(
        self, query: str, kind: str, api_version: str, parse: Callable[[Any], T], unreadable: list[Unlisted]
    ) -> tuple[list[T], list[UnreadableRow]]:
        """Every resource of a type, as ``read_rows`` does, by Resource Graph, else listed in each subscription.

        Rows are parsed page by page, so that only one page is in memory. ``unreadable`` gets what could not be listed,
        and rows without a readable id.
        """
        try:
            found, bad = self._read_graph(query, parse, kind)
            unreadable += [entry for entry in self._invisible_subscriptions() if entry not in unreadable]
        except SignInFailed:
            raise
        except (Forbidden, BadRequest) as error:
            # Resource Graph also returns a bad request if none of the named subscriptions is visible.
            if isinstance(error, BadRequest) and not self._subscriptions:
                raise
            found, bad = read_rows(self._listed_rows(kind, api_version, unreadable), parse, kind)
        unreadable += _without_id(kind, bad)
        return found, [row for row in bad if row.id]

    def listed_both_ways(self) -> tuple[frozenset[ArmId], frozenset[ArmId], tuple[Unlisted, ...]]:
        """Ids of all clusters, by Resource Graph and by Resource Manager, and what the latter could not list."""
        unlisted: list[Unlisted] = []
        by_graph, _ = self._read_graph(_CLUSTERS_QUERY, _id, CLUSTER_TYPE)
        rows = self._listed_rows(CLUSTER_TYPE, api_versions.MANAGED_CLUSTERS, unlisted)
        by_manager, _ = read_rows(rows, _id, CLUSTER_TYPE)
        return frozenset(by_graph), frozenset(by_manager), tuple(unlisted)

    def visible_subscriptions(self) -> frozenset[str]:
        """Ids in lower case of all subscriptions in which this identity has a role. Raises AzureError."""
        return frozenset(subscription.lower() for subscription in self._readable_subscriptions([]))

    def cluster(self, cluster_id_or_name: str) -> Cluster:
        """From Resource Manager. Raises NotFound, and BadInput if several clusters have the name."""
        given = cluster_id_or_name.strip()
        try:
            cluster_id = ArmId.parse(given) if given.startswith("/") else self._id_of(given)
        except ValueError as error:
            raise BadInput(error.args[0]) from error
        if cluster_id.type.lower() != CLUSTER_TYPE.lower():
            raise BadInput(
                Text(
                    "not the id of an AKS cluster: {given}; expected one of type {type}",
                    given=repr(str(cluster_id)),
                    type=CLUSTER_TYPE,
                )
            )
        return parse_cluster(self._arm.get(cluster_id, api_versions.MANAGED_CLUSTERS))

    def load_balancer(self, cluster: Cluster) -> LoadBalancer | None:
        """The load balancer of the cluster's outbound traffic; None without outbound rules.

        AKS names it ``kubernetes`` in the node resource group (AKS docs: load-balancer-standard).
        """
        try:
            found = parse_load_balancer(self._arm.get(cluster_balancer_id(cluster), api_versions.NETWORK))
        except NotFound:
            return None
        return found if found.outbound_rules and found.sku.lower() == "standard" else None

    def nodes(self, cluster: Cluster, wanted: Collection[str] = ()) -> NodeList:
        """Every node with an IP address, or enough nodes for the ``wanted`` IPs; and what could not be read."""
        return read_nodes(self._arm, cluster, wanted)

    def subnet_gateway(self, subnet_id: str) -> ArmId | None:
        """The NAT gateway on a subnet, from Resource Manager."""
        return reference(self._arm.get(subnet_id, api_versions.NETWORK), "properties", "natGateway")

    def _id_of(self, name: str) -> ArmId:
        found = self.clusters()
        every = [*(cluster.id for cluster in found.clusters), *(row.id for row in found.broken)]
        ids = [cluster_id for cluster_id in every if cluster_id.name.lower() == name.lower()]
        if len(ids) > 1:
            raise BadInput(
                Text(
                    "{clusters} are named {name}; give the id of one: {ids}",
                    clusters=clusters_of(len(ids)),
                    name=repr(name),
                    ids=tuple(ids),
                )
            )
        if not ids:
            unlisted = clauses(*(entry.text for entry in found.unreadable))
            hidden = Text("not everything could be read: {unlisted}", unlisted=unlisted) if unlisted else Text("")
            reason = clauses(Text("no readable cluster has this name"), hidden)
            raise NotFound(Text("cluster {cluster}", cluster=name), reason, status=404)
        return ids[0]

    def _read_graph(self, query: str, parse: Callable[[Any], T], of: str) -> tuple[list[T], list[UnreadableRow]]:
        """Pages get smaller if one would be too large: load balancers name all of their nodes."""
        for page_rows in _PAGE_ROWS[:-1]:
            with suppress(TooMuchAsked):
                return read_rows(self._graph_rows(query, page_rows), parse, of)
        return read_rows(self._graph_rows(query, _PAGE_ROWS[-1]), parse, of)

    def _graph_rows(self, query: str, page_rows: int) -> Iterator[dict[str, Any]]:
        options: dict[str, Any] = {"$top": page_rows, "resultFormat": "objectArray"}
        body: dict[str, Any] = {"query": query, "options": options}
        if self._subscriptions:
            body["subscriptions"] = list(self._subscriptions)
        pages, token = Pages("Resource Graph"), ""
        while True:
            pages.turn(token)
            path = "/providers/Microsoft.ResourceGraph/resources"
            # `resultTruncated` says "false" even if there is more, so only the token counts.
            rows, token = read_page(self._arm.post_bytes(path, body, api_versions.RESOURCE_GRAPH))
            yield from rows
            if not token:
                return
            options["$skipToken"] = token

    def _invisible_subscriptions(self) -> list[Unlisted]:
        if not self._subscriptions:
            return []
        unreadable: list[Unlisted] = []
        visible = {subscription.lower() for subscription in self._readable_subscriptions(unreadable)}
        return unreadable + [
            Unlisted(_named(subscription), Text("it does not exist or this identity has no role in it"))
            for subscription in self._subscriptions
            if subscription.lower() not in visible
        ]

    def _readable_subscriptions(self, unreadable: list[Unlisted]) -> list[str]:
        found, bad = read_rows(self._arm.list("/subscriptions", api_versions.SUBSCRIPTIONS), _subscription)
        unreadable += _without_id("subscriptions", bad)
        return found

    def _listed_rows(self, kind: str, api_version: str, unreadable: list[Unlisted]) -> Iterator[dict[str, Any]]:
        for subscription in self._subscriptions or self._readable_subscriptions(unreadable):
            try:
                yield from self._arm.list(f"/subscriptions/{subscription}/providers/{kind}", api_version)
            except AzureError as error:
                unreadable.append(Unlisted(_named(subscription), error.text))


def _without_id(what: str, rows: Sequence[UnreadableRow]) -> list[Unlisted]:
    """How many rows have no readable id, and the reason of the first."""
    reasons = [row.reason for row in rows if not row.id]
    if not reasons:
        return []
    summary = Text("{count}, such as: {reason}", count=len(reasons), reason=reasons[0])
    return [Unlisted(Text("{kind} without a readable id", kind=what), summary)]


def _named(subscription: str) -> Text:
    return Text("subscription {subscription}", subscription=subscription)


def _id(item: Json) -> ArmId:
    return resource_id(item, "id")


def _subscription(item: Json) -> str:
    return segment(item, "subscriptionId")


def cluster_balancer_id(cluster: Cluster) -> ArmId:
    group = cluster.node_resource_group
    return ArmId.build(cluster.subscription, group, "Microsoft.Network/loadBalancers", "kubernetes")
