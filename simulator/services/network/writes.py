"""Writing Microsoft.Network: PUT replaces the whole object, DELETE removes it, both take time.

A PUT answers 201 (new) or 200 (there already) with `Azure-AsyncOperation`; the resource is Updating until the
operation ends, except when no property changes. Unknown properties survive. One
operation at a time may write a virtual network and its subnets; a subnet PUT overtakes a PUT of the
virtual network, which then ends as canceled and superseded. What a resource looks like after a
failed operation isn't documented: here it is Failed, with its earlier properties, until the next write.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...errors import ArmError, resource_not_found
from ...http import Request, Response
from ...resourceid import ResourceId
from ...state.network import NAT_GATEWAY, PUBLIC_IP, SUBNET, Document
from ...state.operations import Operation, operation_url
from ...world import World
from .bodies import endpoints_in, tags_of, top_level, written_properties
from .conflicts import another_operation, check_references, stale_etag
from .deletions import check_deletion
from .effects import affected_nodes as affected_nodes
from .effects import check_subnets, replace_subnets, subnets_in_body
from .gateways import check_gateway
from .kinds import DELETE_RETRY_AFTER, DELETE_SECONDS, KINDS, SUBNETS, VIRTUAL_NETWORKS, Kind
from .publicips import assign, check_public_ip
from .quotas import check_quota
from .refusals import STALE_ETAG
from .subnets import check_subnet
from .wire import shown

_KEPT = ("ipAddress", "ipPrefix")
"""What Azure gave to a public IP or prefix stays, whether it is sent back or not."""


def put_document(world: World, request: Request, resource_id: ResourceId) -> Response:
    """Create or replace a resource."""
    world.group(resource_id.subscription, resource_id.group)
    kind = KINDS[resource_id.resource_type.lower()]
    body = request.json_object()
    existing = world.network.get(resource_id)
    wait_for_others(world, request, _parent(world, resource_id) or existing, kind)
    check_preconditions(world, request, existing, body)
    properties = kind.filled(written_properties(kind, body))
    top = top_level(kind, resource_id, existing, body)
    if existing is not None:
        kept = kind.read_only.union(_KEPT) & existing.properties.keys()
        properties |= {name: existing.properties[name] for name in kept}
    subnets = subnets_in_body(resource_id, body) if kind is VIRTUAL_NETWORKS else None
    _check(world, resource_id, kind, properties, top, existing)
    check_subnets(world, resource_id, subnets)
    document = existing or Document(resource_id, properties, top)
    before = copy.deepcopy(document.properties) if existing is not None else None
    is_failed = document.provisioning_state == "Failed"  # then the requested change isn't applied yet
    busy = existing is None or is_failed or document.properties != properties or kind is VIRTUAL_NETWORKS
    changed = busy or document.top != top or document.provisioning_state != "Succeeded"
    document.new_endpoints = endpoints_in(properties) - (endpoints_in(before) if before is not None else set())
    document.properties, document.top = properties, top
    document.provisioning_state = "Updating" if busy else "Succeeded"
    if existing is None:
        world.network.add(document)
    elif changed:
        world.network.touch(document)
    replace_subnets(world, document, subnets)
    operation = start_operation(
        world,
        document,
        kind.put_name,
        kind.put_seconds if busy else 0.0,
        kind.put_retry_after,
        finish_put(world, document) if busy else _nothing,
        abandon_put(world, document, before),
    )
    headers = async_headers(request, operation)
    if busy:
        headers["Retry-After"] = str(kind.put_retry_after)
    return Response(200 if existing is not None else 201, shown(world, request, document), headers)


def delete_document(world: World, request: Request, resource_id: ResourceId) -> Response:
    """Delete a resource; 204 when it doesn't exist."""
    world.group(resource_id.subscription, resource_id.group)
    kind, document = KINDS[resource_id.resource_type.lower()], world.network.get(resource_id)
    if document is None:
        return Response(204)
    wait_for_others(world, request, _parent(world, resource_id) or document, kind)
    check_preconditions(world, request, document, {})
    check_deletion(world, document)
    document.provisioning_state = "Deleting"

    def finish(_ended: datetime) -> None:
        world.network.remove(document)
        if document.kind == NAT_GATEWAY:
            world.traffic.remove_gateway(document.key)

    def abandon(status: str) -> None:
        document.provisioning_state = "Failed" if status == "Failed" else "Succeeded"

    operation = start_operation(world, document, kind.delete_name, DELETE_SECONDS, DELETE_RETRY_AFTER, finish, abandon)
    return deleting(request, operation)


def patch_tags(world: World, request: Request, document: Document) -> Response:
    """Replace a resource's tags; that is all that PATCH can do here, as in Azure."""
    document.top["tags"] = tags_of(request.json_object())
    world.network.touch(document)
    return Response(200, shown(world, request, document))


# -- checks ---------------------------------------------------------------------------------------


def _parent(world: World, resource_id: ResourceId) -> Document | None:
    """The virtual network of a subnet, which must be there."""
    if len(resource_id.types) == 1:
        return None
    parent = world.network.get(resource_id.parent)
    if parent is None:
        above = resource_id.parent
        raise resource_not_found(above.resource_type, above.name, above.group)
    return parent


def wait_for_others(world: World, request: Request, owner: Document | None, kind: Kind | None = None) -> None:
    """Refuse while another operation writes the resource or its virtual network."""
    running = world.operations.holding(owner.key) if owner is not None else None
    if owner is None or running is None:
        return
    if running.name == VIRTUAL_NETWORKS.put_name and kind is SUBNETS and request.method == "PUT":
        _supersede(world, running, owner)
        return
    raise another_operation(world, running, request.base_url, request.query.get("api-version", ""))


def _supersede(world: World, running: Operation, vnet: Document) -> None:
    overtaker = world.operations.next_id()
    message = (
        f"Operation {running.name} ({running.id}) was canceled and superseded "
        f"by operation {SUBNETS.put_name} ({overtaker})."
    )
    details = [{"code": "CanceledAndSupersededDueToAnotherOperation", "message": message}]
    running.abandon = None  # its effect isn't lost: the subnet's operation carries it on
    world.operations.cancel(running, {"code": "Canceled", "message": "Operation was canceled.", "details": details})
    vnet.provisioning_state = "Succeeded"


def check_preconditions(world: World, request: Request, existing: Document | None, body: dict[str, Any]) -> None:
    """If-Match, If-None-Match, and an `etag` in the body, which counts like If-Match."""
    if existing is not None and request.headers.get("if-none-match") == "*":
        raise stale_etag("*", existing)
    given = request.headers.get("if-match") or body.get("etag")
    if not given or not world.settings.if_match_honoured:
        return
    if existing is not None and given not in ("*", existing.etag):
        raise stale_etag(str(given) if str(given).startswith("W/") else f'W/"{given}"', existing)
    if existing is None and "if-match" in request.headers:
        raise ArmError(STALE_ETAG.status, STALE_ETAG.code, "Precondition failed.", details=[])


def _check(
    world: World,
    resource_id: ResourceId,
    kind: Kind,
    properties: dict[str, Any],
    top: dict[str, Any],
    existing: Document | None,
) -> None:
    check_references(world, resource_id, properties)
    if kind is SUBNETS:
        check_subnet(world, resource_id, properties)
    if resource_id.resource_type.lower() == NAT_GATEWAY:
        check_gateway(world, resource_id, properties, top)
    if resource_id.resource_type.lower() == PUBLIC_IP:
        check_public_ip(world, resource_id, properties, top)
    if existing is None:
        check_quota(world, resource_id, top)


# -- operations -----------------------------------------------------------------------------------


def _nothing(_ended: datetime) -> None:
    """The effect of an operation that changed no property."""


def finish_put(world: World, document: Document) -> Callable[[datetime], None]:
    """Complete a write."""

    def finish(ended: datetime) -> None:
        document.provisioning_state = "Succeeded"
        assign(world, document)
        world.network.touch(document)
        world.reroute(affected_nodes(world, document), int(ended.timestamp() // 60))

    return finish


def abandon_put(world: World, document: Document, before: dict[str, Any] | None) -> Callable[[str], None]:
    """Roll back a failed write: `before` are the earlier properties of an existing resource."""

    def abandon(_status: str) -> None:
        document.provisioning_state = "Failed"
        if before is not None:
            document.properties = before
        world.network.touch(document)

    return abandon


def start_operation(
    world: World,
    document: Document,
    name: str,
    seconds: float,
    retry_after: int,
    finish: Callable[[datetime], None],
    abandon: Callable[[str], None] | None = None,
) -> Operation:
    """Begin an operation on a document; for a subnet it also locks the virtual network."""
    owner = world.network.get(document.id.parent) if document.kind == SUBNET else document
    assert owner is not None
    where = ("Microsoft.Network", document.id.subscription, str(owner.top.get("location", "")))
    return world.operations.start(
        Operation(name, *where, document.key, str(owner.id), seconds, retry_after, finish, abandon)
    )


def async_headers(request: Request, operation: Operation) -> dict[str, str]:
    """The headers of an asynchronous answer."""
    url = operation_url(request.base_url, operation, request.query["api-version"], "operations")
    return {"Azure-AsyncNotification": "Enabled", "Azure-AsyncOperation": url}


def deleting(request: Request, operation: Operation) -> Response:
    """The answer to an asynchronous DELETE: clients may poll two URLs."""
    location = operation_url(request.base_url, operation, request.query["api-version"], "operationResults")
    headers = async_headers(request, operation) | {"Location": location}
    return Response(202, None, headers | {"Retry-After": str(operation.poll_after_seconds)})
