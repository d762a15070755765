"""Who wrote what in a resource group, from Azure's activity log.

Every write that Resource Manager takes is there, minutes later (Azure docs: activity-log-schema, rest-activity-log,
data-ingestion-time). The log is asked for the whole group, because the documented filter names one resource at a time
and does not say whether that includes its children. Reading needs Microsoft.Insights/eventtypes/values/read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..model.activity import LoggedWrite
from . import api_versions
from .arm import Arm
from .errors import UnexpectedAnswer
from .parse.subnet import writable

_WRITES = ("/write", "/delete")


class ActivityLog:
    """Raises the errors of ``errors``."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def writes(self, subscription: str, group: str, start: datetime, end: datetime) -> tuple[LoggedWrite, ...]:
        """Writes and deletions of anything in the group that the log holds by now, oldest first."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        moment = f"eventTimestamp ge '{_text(start)}' and eventTimestamp le '{_text(end)}'"
        wanted = f"{moment} and resourceGroupName eq '{group}'"
        by_operation: dict[str, list[Mapping[str, Any]]] = {}
        try:
            for event in self._arm.list(path, api_versions.ACTIVITY_LOG, **{"$filter": wanted}):
                if _value(event, "operationName").lower().endswith(_WRITES):
                    by_operation.setdefault(str(event["operationId"]), []).append(event)
            found = [_write(operation_id, events) for operation_id, events in by_operation.items()]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnexpectedAnswer(f"GET {path}", f"an event is not as documented: {error!r}") from error
        return tuple(sorted(found, key=lambda write: write.at))


def _write(operation_id: str, events: Iterable[Mapping[str, Any]]) -> LoggedWrite:
    """The events of one operation: it began with the first, and how it went is said by any that ended it."""
    ordered = sorted(events, key=lambda event: datetime.fromisoformat(event["eventTimestamp"]))
    first = ordered[0]
    http, claims = first.get("httpRequest") or {}, first.get("claims") or {}
    ids = {first.get("correlationId"), http.get("clientRequestId")}
    sent = next((body for event in ordered if (body := _sent(event)) is not None), None)
    return LoggedWrite(
        operation_id=operation_id,
        at=datetime.fromisoformat(first["eventTimestamp"]),
        caller=str(first.get("caller") or "somebody unnamed"),
        action=_value(first, "operationName"),
        resource_id=str(first.get("resourceId") or ""),
        correlation_id=str(first.get("correlationId") or ""),
        request_ids=frozenset(str(one).lower() for one in ids if one),
        app_id=str(claims.get("appid") or ""),
        has_failed=any(_value(event, "status").lower() == "failed" for event in ordered),
        properties=sent,
    )


def _sent(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The writable properties that were sent. Only some services put them there: absence says nothing."""
    text = (event.get("properties") or {}).get("requestbody")
    try:
        properties = json.loads(text or "null")["properties"]
    except (ValueError, TypeError, KeyError):
        return None
    return writable(properties) if isinstance(properties, dict) else None


def _value(event: Mapping[str, Any], name: str) -> str:
    return str((event.get(name) or {}).get("value") or "")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
