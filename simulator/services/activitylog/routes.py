"""Reading the activity log of a subscription (Azure docs: rest-activity-log, activity-log-schema).

The filter accepts only the documented patterns; a start is required. Events come newest first, once
the setting `activity_log_lag_seconds` has passed: `submissionTimestamp` says when.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from ...clock import ticks_text
from ...errors import FlatError
from ...http import Request, Response
from ...noise import stable_uuid
from ...routing import Route
from ...state.activity_log import LoggedWrite
from ...world import World

_CLAUSE = re.compile(r"(?P<name>\w+) (?P<operator>ge|le|eq) '?(?P<value>[^']+?)'?")
_NAMES = {"resourcegroupname", "resourceuri", "resourceprovider", "correlationid"}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KEPT = timedelta(days=90)
_PAGE_SIZE = 100


def list_events(world: World, request: Request) -> Response:
    subscription = world.subscription(request.params["subscription"])
    query = {name.lower(): value for name, value in request.query.items()}
    wanted = _parse(query.get("$filter", ""), world.clock.now())
    found = [
        event
        for write in reversed(world.activity.writes)
        for event in reversed(_events(world, write))
        if event["subscriptionId"].lower() == subscription.id.lower() and _matches(event, wanted)
    ]
    start = int(query.get("$skiptoken", "0"))
    names = [name.strip() for name in query.get("$select", "").split(",") if name.strip()]
    page = found[start : start + _PAGE_SIZE]
    body: dict[str, Any] = {"value": [{k: v for k, v in e.items() if not names or k in names} for e in page]}
    if start + _PAGE_SIZE < len(found):
        more = {**request.query, "$skipToken": str(start + _PAGE_SIZE)}
        body["nextLink"] = f"{request.base_url}{quote(request.path)}?{urlencode(more)}"
    return Response(200, body)


def _refused(text: str) -> FlatError:
    return FlatError(400, "BadRequest", f"The $filter {text}")


def _parse(text: str, now: datetime) -> dict[str, Any]:
    """`from`, `to`, and at most one of the names, from the filter's text; 400 otherwise."""
    wanted: dict[str, Any] = {"to": now}
    for clause in re.split(r" and ", text.strip(), flags=re.IGNORECASE) if text.strip() else ():
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise _refused(f"has a clause that is not understood: {clause}")
        name, operator, value = match["name"].lower(), match["operator"], match["value"]
        if name == "eventtimestamp" and operator != "eq":
            try:
                moment = datetime.fromisoformat(value)
            except ValueError as error:
                raise _refused(f"has a time that is none: {value}") from error
            wanted["from" if operator == "ge" else "to"] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        elif name in _NAMES and operator == "eq" and not _NAMES & wanted.keys():
            wanted[name] = value.lower()
        else:
            raise _refused(f"has a clause that is not allowed: {clause}")
    if "from" not in wanted:
        raise _refused("needs a start: eventTimestamp ge '...'")
    if now - wanted["from"] > _KEPT:
        raise _refused("starts more than 90 days ago")
    return wanted


def _matches(event: dict[str, Any], wanted: dict[str, Any]) -> bool:
    at = datetime.fromisoformat(event["eventTimestamp"])
    fields = {
        "resourcegroupname": event["resourceGroupName"],
        "resourceuri": event["resourceId"],
        "resourceprovider": event["resourceProviderName"]["value"],
        "correlationid": event["correlationId"],
    }
    return wanted["from"] <= at <= wanted["to"] and all(
        fields[name].lower() == wanted[name] for name in _NAMES & wanted.keys()
    )


def _events(world: World, write: LoggedWrite) -> list[dict[str, Any]]:
    """The events of a write that are readable now."""
    lag = timedelta(seconds=world.settings.activity_log_lag_seconds)
    now = world.clock.now()
    return [_event(world, write, *stage, stage[2] + lag) for stage in write.stages() if stage[2] + lag <= now]


def _event(
    world: World, write: LoggedWrite, name: str, status: str, at: datetime, submitted: datetime
) -> dict[str, Any]:
    request = write.request
    parts = request.path.strip("/").split("/")
    event_id = stable_uuid(world.seed, "event", write.number, name, status)
    made_up = stable_uuid(world.seed, "request", write.number)
    client_id = str(request.client_id)
    # People are named as they are, applications by their object id.
    caller = world.identities.get(client_id).object_id if _GUID.fullmatch(client_id) else client_id
    properties: dict[str, Any] = {"eventCategory": "Administrative", "entity": request.path, "message": write.action}
    if status == "Started" and world.settings.activity_log_bodies and request.body:
        properties["requestbody"] = json.dumps(json.loads(request.body), separators=(",", ":"))
    if name == "EndRequest":
        properties["statusCode"] = str(write.status)
    return {
        "authorization": {"action": write.action, "scope": request.path},
        "caller": caller,
        "category": _named("Administrative"),
        "claims": {"appid": client_id},
        "correlationId": request.headers.get("x-ms-correlation-request-id", made_up),
        "eventDataId": event_id,
        "eventName": _named(name),
        "eventTimestamp": ticks_text(at),
        "httpRequest": {
            "clientRequestId": request.headers.get("x-ms-client-request-id", made_up),
            "clientIpAddress": "192.0.2.1",
            "method": request.method,
        },
        "id": f"{request.path}/events/{event_id}/ticks/{int((at.timestamp() + 62135596800) * 10_000_000)}",
        "level": "Error" if status == "Failed" else "Informational",
        "operationId": stable_uuid(world.seed, "write", write.number),
        "operationName": _named(write.action),
        "properties": properties,
        "resourceGroupName": parts[3] if len(parts) > 3 else "",
        "resourceId": request.path,
        "resourceProviderName": _named(parts[5] if len(parts) > 5 else ""),
        "resourceType": _named(write.action.rpartition("/")[0]),
        "status": _named(status),
        "subStatus": _named("" if name == "BeginRequest" else str(write.status)),
        "submissionTimestamp": ticks_text(submitted),
        "subscriptionId": parts[1],
    }


def _named(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


ROUTES = [
    Route("GET", "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values", list_events)
]
