"""All services' tracked resources, for Resource Graph and generic lists. A row has the fields that queries filter on,
and renders the whole resource only on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..fleet import SCALE_SETS
from ..state.network import SUBNET
from ..world import World
from .compute.wire import scale_set_json
from .containerservice.wire import cluster_json
from .network.loadbalancers import load_balancer_json
from .network.wire import document_json

CLUSTER = "Microsoft.ContainerService/managedClusters"
LOAD_BALANCER = "Microsoft.Network/loadBalancers"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"


@dataclass(frozen=True)
class Row:
    """A resource: where it is, what type it has, and how it renders."""

    subscription: str
    group: str
    type: str
    name: str
    render: Callable[[], dict[str, Any]]

    @property
    def id(self) -> str:
        """The resource's id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.type}/{self.name}"


def rows(world: World) -> Iterator[Row]:
    """Every tracked resource."""
    for cluster in world.clusters.values():
        subscription, node_group = cluster.subscription, cluster.node_group
        yield Row(subscription, cluster.group, CLUSTER, cluster.name, partial(cluster_json, cluster))
        yield Row(subscription, node_group, LOAD_BALANCER, "kubernetes", partial(load_balancer_json, cluster))
        for pool in cluster.pools:
            if pool.kind != SCALE_SETS:
                continue
            yield Row(subscription, node_group, SCALE_SET, pool.scale_set, partial(scale_set_json, pool))
    for kind in world.network.kinds():
        for document in world.network.of_kind(kind) if kind != SUBNET else ():
            at = document.id
            yield Row(at.subscription, at.group, at.resource_type, at.name, partial(document_json, world, document))
