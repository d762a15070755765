"""Advances time between exchanges, and creates operations whose start isn't in the recording.

By each exchange, operations have ended unless the recording itself shows them going on later, or
failing. For a refusal because of another operation, one is running; if none is recorded, a substitute is started.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ...state.operations import Operation, operation_url
from ..recording import Exchange
from ..stage import Stage, operation_in
from .bodies import id_of, place_of, resource_of_path

LONG_SECONDS = 3600.0
CONFLICTS = {
    "RetryableErrorDueToAnotherOperation": "429",
    "AnotherOperationInProgress": "409",
}
NOT_PROVISIONED = "ReferencedResourceNotProvisioned"
_BUSY = re.compile(r"Operation (?P<name>\w+) \([^)]*\) is updating resource (?P<id>/[^\s]+?)\.(?:\s|$)")
_UNREADY = re.compile(r"because resource (?P<id>/\S+) used by resource .* the resource is (?P<name>\w+)\.$")
_PROVIDER = re.compile(r"/providers/([^/]+)/locations/", re.IGNORECASE)


def arrange_operations(stage: Stage, exchange: Exchange, later: tuple[Exchange, ...]) -> None:
    """End the operations that are over by now, and start those that are polled."""
    code, _ = _reason(exchange)
    if code in CONFLICTS or code == NOT_PROVISIONED:
        # Nothing that the recording began ends before a refusal; `arrange_conflict` starts what is missing.
        for operation in set(stage.world.operations.running()) & stage.stand_ins:
            finish(stage, operation)
        return
    polled = operation_in(exchange.path)
    if polled is not None and polled not in stage.operations:
        _start_polled(stage, exchange)
    for operation in sorted(stage.world.operations.running(), key=lambda each: each.started + each.duration):
        if not _goes_on(stage, operation, exchange, later):
            finish(stage, operation)
    error = exchange.body_object.get("error")
    if polled is not None and isinstance(error, dict) and stage.operations[polled].running:
        stage.world.operations.cancel(stage.operations[polled], error, str(exchange.body_object.get("status")))


def arrange_conflict(stage: Stage, exchange: Exchange) -> None:
    """Start the operation that makes the simulator refuse as recorded."""
    code, message = _reason(exchange)
    if code in CONFLICTS:
        stage.world.settings = replace(stage.world.settings, vnet_conflict=CONFLICTS[code])
        _occupy_owner(stage, exchange, message)
    elif code == NOT_PROVISIONED:
        _occupy_referred(stage, message)


def finish(stage: Stage, operation: Operation) -> None:
    """Advance the clock until an operation is over; the others that run now are prolonged by as much."""
    world = stage.world
    left = (operation.started + operation.duration - world.clock.now()).total_seconds()
    if left > 0:
        for other in world.operations.running():
            if other is not operation:
                other.duration += timedelta(seconds=left)
        world.clock.advance(left)
    world.settle()


def _reason(exchange: Exchange) -> tuple[str, str]:
    """The code and message of the error's first detail, or of the error itself."""
    error = exchange.body_object.get("error")
    if exchange.status < 400 or not isinstance(error, dict):
        return "", ""
    details = error.get("details")
    first = details[0] if isinstance(details, list) and details else error
    return (str(first.get("code")), str(first.get("message", ""))) if isinstance(first, dict) else ("", "")


def _goes_on(stage: Stage, operation: Operation, exchange: Exchange, later: tuple[Exchange, ...]) -> bool:
    """Whether the recording shows the operation unfinished, now or later."""
    if exchange.method == "GET" and _shows_unfinished(exchange, operation):
        return True
    ids = {recorded for recorded, ours in stage.operations.items() if ours is operation}
    for each in (exchange, *later):
        if each.status < 300 and operation_in(each.path) in ids:
            return _is_unfinished(each)
        issued = operation_in(urlsplit(each.headers.get("azure-asyncoperation", "")).path)
        if each is not exchange and issued in ids:
            return False  # the recorder gave another operation the same id
    return False


def _is_unfinished(poll: Exchange) -> bool:
    """Whether a poll's answer shows a running operation: the status code at `operationResults`, else the body."""
    if "/operationresults/" in poll.path.lower():
        return poll.status == 202
    return poll.body_object.get("status") != "Succeeded"


def _shows_unfinished(exchange: Exchange, operation: Operation) -> bool:
    resource_id = id_of(exchange.body_object.get("id"))
    state = (exchange.body_object.get("properties") or {}).get("provisioningState", "Succeeded")
    return resource_id is not None and resource_id.key == operation.resource_key and state != "Succeeded"


# -- substitutes ----------------------------------------------------------------------------------


def _start_polled(stage: Stage, exchange: Exchange) -> None:
    """An operation that is polled but whose beginning isn't in the recording."""
    provider = _PROVIDER.search(exchange.path)
    operation = _start(
        stage,
        "PutOperation",
        exchange.path,
        provider=provider[1] if provider else "Microsoft.Network",
        poll_after_seconds=int(exchange.headers.get("retry-after", 10)),
    )
    collection = "operationResults" if "/operationresults/" in exchange.path.lower() else "operations"
    stage.follow(exchange.url, operation_url("https://management.azure.com", operation, "2024-05-01", collection))


def _occupy_owner(stage: Stage, exchange: Exchange, message: str) -> None:
    """Start a write of the resource that the message names, or else of the target's parent."""
    busy, target = _BUSY.search(message), resource_of_path(exchange.path)
    holder = target.parent if target is not None and len(target.types) > 1 else target
    owner = id_of(busy["id"]) if busy else holder
    if owner is not None and stage.world.operations.holding(owner.key) is None:
        _start(stage, busy["name"] if busy else "PutSubnetOperation", str(owner), key=owner.key, lock_id=str(owner))


def _occupy_referred(stage: Stage, message: str) -> None:
    """Start a write of the resource that the message names as not provisioned."""
    unready = _UNREADY.search(message)
    referred = id_of(unready["id"]) if unready else None
    document = stage.world.network.get(referred) if referred is not None else None
    if unready is None or document is None or stage.world.operations.touching(document.key) is not None:
        return
    document.provisioning_state = "Updating"
    operation = _start(stage, unready["name"], str(document.id), key=document.key, lock_id=str(document.id))
    operation.finish = lambda _ended: setattr(document, "provisioning_state", "Succeeded")


def _start(
    stage: Stage,
    name: str,
    path: str,
    *,
    key: str = "",
    lock_id: str = "",
    provider: str = "Microsoft.Network",
    poll_after_seconds: int = 10,
) -> Operation:
    place = place_of(path)
    where = (provider, place[0] if place else "", stage.location)
    operation = Operation(name, *where, key, lock_id, LONG_SECONDS, poll_after_seconds, _nothing)
    stage.world.operations.start(operation)
    stage.stand_ins.add(operation)
    return operation


def _nothing(_ended: datetime) -> None:
    """The effect of an operation whose request isn't in the recording."""
