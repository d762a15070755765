"""Writing Microsoft.Network: PUT replaces the whole object, DELETE takes it away, both take time.

A PUT answers 201 (new) or 200 (there already) with `Azure-AsyncOperation`; the resource says
Updating until the operation is over, except when no property changes. Unknown properties survive. One
operation at a time may write a virtual network and its subnets; a subnet PUT overtakes a PUT of the
virtual network, which then ends as canceled and superseded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...errors import ArmError, resource_not_found
from ...fleet import Node
from ...http import Request, Response
from ...resourceid import ResourceId
from ..operations import Operation, operation_url
from .kinds import DELETE_RETRY_AFTER, DELETE_SECONDS, KINDS, SUBNETS, VIRTUAL_NETWORKS, Kind
from .refusals import (
    another_operation,
    check_deletion,
    check_gateway,
    check_references,
    check_subnet,
    stale_etag,
)
from .state import NAT_GATEWAY, PUBLIC_IP, SUBNET, VNET, Document
from .wire import document_json, subnets_of_gateway

if TYPE_CHECKING:
    from ...world import World

_NOT_WRITTEN = {"name", "id", "type", "etag", "properties"}


def put_document(world: World, request: Request, resource_id: ResourceId) -> Response:
    """Create or replace a resource."""
    world.group(resource_id.subscription, resource_id.group)
    kind = KINDS[resource_id.resource_type.lower()]
    body = request.json_object()
    existing = world.network.get(resource_id)
    parent = _parent(world, resource_id)
    _wait_for_others(world, request, existing, parent, kind)
    _check_preconditions(world, request, existing, body)
    properties = kind.filled(_written(body))
    top = _top_level(kind, resource_id, existing, body)
    _check(world, resource_id, kind, properties, top)
    if existing is not None and "ipAddress" in existing.properties:
        properties.setdefault("ipAddress", existing.properties["ipAddress"])
    document = existing or Document(resource_id, properties, top)
    busy = existing is None or document.properties != properties
    changed = busy or document.top != top
    document.properties, document.top = properties, top
    document.provisioning_state = "Updating" if busy else "Succeeded"
    if existing is None:
        world.network.add(document)
    elif changed:
        world.network.touch(document)
    if kind is VIRTUAL_NETWORKS:
        _replace_subnets(world, document, body)
        busy = True
    finish = _finish_put(world, document) if busy else _nothing
    operation = _start(world, kind, document, kind.put_seconds if busy else 0.0, finish)
    headers = _async_headers(request, operation)
    if busy:
        headers["Retry-After"] = str(kind.put_retry_after)
    return Response(200 if existing is not None else 201, document_json(world, document), headers)


def delete_document(world: World, request: Request, resource_id: ResourceId) -> Response:
    """Delete a resource; 204 when it isn't there."""
    world.group(resource_id.subscription, resource_id.group)
    kind, document = KINDS[resource_id.resource_type.lower()], world.network.get(resource_id)
    if document is None:
        return Response(204)
    _wait_for_others(world, request, document, _parent(world, resource_id), kind)
    _check_preconditions(world, request, document, {})
    check_deletion(world, document)
    document.provisioning_state = "Deleting"

    def finish(_ended: datetime) -> None:
        world.network.remove(document)
        if document.kind == NAT_GATEWAY:
            world.traffic.remove_gateway(document.key)

    operation = _start(world, kind, document, DELETE_SECONDS, finish, deleting=True)
    api_version = request.query["api-version"]
    location = operation_url(request.base_url, operation, api_version, "operationResults")
    headers = _async_headers(request, operation) | {"Location": location, "Retry-After": str(DELETE_RETRY_AFTER)}
    return Response(202, None, headers)


def patch_tags(world: World, request: Request, document: Document) -> Response:
    """Replace a resource's tags; that is all that PATCH can do here, as in Azure."""
    tags = request.json_object().get("tags")
    if not isinstance(tags, dict):
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request: tags are expected.", details=[])
    document.top["tags"] = tags
    world.network.touch(document)
    return Response(200, document_json(world, document))


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


def _wait_for_others(
    world: World, request: Request, existing: Document | None, parent: Document | None, kind: Kind
) -> None:
    """Refuse while another operation writes the resource, or the virtual network that holds it."""
    owner = parent or existing
    if owner is None:
        return
    running = world.operations.holding(owner.key)
    if running is None:
        return
    if running.name == VIRTUAL_NETWORKS.put_name and kind is SUBNETS and request.method == "PUT":
        _supersede(world, running, owner)
        return
    raise another_operation(world, running, request.base_url, request.query["api-version"])


def _supersede(world: World, running: Operation, vnet: Document) -> None:
    overtaker = world.operations.next_id()
    message = (
        f"Operation {running.name} ({running.id}) was canceled and superseded "
        f"by operation {SUBNETS.put_name} ({overtaker})."
    )
    details = [{"code": "CanceledAndSupersededDueToAnotherOperation", "message": message}]
    world.operations.cancel(running, {"code": "Canceled", "message": "Operation was canceled.", "details": details})
    vnet.provisioning_state = "Succeeded"


def _check_preconditions(world: World, request: Request, existing: Document | None, body: dict[str, Any]) -> None:
    """If-Match, If-None-Match, and an `etag` in the body, which counts like If-Match."""
    if existing is not None and request.headers.get("if-none-match") == "*":
        raise stale_etag("*", existing)
    given = request.headers.get("if-match") or body.get("etag")
    if not given or not world.settings.if_match_honoured:
        return
    if existing is not None and given not in ("*", existing.etag):
        raise stale_etag(str(given) if str(given).startswith("W/") else f'W/"{given}"', existing)
    if existing is None and "if-match" in request.headers:
        raise ArmError(412, "PreconditionFailed", "Precondition failed.", details=[])


def _written(body: dict[str, Any]) -> dict[str, Any]:
    """The body's properties, less what Azure itself put into lists that clients send back."""
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request: properties are wrong.", details=[])
    written = dict(properties)
    if "serviceEndpoints" in written:
        written["serviceEndpoints"] = [
            {key: value for key, value in endpoint.items() if key != "provisioningState"}
            for endpoint in written["serviceEndpoints"] or []
        ]
    if "delegations" in written:
        written["delegations"] = [
            {
                "name": each.get("name"),
                "properties": {"serviceName": (each.get("properties") or {}).get("serviceName")},
            }
            for each in written["delegations"] or []
        ]
    return written


def _top_level(kind: Kind, resource_id: ResourceId, existing: Document | None, body: dict[str, Any]) -> dict[str, Any]:
    top = {key: value for key, value in body.items() if key not in _NOT_WRITTEN and value is not None}
    if kind is SUBNETS:
        return {}
    location = str(top.get("location") or "").replace(" ", "").lower()
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    there = existing.top.get("location") if existing is not None else location
    if there != location:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{resource_id.name}' already exists in location '{there}' in resource group "
            f"'{resource_id.group}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
        )
    top["location"] = location
    if kind.sku is not None:
        sku = top.get("sku") or {}
        top["sku"] = {"name": sku.get("name", kind.sku), "tier": sku.get("tier", "Regional")}
    return top


def _check(world: World, resource_id: ResourceId, kind: Kind, properties: dict[str, Any], top: dict[str, Any]) -> None:
    check_references(world, resource_id, properties)
    if kind is SUBNETS:
        check_subnet(world, resource_id, properties)
    if resource_id.resource_type.lower() == NAT_GATEWAY:
        check_gateway(world, resource_id, properties, str(top["sku"]["name"]))


# -- effects --------------------------------------------------------------------------------------


def _replace_subnets(world: World, vnet: Document, body: dict[str, Any]) -> None:
    """A virtual network's `subnets`: absent keeps them, a list replaces them all (Azure docs, since
    api-version 2023-09-01)."""
    given = (body.get("properties") or {}).get("subnets")
    if given is None:
        return
    wanted = {str(subnet["name"]).lower(): subnet for subnet in given}
    there = {subnet.id.name.lower(): subnet for subnet in world.network.children(vnet)}
    for name, subnet in there.items():
        if name not in wanted:
            check_deletion(world, subnet)
            world.network.remove(subnet)
    for name, subnet in wanted.items():
        document = there.get(name)
        properties = SUBNETS.filled(_written(subnet))
        if document is None:
            child = ResourceId(
                vnet.id.subscription,
                vnet.id.group,
                vnet.id.provider,
                ("virtualNetworks", "subnets"),
                (vnet.id.name, str(subnet["name"])),
            )
            world.network.add(Document(child, properties))
        else:
            document.properties = properties


def _nothing(_ended: datetime) -> None:
    """The effect of an operation that changed no property."""


def _finish_put(world: World, document: Document) -> Callable[[datetime], None]:
    def finish(ended: datetime) -> None:
        document.provisioning_state = "Succeeded"
        static = document.properties.get("publicIPAllocationMethod") == "Static"
        if document.kind == PUBLIC_IP and static and "ipAddress" not in document.properties:
            document.properties["ipAddress"] = next(world.public_addresses)
        world.network.touch(document)
        world.reroute(affected_nodes(world, document), int(ended.timestamp() // 60))

    return finish


def affected_nodes(world: World, document: Document) -> list[Node]:
    """The nodes whose path a change of this resource may change."""
    if document.kind == SUBNET:
        return list(world.nodes_in_subnet(document.key))
    if document.kind == VNET:
        subnets = world.network.children(document)
    elif document.kind == NAT_GATEWAY:
        subnets = subnets_of_gateway(world.network, document)
    else:
        subnets = list(world.network.of_kind(SUBNET)) if "routetables" in document.kind else []
    return [node for subnet in subnets for node in world.nodes_in_subnet(subnet.key)]


def _start(
    world: World,
    kind: Kind,
    document: Document,
    seconds: float,
    finish: Callable[[datetime], None],
    *,
    deleting: bool = False,
) -> Operation:
    owner = world.network.get(document.id.parent) if document.kind == SUBNET else document
    assert owner is not None
    return world.operations.start(
        kind.delete_name if deleting else kind.put_name,
        provider="Microsoft.Network",
        subscription=document.id.subscription,
        location=str(owner.top.get("location", "")),
        resource_key=document.key,
        lock_id=str(owner.id),
        seconds=seconds,
        poll_after_seconds=DELETE_RETRY_AFTER if deleting else kind.put_retry_after,
        finish=finish,
    )


def _async_headers(request: Request, operation: Operation) -> dict[str, str]:
    url = operation_url(request.base_url, operation, request.query["api-version"], "operations")
    return {"Azure-AsyncNotification": "Enabled", "Azure-AsyncOperation": url}
