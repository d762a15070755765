"""Microsoft.Network: documents and their parts; the routes of operations and of what AKS makes."""

from __future__ import annotations

from functools import partial

from ...errors import child_not_found, resource_not_found
from ...http import Request, Response
from ...resourceid import ResourceId
from ...routing import Handler, Route
from ...state.network import Document
from ...world import World
from ..paging import list_page
from .aksroutes import ROUTES as AKS_ROUTES
from .operationroutes import ROUTES as OPERATION_ROUTES
from .partwrites import delete_part, get_part, list_parts, put_part
from .quotas import usages_json
from .wire import shown
from .writes import delete_document, patch_tags, put_document

TRACKED_TYPES = (
    "virtualNetworks",
    "publicIPAddresses",
    "publicIPPrefixes",
    "natGateways",
    "networkSecurityGroups",
    "routeTables",
)


def id_in_path(request: Request, resource_type: str) -> ResourceId:
    """The id of the resource in the path: its type is given, its names are the path's parameters."""
    params, types = request.params, tuple(resource_type.split("/"))
    names = (params["name"], params.get("child", ""))[: len(types)]
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
    subscription, group = world.scope(request.params)
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


def list_usages(world: World, request: Request) -> Response:
    """What of the region's quotas is used."""
    subscription = world.subscription(request.params["subscription"])
    return Response(200, {"value": usages_json(world, subscription.id, request.params["location"])})


def _list_parts(resource_type: str, world: World, request: Request) -> Response:
    return list_parts(find_document(world, id_in_path(request, resource_type)))


def _get_part(resource_type: str, world: World, request: Request) -> Response:
    return get_part(find_document(world, id_in_path(request, resource_type)), request.params["child"], request.path)


def _put_part(resource_type: str, world: World, request: Request) -> Response:
    return put_part(world, request, find_document(world, id_in_path(request, resource_type)), request.params["child"])


def _delete_part(resource_type: str, world: World, request: Request) -> Response:
    return delete_part(
        world, request, find_document(world, id_in_path(request, resource_type)), request.params["child"]
    )


def list_subnets(world: World, request: Request) -> Response:
    vnet = find_document(world, id_in_path(request, "virtualNetworks"))
    return list_page(request, world.network.children(vnet), partial(shown, world, request))


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_NETWORK = "/providers/Microsoft.Network"
_SUBNET = _GROUP + _NETWORK + "/virtualNetworks/{name}/subnets/{child}"
_LOCATION = _SUBSCRIPTION + _NETWORK + "/locations/{location}"


def _document_routes(resource_type: str) -> list[Route[Handler]]:
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


def _part_routes(resource_type: str, collection: str) -> list[Route[Handler]]:
    listing = f"{_GROUP}{_NETWORK}/{resource_type}/{{name}}/{collection}"
    handlers = (("GET", _get_part), ("PUT", _put_part), ("DELETE", _delete_part))
    return [
        Route("GET", listing, partial(_list_parts, resource_type)),
        *(Route(method, listing + "/{child}", partial(handler, resource_type)) for method, handler in handlers),
    ]


ROUTES: list[Route[Handler]] = [
    *OPERATION_ROUTES,
    *AKS_ROUTES,
    *_part_routes("routeTables", "routes"),
    *_part_routes("networkSecurityGroups", "securityRules"),
    Route("GET", _LOCATION + "/usages", list_usages),
    *(route for resource_type in TRACKED_TYPES for route in _document_routes(resource_type)),
    Route("GET", _GROUP + _NETWORK + "/virtualNetworks/{name}/subnets", list_subnets),
    Route("GET", _SUBNET, partial(_get_document, "virtualNetworks/subnets")),
    Route("PUT", _SUBNET, partial(_put_document, "virtualNetworks/subnets")),
    Route("DELETE", _SUBNET, partial(_delete_document, "virtualNetworks/subnets")),
]
