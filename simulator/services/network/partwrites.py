"""Reading and writing routes and security rules as resources of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...errors import child_not_found
from ...http import Request, Response
from ...state.network import Document
from ...state.operations import operation_url
from ...world import World
from .effects import affected_nodes
from .kinds import DELETE_RETRY_AFTER
from .parts import PARTS, find_part, part_json, parts_of, replaced, written_part
from .writes import async_headers, start_operation, wait_for_others

_SECONDS, _RETRY_AFTER = 2.0, 3


def list_parts(owner: Document) -> Response:
    collection = PARTS[owner.kind][0]
    return Response(200, {"value": [part_json(owner, collection, each) for each in parts_of(owner)]})


def get_part(owner: Document, name: str, path: str) -> Response:
    part = find_part(owner, name)
    if part is None:
        raise child_not_found(path)
    return Response(200, part_json(owner, PARTS[owner.kind][0], part), {"ETag": owner.etag})


def put_part(world: World, request: Request, owner: Document, name: str) -> Response:
    wait_for_others(world, request, owner)
    part = written_part(name, request.json_object())
    there = find_part(owner, name)
    headers = _change(world, request, owner, replaced(owner, part, name), "Put", _RETRY_AFTER)
    return Response(200 if there else 201, part_json(owner, PARTS[owner.kind][0], part), headers)


def delete_part(world: World, request: Request, owner: Document, name: str) -> Response:
    if find_part(owner, name) is None:
        return Response(204)
    wait_for_others(world, request, owner)
    return Response(
        202, None, _change(world, request, owner, replaced(owner, None, name), "Delete", DELETE_RETRY_AFTER)
    )


def _change(
    world: World, request: Request, owner: Document, properties: dict[str, Any], verb: str, retry_after: int
) -> dict[str, str]:
    before, owner.properties = owner.properties, properties
    owner.provisioning_state = "Updating"
    world.network.touch(owner)

    def finish(ended: datetime) -> None:
        owner.provisioning_state = "Succeeded"
        world.network.touch(owner)
        world.reroute(affected_nodes(world, owner), int(ended.timestamp() // 60))

    def abandon(_status: str) -> None:
        owner.provisioning_state, owner.properties = "Failed", before
        world.network.touch(owner)

    name = f"{verb}{PARTS[owner.kind][1]}Operation"
    operation = start_operation(world, owner, name, _SECONDS, retry_after, finish, abandon)
    headers = async_headers(request, operation) | {"Retry-After": str(retry_after)}
    if verb == "Delete":
        headers["Location"] = operation_url(
            request.base_url, operation, request.query["api-version"], "operationResults"
        )
    return headers
