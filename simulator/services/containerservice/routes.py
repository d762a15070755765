"""Managed clusters and agent pools: reading, and updating clusters."""

from __future__ import annotations

import uuid
from typing import Any

from ...clock import ticks_text
from ...errors import GATEWAY, ArmError, resource_not_found
from ...fleet import Cluster
from ...http import Request, Response
from ...routing import Route
from ...world import World
from ..network.operationroutes import find_operation
from ..paging import list_page
from .refusals import API_VERSION, NOT_CREATED_HERE
from .updates import put_cluster
from .wire import agent_pool_json, as_of, cluster_json


def _find_cluster(world: World, request: Request) -> Cluster | None:
    name = request.params["cluster"].lower()
    return next((each for each in world.clusters_in(*world.scope(request.params)) if each.name.lower() == name), None)


def _cluster(world: World, request: Request) -> Cluster:
    cluster, params = _find_cluster(world, request), request.params
    if cluster is None:
        raise resource_not_found("Microsoft.ContainerService/managedClusters", params["cluster"], params["group"])
    return cluster


def _api_version(world: World, request: Request) -> str:
    """The request's, where this cloud has it."""
    asked, known = request.query.get("api-version", ""), world.settings.aks_api_versions
    if known and asked not in known:
        raise API_VERSION.error(
            f"No registered resource provider found for location '' and API version '{asked}' for type "
            f"'managedClusters'. The supported api-versions are '{', '.join(known)}'. The supported locations are ''.",
            headers=GATEWAY,
        )
    return asked


def list_clusters(world: World, request: Request) -> Response:
    subscription, group = world.scope(request.params)
    version = _api_version(world, request)
    return list_page(request, world.clusters_in(subscription, group), lambda each: as_of(version, cluster_json(each)))


def get_cluster(world: World, request: Request) -> Response:
    version = _api_version(world, request)
    return Response(200, as_of(version, cluster_json(_cluster(world, request))))


def update_cluster(world: World, request: Request) -> Response:
    _api_version(world, request)
    cluster, name = _find_cluster(world, request), request.params["cluster"]
    if cluster is None:
        raise NOT_CREATED_HERE.error(f"Cluster {name} isn't there, and clusters aren't created here.")
    return put_cluster(world, request, cluster)


def get_operation(world: World, request: Request) -> Response:
    """The poll of AKS: name (the URL's GUID in the other byte order, as recorded), status, times."""
    operation = find_operation(world, request)
    body: dict[str, Any] = {
        "name": str(uuid.UUID(bytes_le=uuid.UUID(operation.id).bytes)),
        "status": operation.status,
        "startTime": ticks_text(operation.started),
    }
    if operation.ended is not None:
        body["endTime"] = ticks_text(operation.ended)
    if operation.error is not None:
        body["error"] = operation.error
    return Response(200, body)


def list_agent_pools(world: World, request: Request) -> Response:
    """All pools on one page, and then, as recorded from AKS, a link to a page without any."""
    cluster = _cluster(world, request)
    if any(name.lower() == "$skiptoken" for name in request.query):
        return Response(200, {"value": []})
    token = len(cluster.agent_pools)
    version = request.query.get("api-version", "")
    link = f"{request.base_url}{request.path}?%24skipToken={token}&api-version={version}&skipToken={token}"
    return Response(200, {"value": [agent_pool_json(pool) for pool in cluster.agent_pools], "nextLink": link})


def get_agent_pool(world: World, request: Request) -> Response:
    cluster, name = _cluster(world, request), request.params["pool"]
    for pool in cluster.agent_pools:
        if pool.name.lower() == name.lower():
            return Response(200, agent_pool_json(pool))
    raise ArmError(404, "NotFound", f"Could not find the agent pool {name} in cluster {cluster.name}.")


_PROVIDER = "providers/Microsoft.ContainerService/managedClusters"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/" + _PROVIDER
_OPERATION = (
    "/subscriptions/{subscription}/providers/Microsoft.ContainerService/locations/{location}/operations/{operation}"
)
ROUTES = [
    Route("GET", "/subscriptions/{subscription}/" + _PROVIDER, list_clusters),
    Route("GET", _GROUP, list_clusters),
    Route("GET", _GROUP + "/{cluster}", get_cluster),
    Route("PUT", _GROUP + "/{cluster}", update_cluster),
    Route("GET", _OPERATION, get_operation),
    Route("GET", _GROUP + "/{cluster}/agentPools", list_agent_pools),
    Route("GET", _GROUP + "/{cluster}/agentPools/{pool}", get_agent_pool),
]
