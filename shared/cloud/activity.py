"""Who wrote what in a resource group, from Azure's activity log.

Every write that Resource Manager takes is there, minutes later (Azure docs: activity-log-schema, rest-activity-log,
data-ingestion-time). The query covers the whole group: the documented filter takes one resource, and nothing documents
whether that includes its children. Reading needs Microsoft.Insights/eventtypes/values/read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model.access import LoggedWrite
from ..model.resource_id import ArmId
from ..model.text import Text
from . import api_versions
from .arm import Arm
from .error_mapping import decoded
from .errors import UnexpectedAnswer
from .metric_queries import utc_text
from .parse.fields import field, moment, read_rows, text
from .parse.subnet import writable

_WRITES = ("/write", "/delete")


@dataclass(frozen=True, slots=True)
class _Event:
    """One event of an operation that writes; ``content`` is all of it."""

    operation_id: str
    at: datetime
    content: Mapping[str, Any]


class ActivityLog:
    """Raises the errors of ``errors``."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def writes(
        self, subscription: str, group: str, start: datetime, end: datetime, unreadable: list[Text]
    ) -> tuple[LoggedWrite, ...]:
        """Writes and deletions of anything in the group that the log holds by now, oldest first.

        Adds to ``unreadable`` why an event can't be read: it may be a write.
        """
        path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        since, until = utc_text(start), utc_text(end)
        wanted = f"eventTimestamp ge '{since}' and eventTimestamp le '{until}' and resourceGroupName eq '{group}'"
        events, bad = read_rows(self._arm.list(path, api_versions.ACTIVITY_LOG, **{"$filter": wanted}), _event)
        by_operation: dict[str, list[_Event]] = {}
        for event in filter(None, events):
            by_operation.setdefault(event.operation_id, []).append(event)
        found, more = read_rows(by_operation.values(), _write)
        unreadable += [row.reason for row in (*bad, *more)]
        return tuple(sorted(found, key=lambda write: write.at))


def _event(item: Mapping[str, Any]) -> _Event | None:
    """None: nothing was written."""
    if not text(item, "operationName", "value").lower().endswith(_WRITES):
        return None
    operation_id, stamp = text(item, "operationId"), text(item, "eventTimestamp")
    at = moment(Text("operation {operation}", operation=operation_id), "eventTimestamp", stamp)
    if not operation_id:
        raise UnexpectedAnswer(Text("an event of the activity log"), Text("it has no operationId"))
    return _Event(operation_id, at, item)


def _write(events: Iterable[_Event]) -> LoggedWrite:
    """One operation from its events: the first has its start, a later one may have its failure."""
    ordered = sorted(events, key=lambda event: event.at)
    first = ordered[0].content
    ids = {text(first, "correlationId"), text(first, "httpRequest", "clientRequestId")}
    sent = next((body for event in ordered if (body := _sent(event.content)) is not None), None)
    return LoggedWrite(
        operation_id=ordered[0].operation_id,
        at=ordered[0].at,
        caller=text(first, "caller") or Text("somebody unnamed"),
        action=text(first, "operationName", "value"),
        resource_id=ArmId(text(first, "resourceId")),
        correlation_id=text(first, "correlationId"),
        request_ids=frozenset(request_id.lower() for request_id in ids if request_id),
        app_id=text(first, "claims", "appid"),
        has_failed=any(text(event.content, "status", "value").lower() == "failed" for event in ordered),
        properties=sent,
    )


def _sent(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The writable properties of the request. None proves nothing: only some services log the request body."""
    try:
        body = text(event, "properties", "requestbody")
        properties = field(decoded(body), "properties") if body else None
        return writable(properties) if isinstance(properties, dict) else None
    except (ValueError, UnexpectedAnswer):
        return None
