"""Every class of fault, and at which calls it can happen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .breaking import Call, Trouble


def _error(code: str, message: str, reason: str = "") -> dict[str, Any]:
    details = [{"code": reason, "message": message}] if reason else []
    return {"error": {"code": code, "message": message, "details": details}}


_LOCK = "RetryableErrorDueToAnotherOperation"
_LONGER_THAN_ANY_WAIT = 100 * 60

KILLED = (Trouble("killed before the call", kill="before"),)
KILLED_AFTER = (Trouble("killed after the effect", kill="after"),)
AT_ANY_AZURE_CALL = (
    Trouble("throttled", answer=(429, {"Retry-After": "7"}, _error("TooManyRequests", "slow down"))),
    Trouble("unavailable", answer=(503, {}, _error("ServiceUnavailable", "busy"))),
    Trouble("timeout before the effect", raised="before"),
    Trouble("token expired", answer=(401, {}, _error("ExpiredAuthenticationToken", "The access token has expired."))),
    Trouble("Azure down for 20 minutes", outage=True),
)
AT_WRITES_TO_AZURE = (
    Trouble("internal error", answer=(500, {}, _error("InternalServerError", "oops"))),
    Trouble("answer lost after the effect", raised="after"),
    Trouble("locked (409)", answer=(409, {}, _error("AnotherOperationInProgress", "Another operation is running."))),
    Trouble("locked (429)", answer=(429, {"Retry-After": "11"}, _error("RetryableError", "retry", _LOCK))),
    Trouble("precondition failed", answer=(412, {}, _error("PreconditionFailed", "etag"))),
    Trouble("operation failed", operation={"ends": "Failed"}),
    Trouble("operation canceled", operation={"ends": "Canceled"}),
    Trouble("operation stalled", operation={"ends": "Succeeded", "seconds": _LONGER_THAN_ANY_WAIT}),
    Trouble("operation's status lost", operation={"ends": "Succeeded", "status_url": "lost"}),
)
# More often than the storage client tries by itself.
AT_ANY_STORAGE_CALL = (Trouble("storage down", raised="before", times=6),)
AT_WRITES_TO_STORAGE = (
    Trouble(
        "storage conflict",
        answer=(412, {}, {"odata.error": {"code": "UpdateConditionNotSatisfied", "message": {"value": "etag"}}}),
    ),
    Trouble("storage's answer lost", raised="after"),
)


def troubles_at(call: Call) -> Iterator[Trouble]:
    yield from KILLED
    if call.is_write:
        yield from KILLED_AFTER
    if call.is_storage:
        yield from AT_ANY_STORAGE_CALL
        yield from AT_WRITES_TO_STORAGE if call.is_write else ()
    elif call.kind != "token":
        yield from AT_ANY_AZURE_CALL
        yield from AT_WRITES_TO_AZURE if call.is_write else ()


def every_cell(calls: Sequence[Call]) -> list[tuple[Call, Trouble]]:
    return [(call, trouble) for call in calls for trouble in troubles_at(call)]
