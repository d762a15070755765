"""Clusters, their load balancers, scale sets and NICs, built from what a recording shows of them.

The simulator derives all of these from a cluster; so whichever of them is shown, the cluster behind it is
created, and what is shown of it is filled in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...fleet import Cluster
from ...resourceid import ResourceId
from ..recording import Exchange
from ..stage import Stage
from .balancers import CHILDREN, fill_from_child, fill_from_list, fill_from_load_balancer
from .bodies import NotArrangeable, names_a_list, resource_of_path, resources_in
from .clusterparts import fill_from_cluster, fill_from_pool
from .fleet import cluster_named, cluster_of_group, forget_cluster, put_cluster
from .scalesets import fill_from_scale_set, have_node

CLUSTERS = "microsoft.containerservice/managedclusters"
LOAD_BALANCERS = "microsoft.network/loadbalancers"
SCALE_SETS = "microsoft.compute/virtualmachinescalesets"
Body = dict[str, Any]


def arrange_clusters(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Create the clusters that the exchange shows, whole or by one of their parts."""
    target = resource_of_path(exchange.path)
    kind = target.resource_type.lower() if target is not None else ""
    if target is not None and kind.startswith(LOAD_BALANCERS) and exchange.error_code != "ResourceGroupNotFound":
        _check_load_balancer(target, exchange)
    if target is not None and exchange.status == 200 and names_a_list(exchange.path):
        _have_holder(stage, target, exchange)
    if target is not None and exchange.error_code == "NotFound" and len(target.types) > 1:
        _have_holder(stage, target.parent, exchange)
    if exchange.status == 200 and exchange.method in ("GET", "PUT"):
        for resource_id, body in resources_in(exchange.body):
            if exchange.method == "GET":
                _show(stage, resource_id, body)
            elif _missing(stage, resource_id):
                _show(stage, resource_id, _idle(body))
    if target is not None and kind == CLUSTERS and exchange.method == "PUT":
        if exchange.status == 201:
            raise NotArrangeable("clusters are updated, but not created")
        stage.has_written(target.key)


def _check_load_balancer(target: ResourceId, exchange: Exchange) -> None:
    """Load balancers are simulated as AKS makes them; only their absence can be shown of others."""
    names = [target.names[0]] + [resource_id.names[0] for resource_id, _ in resources_in(exchange.body)]
    absent = exchange.error_code == "ResourceNotFound"
    if not absent and any(name.lower() != "kubernetes" for name in names):
        raise NotArrangeable("a load balancer that AKS didn't make; only `kubernetes` is simulated")


def _have_holder(stage: Stage, holder: ResourceId, exchange: Exchange) -> None:
    """Create the list's parent, also for an empty list."""
    kind = holder.resource_type.lower()
    if kind == CLUSTERS:
        cluster_named(stage, holder)
    elif kind == SCALE_SETS:
        cluster = cluster_of_group(stage, holder.subscription, holder.group)
        fill_from_scale_set(stage, cluster, holder, {})
        put_cluster(stage, cluster)
    elif kind == LOAD_BALANCERS and holder.name.lower() == "kubernetes":
        cluster = cluster_of_group(stage, holder.subscription, holder.group)
        fill_from_list(cluster, exchange.path.rpartition("/")[2], exchange.body_object)


def _idle(body: Body) -> Body:
    """A cluster as before the update that it answers: nothing is going on, and traffic leaves as it did.

    Effective outbound IPs belong to the old outbound type until the update is over.
    """
    network = dict(body["properties"].get("networkProfile") or {})
    balancer, gateway = network.get("loadBalancerProfile") or {}, network.get("natGatewayProfile") or {}
    if "effectiveOutboundIPs" in balancer and "effectiveOutboundIPs" not in gateway:
        network = {name: value for name, value in network.items() if name != "natGatewayProfile"}
        network["outboundType"] = "loadBalancer"
    before = {"provisioningState": "Succeeded", "networkProfile": network}
    return body | {"properties": body["properties"] | before}


def _missing(stage: Stage, resource_id: ResourceId) -> bool:
    return resource_id.resource_type.lower() == CLUSTERS and resource_id.key not in stage.world.clusters


def _show(stage: Stage, resource_id: ResourceId, body: Body) -> None:
    kind = resource_id.resource_type.lower()
    filler = _FILLERS.get(kind)
    if filler is None or not stage.must_put(resource_id.key, body):
        return
    if kind.startswith(LOAD_BALANCERS) and resource_id.names[0].lower() != "kubernetes":
        raise NotArrangeable("a load balancer that AKS didn't make; only `kubernetes` is simulated")
    if kind.startswith(CLUSTERS):
        cluster = cluster_named(stage, resource_id if kind == CLUSTERS else resource_id.parent)
    else:
        cluster = cluster_of_group(stage, resource_id.subscription, resource_id.group)
    forget_cluster(stage, cluster)
    filler(stage, cluster, resource_id, body)
    put_cluster(stage, cluster)


_FILLERS: dict[str, Callable[[Stage, Cluster, ResourceId, Body], None]] = {
    CLUSTERS: fill_from_cluster,
    f"{CLUSTERS}/agentpools": fill_from_pool,
    LOAD_BALANCERS: fill_from_load_balancer,
    **{f"{LOAD_BALANCERS}/{child}": fill_from_child for child in CHILDREN},
    SCALE_SETS: fill_from_scale_set,
    f"{SCALE_SETS}/virtualmachines": have_node,
    f"{SCALE_SETS}/virtualmachines/networkinterfaces": have_node,
}
