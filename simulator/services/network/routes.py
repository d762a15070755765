"""Microsoft.Network: documents, load balancers and their children, scale-set NICs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import ArmError, child_not_found, resource_not_found
from ...fleet import Cluster
from ...http import Handler, Request, Response, Route
from ...resourceid import ResourceId
from ..compute.routes import pool_of
from ..operations import Operation
from ..paging import list_page
from .loadbalancers import CHILDREN, load_balancer_json
from .nics import nic_json
from .partwrites import delete_part, get_part, list_parts, put_part
from .quotas import usages_json
from .refusals import OPERATION_UNKNOWN
from .state import Document
from .wire import shown
from .writes import delete_document, patch_tags, put_document

if TYPE_CHECKING:
    from ...world import World

TRACKED_TYPES = (
    "virtualNetworks",
    "publicIPAddresses",
    "publicIPPrefixes",
    "natGateways",
    "networkSecurityGroups",
    "routeTables",
)


def id_in_path(request: Request, *types: str) -> ResourceId:
    """The id of the resource in the path: its types are given, its names are the path's parameters."""
    params = request.params
    names = tuple(params[name] for name in ("name", "child") if name in params)
    return ResourceId(params["subscription"], params["group"], "Microsoft.Network", types, names)


def find_document(world: World, resource_id: ResourceId) -> Document:
    """The document, or 404 as Azure says it for a tracked resource or a child."""
    world.group(resource_id.subscription, resource_id.group)
    document = world.network.get(resource_id)
    if document is not None:
        return document
    if len(resource_id.types) > 1:
        find_document(world, resource_id.parent)
        raise child_not_found(str(resource_id))
    raise resource_not_found(resource_id.resource_type, resource_id.name, resource_id.group)


def _list_documents(resource_type: str, world: World, request: Request) -> Response:
    subscription, group = request.params["subscription"], request.params.get("group")
    if group is None:
        world.subscription(subscription)
    else:
        world.group(subscription, group)
    found = list(world.network.of_kind(f"Microsoft.Network/{resource_type}", subscription, group))
    return list_page(request, found, partial(shown, world, request))


def _get_document(resource_type: str, world: World, request: Request) -> Response:
    document = find_document(world, id_in_path(request, resource_type))
    return Response(200, shown(world, request, document), {"ETag": document.etag})


def _put_document(resource_type: str, world: World, request: Request) -> Response:
    return put_document(world, request, id_in_path(request, resource_type))


def _delete_document(resource_type: str, world: World, request: Request) -> Response:
    return delete_document(world, request, id_in_path(request, resource_type))


def _patch_document(resource_type: str, world: World, request: Request) -> Response:
    return patch_tags(world, request, find_document(world, id_in_path(request, resource_type)))


def put_subnet(world: World, request: Request) -> Response:
    return put_document(world, request, id_in_path(request, "virtualNetworks", "subnets"))


def delete_subnet(world: World, request: Request) -> Response:
    return delete_document(world, request, id_in_path(request, "virtualNetworks", "subnets"))


def get_operation(world: World, request: Request) -> Response:
    """The poll of `Azure-AsyncOperation`: only the status, and the error of one that failed."""
    operation = _operation(world, request)
    body: dict[str, Any] = {"status": operation.status}
    if operation.error is not None:
        body["error"] = operation.error
    return Response(200, body, {"Retry-After": str(operation.poll_after_seconds)} if operation.running else {})


def get_operation_result(world: World, request: Request) -> Response:
    """The poll of `Location`: 202 while it runs, 204 after."""
    operation = _operation(world, request)
    if operation.running:
        headers = {"Location": request.base_url + request.raw_target}
        return Response(202, None, headers | {"Retry-After": str(operation.poll_after_seconds)})
    return Response(204)


def _operation(world: World, request: Request) -> Operation:
    operation = world.operations.get(request.params["operation"])
    if operation is None:
        raise OPERATION_UNKNOWN.error(f"Operation {request.params['operation']} not found.")
    return operation


def list_usages(world: World, request: Request) -> Response:
    """What of the region's quotas is used."""
    subscription = world.subscription(request.params["subscription"])
    return Response(200, {"value": usages_json(world, subscription.id, request.params["location"])})


def _part_owner(world: World, request: Request, resource_type: str) -> Document:
    params = request.params
    names = (params["name"],)
    return find_document(
        world, ResourceId(params["subscription"], params["group"], "Microsoft.Network", (resource_type,), names)
    )


def _list_parts(resource_type: str, world: World, request: Request) -> Response:
    return list_parts(_part_owner(world, request, resource_type))


def _get_part(resource_type: str, world: World, request: Request) -> Response:
    return get_part(_part_owner(world, request, resource_type), request.params["child"], request.path)


def _put_part(resource_type: str, world: World, request: Request) -> Response:
    return put_part(world, request, _part_owner(world, request, resource_type), request.params["child"])


def _delete_part(resource_type: str, world: World, request: Request) -> Response:
    return delete_part(world, request, _part_owner(world, request, resource_type), request.params["child"])


def list_subnets(world: World, request: Request) -> Response:
    vnet = find_document(world, id_in_path(request, "virtualNetworks"))
    return list_page(request, world.network.children(vnet), partial(shown, world, request))


def get_subnet(world: World, request: Request) -> Response:
    subnet = find_document(world, id_in_path(request, "virtualNetworks", "subnets"))
    return Response(200, shown(world, request, subnet), {"ETag": subnet.etag})


def _cluster_of_load_balancer(world: World, request: Request) -> Cluster:
    params = request.params
    world.group(params["subscription"], params["group"])
    load_balancer = ResourceId(
        params["subscription"], params["group"], "Microsoft.Network", ("loadBalancers",), (params["name"],)
    )
    cluster = world.load_balancers.get(load_balancer.key)
    if cluster is None:
        raise resource_not_found("Microsoft.Network/loadBalancers", params["name"], params["group"])
    return cluster


def list_load_balancers(world: World, request: Request) -> Response:
    subscription, group = request.params["subscription"], request.params.get("group")
    if group is None:
        world.subscription(subscription)
    else:
        world.group(subscription, group)
    found = [
        cluster
        for cluster in world.clusters_in(subscription)
        if group is None or cluster.node_group.lower() == group.lower()
    ]
    return list_page(request, found, partial(load_balancer_json, world))


def get_load_balancer(world: World, request: Request) -> Response:
    body = load_balancer_json(world, _cluster_of_load_balancer(world, request))
    return Response(200, body, {"ETag": body["etag"]})


def list_load_balancer_children(world: World, request: Request) -> Response:
    render = CHILDREN.get(request.params["kind"].lower())
    if render is None:
        raise ArmError(404, "InvalidResourceType", f"The resource type '{request.params['kind']}' isn't known.")
    return Response(200, {"value": render(_cluster_of_load_balancer(world, request))})


def get_load_balancer_child(world: World, request: Request) -> Response:
    children = list_load_balancer_children(world, request).body["value"]
    for child in children:
        if child["name"].lower() == request.params["child"].lower():
            return Response(200, child, {"ETag": child["etag"]})
    raise child_not_found(request.path)


def list_scale_set_nics(world: World, request: Request) -> Response:
    return list_page(request, pool_of(world, request).nodes, nic_json)


def list_instance_nics(world: World, request: Request) -> Response:
    nodes = [n for n in pool_of(world, request).nodes if str(n.instance) == request.params["instance"]]
    return list_page(request, nodes, nic_json)


def get_instance_nic(world: World, request: Request) -> Response:
    for node in pool_of(world, request).nodes:
        if str(node.instance) == request.params["instance"] and (
            node.nic_id.rpartition("/")[2].lower() == request.params["nic"].lower()
        ):
            body = nic_json(node)
            return Response(200, body, {"ETag": body["etag"]})
    raise child_not_found(request.path)


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_NETWORK = "/providers/Microsoft.Network"
_SCALE_SET = _GROUP + "/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}"
_SUBNET = _GROUP + _NETWORK + "/virtualNetworks/{name}/subnets/{child}"
_LOCATION = _SUBSCRIPTION + _NETWORK + "/locations/{location}"
_LOAD_BALANCER = _GROUP + _NETWORK + "/loadBalancers/{name}"


def _document_routes(resource_type: str) -> list[Route]:
    listing: Handler = partial(_list_documents, resource_type)
    return [
        Route("GET", f"{_SUBSCRIPTION}{_NETWORK}/{resource_type}", listing),
        Route("GET", f"{_GROUP}{_NETWORK}/{resource_type}", listing),
        *(
            Route(method, f"{_GROUP}{_NETWORK}/{resource_type}/{{name}}", partial(handler, resource_type))
            for method, handler in (
                ("GET", _get_document),
                ("PUT", _put_document),
                ("DELETE", _delete_document),
                ("PATCH", _patch_document),
            )
        ),
    ]


def _part_routes(resource_type: str, collection: str) -> list[Route]:
    listing = f"{_GROUP}{_NETWORK}/{resource_type}/{{name}}/{collection}"
    handlers = (("GET", _get_part), ("PUT", _put_part), ("DELETE", _delete_part))
    return [
        Route("GET", listing, partial(_list_parts, resource_type)),
        *(Route(method, listing + "/{child}", partial(handler, resource_type)) for method, handler in handlers),
    ]


ROUTES = [
    *_part_routes("routeTables", "routes"),
    *_part_routes("networkSecurityGroups", "securityRules"),
    Route("GET", _LOCATION + "/usages", list_usages),
    *(route for resource_type in TRACKED_TYPES for route in _document_routes(resource_type)),
    Route("GET", _GROUP + _NETWORK + "/virtualNetworks/{name}/subnets", list_subnets),
    Route("GET", _SUBNET, get_subnet),
    Route("PUT", _SUBNET, put_subnet),
    Route("DELETE", _SUBNET, delete_subnet),
    Route("GET", _LOCATION + "/operations/{operation}", get_operation),
    Route("GET", _LOCATION + "/operationResults/{operation}", get_operation_result),
    Route("GET", _SUBSCRIPTION + _NETWORK + "/loadBalancers", list_load_balancers),
    Route("GET", _GROUP + _NETWORK + "/loadBalancers", list_load_balancers),
    Route("GET", _LOAD_BALANCER, get_load_balancer),
    Route("GET", _LOAD_BALANCER + "/{kind}", list_load_balancer_children),
    Route("GET", _LOAD_BALANCER + "/{kind}/{child}", get_load_balancer_child),
    Route("GET", _SCALE_SET + "/networkInterfaces", list_scale_set_nics),
    Route("GET", _SCALE_SET + "/virtualMachines/{instance}/networkInterfaces", list_instance_nics),
    Route("GET", _SCALE_SET + "/virtualMachines/{instance}/networkInterfaces/{nic}", get_instance_nic),
]
