"""How time passes between exchanges, and operations that were running before the recording begins.

By each exchange, operations have ended unless the recording itself shows them going on later, or
failing. A refusal because of another operation has one running.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ...services.operations import Operation, operation_url
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
    """Let the operations end that are over by now, and start those that must be going on."""
    reason = _reason(exchange)
    if reason in CONFLICTS or reason == NOT_PROVISIONED:
        # Nothing that the recording started ends before a refusal; `network` starts what is missing.
        for operation in stage.world.operations.running():
            if operation.duration.total_seconds() >= LONG_SECONDS:
                finish(stage, operation)
        return
    polled = operation_in(exchange.path)
    if polled is not None and polled not in stage.operations:
        _start_unseen(stage, exchange)
    for operation in sorted(stage.world.operations.running(), key=lambda each: each.started + each.duration):
        if not _goes_on(stage, operation, exchange, later):
            finish(stage, operation)
    if polled is not None and exchange.body_object.get("error") and stage.operations[polled].running:
        status = str(exchange.body_object.get("status"))
        stage.world.operations.cancel(stage.operations[polled], exchange.body_object["error"], status)


def _reason(exchange: Exchange) -> str | None:
    """The code that tells why: of the first detail, or of the error itself."""
    if exchange.status < 400:
        return None
    error = exchange.body_object.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    first = details[0] if isinstance(details, list) and details else None
    return str(first.get("code")) if isinstance(first, dict) else exchange.error_code


def _goes_on(stage: Stage, operation: Operation, exchange: Exchange, later: tuple[Exchange, ...]) -> bool:
    """Whether the recording shows the operation unfinished, now or later."""
    if exchange.method == "GET" and _shows_unfinished(exchange, operation):
        return True
    ids = {recorded for recorded, ours in stage.operations.items() if ours is operation}
    for each in (exchange, *later):
        if each.status == 200 and operation_in(each.path) in ids:
            return str(each.body_object.get("status")) != "Succeeded"
        issued = operation_in(urlsplit(each.headers.get("azure-asyncoperation", "")).path)
        if each is not exchange and issued in ids:
            return False  # the recorder gave another operation the same id
    return False


def _shows_unfinished(exchange: Exchange, operation: Operation) -> bool:
    resource_id = id_of(exchange.body_object.get("id"))
    state = (exchange.body_object.get("properties") or {}).get("provisioningState", "Succeeded")
    return resource_id is not None and resource_id.key == operation.resource_key and state != "Succeeded"


def finish(stage: Stage, operation: Operation) -> None:
    """Let time pass until an operation is over; the others that run now take so much longer."""
    world = stage.world
    left = (operation.started + operation.duration - world.clock.now()).total_seconds()
    if left > 0:
        for other in world.operations.running():
            if other is not operation:
                other.duration += timedelta(seconds=left)
        world.clock.advance(left)
    world.settle()


def _start_unseen(stage: Stage, exchange: Exchange) -> None:
    """An operation that is polled but whose beginning isn't in the recording."""
    place, provider = place_of(exchange.path), _PROVIDER.search(exchange.path)
    operation = stage.world.operations.start(
        "PutOperation",
        provider=provider[1] if provider else "Microsoft.Network",
        subscription=place[0] if place else "",
        location=stage.location,
        resource_key="",
        lock_id="",
        seconds=LONG_SECONDS,
        poll_after_seconds=int(exchange.headers.get("retry-after", 10)),
        finish=_nothing,
    )
    here = operation_url("https://management.azure.com", operation, "2024-05-01", "operations")
    stage.follow(exchange.url, here)


def arrange_conflict(stage: Stage, exchange: Exchange) -> bool:
    """Have an operation running that makes the simulator refuse as recorded; whether there was such a refusal."""
    reason, message = _reason(exchange), _message(exchange)
    if reason in CONFLICTS:
        busy = _BUSY.search(message)
        target = resource_of_path(exchange.path)
        owner = id_of(busy["id"]) if busy else target.parent if target and len(target.types) > 1 else target
        stage.world.settings = replace(stage.world.settings, vnet_conflict=CONFLICTS[reason])
        if owner is not None and stage.world.operations.holding(owner.key) is None:
            _occupy(stage, str(owner), owner.key, busy["name"] if busy else "PutSubnetOperation")
        return True
    unready = _UNREADY.search(message) if reason == NOT_PROVISIONED else None
    referred = id_of(unready["id"]) if unready else None
    document = stage.world.network.get(referred) if referred is not None else None
    if unready is not None and document is not None and stage.world.operations.touching(document.key) is None:
        document.provisioning_state = "Updating"
        operation = _occupy(stage, str(document.id), document.key, unready["name"])
        operation.finish = lambda _ended: setattr(document, "provisioning_state", "Succeeded")
    return reason == NOT_PROVISIONED


def _message(exchange: Exchange) -> str:
    error: Any = exchange.body_object.get("error") or {}
    details = error.get("details") or [error]
    return str(details[0].get("message", "")) if isinstance(details[0], dict) else ""


def _occupy(stage: Stage, lock_id: str, key: str, name: str) -> Operation:
    place = place_of(lock_id)
    return stage.world.operations.start(
        name,
        provider="Microsoft.Network",
        subscription=place[0] if place else "",
        location=stage.location,
        resource_key=key,
        lock_id=lock_id,
        seconds=LONG_SECONDS,
        poll_after_seconds=10,
        finish=_nothing,
    )


def _nothing(_ended: datetime) -> None:
    """The effect of an operation whose request isn't in the recording."""
