"""Polling operations of Microsoft.Network."""

from __future__ import annotations

from typing import Any

from ...http import Request, Response
from ...routing import Route
from ...state.operations import Operation
from ...world import World
from .refusals import OPERATION_UNKNOWN


def get_operation(world: World, request: Request) -> Response:
    """The poll of `Azure-AsyncOperation`: only the status, and a failed operation's error."""
    operation = find_operation(world, request)
    body: dict[str, Any] = {"status": operation.status}
    if operation.error is not None:
        body["error"] = operation.error
    return Response(200, body, {"Retry-After": str(operation.poll_after_seconds)} if operation.running else {})


def get_operation_result(world: World, request: Request) -> Response:
    """The poll of `Location`: 202 while it runs, 204 after, an error when it failed (Azure docs: async-operations)."""
    operation = find_operation(world, request)
    if operation.running:
        headers = {"Location": request.base_url + request.raw_target}
        return Response(202, None, headers | {"Retry-After": str(operation.poll_after_seconds)})
    if operation.error is not None:
        return Response(400, {"error": operation.error})
    return Response(204)


def find_operation(world: World, request: Request) -> Operation:
    """The operation in the path, or 404."""
    operation = world.operations.get(request.params["operation"])
    if operation is None:
        raise OPERATION_UNKNOWN.error(f"Operation {request.params['operation']} not found.")
    return operation


_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
ROUTES = [
    Route("GET", _LOCATION + "/operations/{operation}", get_operation),
    Route("GET", _LOCATION + "/operationResults/{operation}", get_operation_result),
]
