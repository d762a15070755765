"""Which resources have metrics, and where those come from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...errors import ArmError, resource_not_found
from ...resourceid import ResourceId, parse
from ...state.metric_source import Emit, Target
from ...world import World
from .definitions import DEFINITIONS, LOAD_BALANCERS, MANAGED_CLUSTERS, NAT_GATEWAYS
from .loadbalancer import load_balancer_series
from .managedcluster import managed_cluster_series
from .natgateway import nat_gateway_series


def find_target(world: World, text: str) -> Target:
    """The resource with this id, or Resource Manager's 404."""
    supplied = world.metric_sources.get(text.rstrip("/").lower())
    if supplied is not None:
        return supplied
    try:
        resource_id = parse(text)
    except ValueError:
        raise ArmError(
            400, "InvalidResourceId", f"'{text}' is not a resource id; /subscriptions/... is expected."
        ) from None
    world.group(resource_id.subscription, resource_id.group)
    finder = _FINDERS.get(resource_id.resource_type.lower())
    target = finder(world, resource_id) if finder is not None else None
    if target is None:
        raise resource_not_found(resource_id.resource_type, resource_id.name, resource_id.group)
    return target


def _target(resource_id: str, namespace: str, region: str, emit: Emit) -> Target:
    return Target(resource_id, namespace, region, DEFINITIONS[namespace.lower()][1], emit)


def _load_balancer(world: World, resource_id: ResourceId) -> Target | None:
    cluster = world.load_balancers.get(resource_id.key)
    if cluster is None:
        return None
    emit = partial(load_balancer_series, world, cluster)
    return _target(cluster.load_balancer_id, LOAD_BALANCERS, cluster.location, emit)


def _nat_gateway(world: World, resource_id: ResourceId) -> Target | None:
    gateway = world.network.get(resource_id)
    if gateway is None:
        return None
    emit = partial(nat_gateway_series, world, gateway.key)
    return _target(str(gateway.id), NAT_GATEWAYS, str(gateway.top.get("location", "")), emit)


def _managed_cluster(world: World, resource_id: ResourceId) -> Target | None:
    cluster = world.clusters.get(resource_id.key)
    if cluster is None:
        return None
    emit = partial(managed_cluster_series, world, cluster)
    return _target(str(resource_id), MANAGED_CLUSTERS, cluster.location, emit)


_FINDERS: dict[str, Callable[[World, ResourceId], Target | None]] = {
    LOAD_BALANCERS.lower(): _load_balancer,
    NAT_GATEWAYS.lower(): _nat_gateway,
    MANAGED_CLUSTERS.lower(): _managed_cluster,
}
