"""Records every write in the activity log, by any caller."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ...errors import ServiceError
from ...http import WRITES, Request, Response
from ...state.operations import Operation
from ...world import World
from ..authorization.actions import call_of


def logged(world: World, request: Request, handle: Callable[[], Response]) -> Response:
    """Handle a request and, when it writes, keep it with its outcome."""
    if request.method not in WRITES:
        return handle()
    at = world.now()
    try:
        response = handle()
    except ServiceError as error:
        log_write(world, at, request, error.status)
        raise
    operation = world.operations.touching(request.path.lower().rstrip("/"))
    log_write(world, at, request, response.status, operation)
    return response


def log_write(world: World, at: datetime, request: Request, status: int, operation: Operation | None = None) -> None:
    """Record an answered write; `operation` is the operation that it started, if any."""
    call = call_of(request.method, request.path)
    action = call.action if call is not None else f"{request.method} {request.path}"
    world.activity.add(at, request, action, status, operation)
