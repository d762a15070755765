"""Reading scale sets and their instances."""

from __future__ import annotations

from dataclasses import replace

from ...errors import resource_not_found
from ...fleet import SCALE_SETS, NodePool
from ...http import Request, Response
from ...routing import Route
from ...world import World
from ..paging import list_page
from .wire import instance_json, scale_set_json


def pools_in(world: World, subscription: str, group: str | None) -> list[NodePool]:
    """The node pools whose scale sets are in a subscription, or in one of its resource groups."""
    return [
        pool
        for cluster in world.clusters_with_nodes_in(subscription, group)
        for pool in cluster.pools
        if pool.kind == SCALE_SETS
    ]


def pool_of(world: World, request: Request) -> NodePool:
    """The node pool of the scale set in the path, or 404."""
    params = request.params
    world.group(params["subscription"], params["group"])
    for pool in pools_in(world, params["subscription"], params["group"]):
        if pool.scale_set.lower() == params["scale_set"].lower():
            return pool
    raise resource_not_found("Microsoft.Compute/virtualMachineScaleSets", params["scale_set"], params["group"])


def list_scale_sets(world: World, request: Request) -> Response:
    subscription, group = world.scope(request.params)
    return _counted(list_page(request, pools_in(world, subscription, group), scale_set_json))


def get_scale_set(world: World, request: Request) -> Response:
    return _counted(Response(200, scale_set_json(pool_of(world, request))))


def list_instances(world: World, request: Request) -> Response:
    return _counted(list_page(request, pool_of(world, request).nodes, instance_json))


def _counted(response: Response) -> Response:
    """Compute counts requests by policy, in a header of its own."""
    counter = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/HighCostGetVMScaleSetSubscriptionMaximum;1078"}
    return replace(response, headers=counter | dict(response.headers))


_PROVIDER = "providers/Microsoft.Compute/virtualMachineScaleSets"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/" + _PROVIDER
ROUTES = [
    Route("GET", "/subscriptions/{subscription}/" + _PROVIDER, list_scale_sets),
    Route("GET", _GROUP, list_scale_sets),
    Route("GET", _GROUP + "/{scale_set}", get_scale_set),
    Route("GET", _GROUP + "/{scale_set}/virtualMachines", list_instances),
]
