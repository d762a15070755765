"""Finding clusters and what belongs to them. Finding only: what a plan rests on is read from Resource Manager again.

Resource Graph answers for a whole fleet in a few requests and leaves out, without a word, what the identity may not
read. So what was asked for by name and is not visible is named in ``Found.unreadable``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import BadInput
from ..model.cluster import Cluster
from ..model.load_balancer import LoadBalancer, Node
from ..model.resource_id import ResourceId
from . import api_versions
from .arm import Arm
from .errors import AzureError, BadRequest, Forbidden, NotFound, SignInFailed, UnexpectedAnswer
from .pages import Pages
from .parse import parse_cluster, parse_load_balancer, parse_node
from .parse.fields import reference, tags, text
from .parse.node import is_primary_interface

_CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
_CLUSTERS_QUERY = (
    "resources | where type =~ 'microsoft.containerservice/managedclusters'"
    " | project id, name, type, location, tags, properties | order by id asc"
)
_PAGE_ROWS = 1000  # Resource Graph's maximum


@dataclass(frozen=True, slots=True)
class Found:
    """``unreadable`` names, each with its reason, what could not be listed or understood."""

    clusters: tuple[Cluster, ...]
    unreadable: tuple[str, ...] = ()


class Discovery:
    """``subscriptions`` limits the search; empty means every subscription that the identity may read."""

    def __init__(self, arm: Arm, subscriptions: tuple[str, ...] = ()) -> None:
        self._arm = arm
        self._subscriptions = subscriptions

    def clusters(self) -> Found:
        """Every cluster in sight, by id. One that can't be understood doesn't hide the others.

        Asks each subscription in turn where Resource Graph may not be used.
        """
        unreadable: list[str] = []
        rows = self.rows(_CLUSTERS_QUERY, _CLUSTER_TYPE, api_versions.MANAGED_CLUSTERS, unreadable)
        clusters: dict[str, Cluster] = {}
        for row in rows:
            try:
                cluster = parse_cluster(row)
            except UnexpectedAnswer as error:
                unreadable.append(f"cluster {text(row, 'id') or text(row, 'name')}: {error.message}")
            else:
                clusters[cluster.id.lower()] = cluster
        return Found(tuple(clusters[key] for key in sorted(clusters)), tuple(unreadable))

    def rows(self, query: str, kind: str, api_version: str, unreadable: list[str]) -> list[dict[str, Any]]:
        """Every resource of a type, by Resource Graph, else listed in each subscription.

        What could not be listed is added to ``unreadable``.
        """
        try:
            rows = list(self._graph_rows(query))
            unreadable += [text for text in self._invisible_subscriptions() if text not in unreadable]
            return rows
        except SignInFailed:
            raise
        except (Forbidden, BadRequest) as error:
            # Resource Graph also calls it a bad request when none of the named subscriptions is visible.
            if isinstance(error, BadRequest) and not self._subscriptions:
                raise
            return list(self._listed_rows(kind, api_version, unreadable))

    def cluster(self, cluster_id_or_name: str) -> Cluster:
        """As Resource Manager knows it now. Raises NotFound, and BadInput when a name means several clusters."""
        cluster_id = cluster_id_or_name.strip()
        if not cluster_id.startswith("/"):
            cluster_id = self._id_of(cluster_id)
        try:
            parsed = ResourceId.parse(cluster_id)
        except ValueError as error:
            raise BadInput(str(error)) from error
        if parsed.type.lower() != _CLUSTER_TYPE.lower():
            raise BadInput(f"not the id of an AKS cluster: {cluster_id!r}; expected one of type {_CLUSTER_TYPE}")
        return parse_cluster(self._arm.get(cluster_id, api_versions.MANAGED_CLUSTERS))

    def load_balancer(self, cluster: Cluster) -> LoadBalancer | None:
        """The one that AKS sends the cluster's outbound traffic through; None when it has none with outbound rules.

        AKS names it ``kubernetes`` in the node resource group (AKS docs: load-balancer-standard).
        """
        path = f"{_node_group(cluster)}/providers/Microsoft.Network/loadBalancers/kubernetes"
        try:
            found = parse_load_balancer(self._arm.get(path, api_versions.NETWORK))
        except NotFound:
            return None
        return found if found.outbound_rules and found.sku.lower() == "standard" else None

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """Every instance of the cluster's scale sets that has an address, by name."""
        found: list[Node] = []
        compute = f"{_node_group(cluster)}/providers/Microsoft.Compute/virtualMachineScaleSets"
        for scale_set in self._arm.list(compute, api_versions.SCALE_SETS):
            path = f"{compute}/{text(scale_set, 'name')}/networkInterfaces"
            for nic in self._arm.list(path, api_versions.SCALE_SET_NICS):
                node = parse_node(nic, tags(scale_set)) if is_primary_interface(nic) else None
                if node is not None:
                    found.append(node)
        return tuple(sorted(found, key=lambda node: node.name))

    def subnet_gateway(self, subnet_id: str) -> str | None:
        """The NAT gateway on a subnet, as Resource Manager knows it now."""
        return reference(self._arm.get(subnet_id, api_versions.NETWORK), "properties", "natGateway")

    def _id_of(self, name: str) -> str:
        found = self.clusters()
        ids = [cluster.id for cluster in found.clusters if cluster.name.lower() == name.lower()]
        if len(ids) > 1:
            raise BadInput(f"{len(ids)} clusters are named {name!r}; give the id of one: {', '.join(ids)}")
        if not ids:
            hidden = f"; not everything could be read: {'; '.join(found.unreadable)}" if found.unreadable else ""
            raise NotFound(f"cluster {name}", f"no readable cluster has this name{hidden}", status=404)
        return ids[0]

    def _graph_rows(self, query: str) -> Iterator[dict[str, Any]]:
        options: dict[str, Any] = {"$top": _PAGE_ROWS, "resultFormat": "objectArray"}
        body: dict[str, Any] = {"query": query, "options": options}
        if self._subscriptions:
            body["subscriptions"] = list(self._subscriptions)
        pages, token = Pages("Resource Graph"), ""
        while True:
            pages.turn(token)
            page = self._arm.post("/providers/Microsoft.ResourceGraph/resources", body, api_versions.RESOURCE_GRAPH)
            rows = page.get("data")
            if not isinstance(rows, list):
                raise UnexpectedAnswer("Resource Graph", "the answer has no rows")
            yield from rows
            # `resultTruncated` says "false" even where there is more: only the token counts.
            token = text(page, "$skipToken")
            if not token:
                return
            options["$skipToken"] = token

    def _invisible_subscriptions(self) -> list[str]:
        if not self._subscriptions:
            return []
        visible = {subscription.lower() for subscription in self._readable_subscriptions()}
        return [
            f"subscription {subscription}: it does not exist or this identity has no role in it"
            for subscription in self._subscriptions
            if subscription.lower() not in visible
        ]

    def _readable_subscriptions(self) -> list[str]:
        return [text(item, "subscriptionId") for item in self._arm.list("/subscriptions", api_versions.SUBSCRIPTIONS)]

    def _listed_rows(self, kind: str, api_version: str, unreadable: list[str]) -> Iterator[dict[str, Any]]:
        for subscription in self._subscriptions or self._readable_subscriptions():
            try:
                yield from self._arm.list(f"/subscriptions/{subscription}/providers/{kind}", api_version)
            except AzureError as error:
                unreadable.append(f"subscription {subscription}: {error}")


def _node_group(cluster: Cluster) -> str:
    return f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_resource_group}"
