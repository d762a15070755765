"""Microsoft.Network: documents and their parts; the routes of operations and of what AKS makes."""

from __future__ import annotations

from collections.abc import Callable
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
    """The document, or Azure's 404 for a tracked resource or a child."""
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


def _get_document(world: World, request: Request, document: Document) -> Response:
    return Response(200, shown(world, request, document), {"ETag": document.etag})


def list_usages(world: World, request: Request) -> Response:
    """The region's quota usage."""
    subscription = world.subscription(request.params["subscription"])
    return Response(200, {"value": usages_json(world, subscription.id, request.params["location"])})


def _list_subnets(world: World, request: Request, vnet: Document) -> Response:
    return list_page(request, world.network.children(vnet), partial(shown, world, request))


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_NETWORK = "/providers/Microsoft.Network"
_LOCATION = _SUBSCRIPTION + _NETWORK + "/locations/{location}"


def _at(act: Callable[[World, Request, ResourceId], Response], resource_type: str) -> Handler:
    """Do something at the id in the path."""
    return lambda world, request: act(world, request, id_in_path(request, resource_type))


def _on(act: Callable[[World, Request, Document], Response], resource_type: str) -> Handler:
    """Do something with the document in the path."""
    return lambda world, request: act(world, request, find_document(world, id_in_path(request, resource_type)))


def _routes_of_one(path: str, resource_type: str) -> list[Route[Handler]]:
    return [
        Route("GET", path, _on(_get_document, resource_type)),
        Route("PUT", path, _at(put_document, resource_type)),
        Route("DELETE", path, _at(delete_document, resource_type)),
    ]


def _document_routes(resource_type: str) -> list[Route[Handler]]:
    listing: Handler = partial(_list_documents, resource_type)
    path = f"{_GROUP}{_NETWORK}/{resource_type}/{{name}}"
    return [
        Route("GET", f"{_SUBSCRIPTION}{_NETWORK}/{resource_type}", listing),
        Route("GET", f"{_GROUP}{_NETWORK}/{resource_type}", listing),
        *_routes_of_one(path, resource_type),
        Route("PATCH", path, _on(patch_tags, resource_type)),
    ]


def _part_routes(resource_type: str, collection: str) -> list[Route[Handler]]:
    listing = f"{_GROUP}{_NETWORK}/{resource_type}/{{name}}/{collection}"
    acts = (("GET", get_part), ("PUT", put_part), ("DELETE", delete_part))
    return [
        Route("GET", listing, _on(list_parts, resource_type)),
        *(Route(method, listing + "/{child}", _on(act, resource_type)) for method, act in acts),
    ]


ROUTES: list[Route[Handler]] = [
    *OPERATION_ROUTES,
    *AKS_ROUTES,
    *_part_routes("routeTables", "routes"),
    *_part_routes("networkSecurityGroups", "securityRules"),
    Route("GET", _LOCATION + "/usages", list_usages),
    *(route for resource_type in TRACKED_TYPES for route in _document_routes(resource_type)),
    Route("GET", _GROUP + _NETWORK + "/virtualNetworks/{name}/subnets", _on(_list_subnets, "virtualNetworks")),
    *_routes_of_one(_GROUP + _NETWORK + "/virtualNetworks/{name}/subnets/{child}", "virtualNetworks/subnets"),
]
