"""All tracked resources, whatever service they belong to, for Resource Graph and generic lists.

A row knows what queries filter on and renders the whole resource only when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..state.network import SUBNET
from ..world import World
from .compute.wire import scale_set_json
from .containerservice.wire import cluster_json
from .network.loadbalancers import load_balancer_json
from .network.wire import document_json


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
        render = partial(cluster_json, cluster)
        yield Row(
            cluster.subscription,
            cluster.group,
            "Microsoft.ContainerService/managedClusters",
            cluster.name,
            render,
        )
        yield Row(
            cluster.subscription,
            cluster.node_group,
            "Microsoft.Network/loadBalancers",
            "kubernetes",
            partial(load_balancer_json, world, cluster),
        )
        for pool in cluster.pools:
            yield Row(
                cluster.subscription,
                cluster.node_group,
                "Microsoft.Compute/virtualMachineScaleSets",
                pool.scale_set,
                partial(scale_set_json, pool),
            )
    for kind in world.network.kinds():
        if kind == SUBNET:
            continue
        for document in world.network.of_kind(kind):
            yield Row(
                document.id.subscription,
                document.id.group,
                document.id.resource_type,
                document.id.name,
                partial(document_json, world, document),
            )
