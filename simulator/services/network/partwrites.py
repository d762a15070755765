"""Reading and writing routes and security rules as resources of their own."""

from __future__ import annotations

from typing import Any

from ...errors import child_not_found
from ...http import Request, Response
from ...state.network import Document
from ...state.operations import Operation
from ...world import World
from .kinds import DELETE_RETRY_AFTER
from .parts import PARTS, find_part, part_json, parts_of, replaced, written_part
from .writes import abandon_put, async_headers, deleting, finish_put, start_operation, wait_for_others

_SECONDS, _RETRY_AFTER = 2.0, 3


def list_parts(_world: World, _request: Request, owner: Document) -> Response:
    collection = PARTS[owner.kind][0]
    return Response(200, {"value": [part_json(owner, collection, each) for each in parts_of(owner)]})


def get_part(_world: World, request: Request, owner: Document) -> Response:
    part = find_part(owner, request.params["child"])
    if part is None:
        raise child_not_found(request.path)
    return Response(200, part_json(owner, PARTS[owner.kind][0], part), {"ETag": owner.etag})


def put_part(world: World, request: Request, owner: Document) -> Response:
    wait_for_others(world, request, owner)
    name = request.params["child"]
    part, there = written_part(name, request.json_object()), find_part(owner, name)
    operation = _change(world, owner, replaced(owner, part, name), "Put", _RETRY_AFTER)
    headers = async_headers(request, operation) | {"Retry-After": str(_RETRY_AFTER)}
    return Response(200 if there else 201, part_json(owner, PARTS[owner.kind][0], part), headers)


def delete_part(world: World, request: Request, owner: Document) -> Response:
    name = request.params["child"]
    if find_part(owner, name) is None:
        return Response(204)
    wait_for_others(world, request, owner)
    return deleting(request, _change(world, owner, replaced(owner, None, name), "Delete", DELETE_RETRY_AFTER))


def _change(world: World, owner: Document, properties: dict[str, Any], verb: str, retry_after: int) -> Operation:
    before, owner.properties = owner.properties, properties
    owner.provisioning_state = "Updating"
    world.network.touch(owner)
    name = f"{verb}{PARTS[owner.kind][1]}Operation"
    finish, abandon = finish_put(world, owner), abandon_put(world, owner, before)
    return start_operation(world, owner, name, _SECONDS, retry_after, finish, abandon)
