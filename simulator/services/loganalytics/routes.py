"""`POST /v1/workspaces/{id}/query` and `POST /v1/{resource}/query` over the health events.

Azure answers tables of columns and rows (Azure docs: Log Analytics query API). Without a diagnostic setting the table
is empty.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ...errors import ArmError, FlatError
from ...http import Request, Response
from ...refusal import declare
from ...routing import Route
from ...world import World
from ..kql import parse
from ..kqltokens import QueryError
from ..monitor.query import parse_timespan
from .state import COLUMNS, TABLE, health_events

INGESTION_MINUTES = 3
QUERY = "Microsoft.OperationalInsights/workspaces/query"
NO_ACCESS = declare(
    403,
    "InsufficientAccessError",
    f"the caller may not run queries (`{QUERY}/read`), or not read the table (`{QUERY}/{TABLE}/read`; scenario: "
    "`roles`; the workspace is in the first subscription)",
    "the rule: Azure Monitor docs, logs/manage-table-access; the answer: troubleshooting of Azure.Monitor.Query",
    assumed="that a table that may not be read is refused in the same words",
)


def query_workspace(world: World, request: Request) -> Response:
    return _answer(world, request, request.params["workspace"], None)


def query_resource(world: World, request: Request) -> Response:
    return _answer(world, request, "", "/" + request.params["resource"].lower().lstrip("/"))


def _answer(world: World, request: Request, workspace: str, resource: str | None) -> Response:
    scope = resource or f"/subscriptions/{next(iter(world.subscriptions.values())).id}"
    needed = (f"{QUERY}/read", f"{QUERY}/{TABLE}/read")
    if not all(world.access.may(request.client_id, action, scope) for action in needed):
        raise NO_ACCESS.error("The provided credentials have insufficient access to perform the requested operation")
    body = request.json_object()
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise ArmError(400, "BadArgumentError", "The request had some invalid properties: query is missing.")
    now = world.clock.now()
    try:
        query = parse(text, now)
        if query.table != TABLE.lower():
            raise QueryError(f"Failed to resolve table or column expression named '{query.table}'", 1, 0, query.table)
        rows = query.run(_events(world, workspace, resource, body.get("timespan"), now))
    except QueryError as error:
        raise _bad_query(error) from error
    columns = _columns(rows, query.projects)
    table = {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": kind} for name, kind in columns],
        "rows": [[row.get(name) for name, _ in columns] for row in rows],
    }
    return Response(200, {"tables": [table]})


def _events(
    world: World, workspace: str, resource: str | None, timespan: str | None, now: datetime
) -> list[dict[str, Any]]:
    if world.settings.logs == "absent":
        return []
    try:
        start, end = parse_timespan(timespan, now) if timespan else (now - timedelta(days=1), now)
    except FlatError as error:
        raise ArmError(400, "BadArgumentError", error.message) from error
    newest = int(now.timestamp() // 60) - INGESTION_MINUTES
    minutes = range(
        max(world.traffic.first_minute + 5, int(start.timestamp() // 60)),
        min(int(end.timestamp() // 60), newest) + 1,
    )
    events = health_events(world, workspace, minutes) if minutes else []
    return [event for event in events if resource is None or str(event["_ResourceId"]).startswith(resource)]


def _columns(rows: list[Any], projected: tuple[str, ...] | None) -> list[tuple[str, str]]:
    kinds = dict(COLUMNS)
    names = projected if projected is not None else tuple(kinds)
    return [
        (name, kinds.get(name, "long" if rows and isinstance(rows[0].get(name), int) else "string")) for name in names
    ]


def _bad_query(error: QueryError) -> ArmError:
    inner = {
        "code": "SyntaxError",
        "message": f"A recognition error occurred in the query: {error}.",
        "innererror": {
            "code": "SYN0002",
            "message": str(error),
            "line": error.line,
            "pos": error.column,
            "token": error.token,
        },
    }
    return QueryRefused(inner)


class QueryRefused(ArmError):
    """Log Analytics nests its errors as `innererror`."""

    def __init__(self, inner: dict[str, Any]) -> None:
        super().__init__(400, "BadArgumentError", "The request had some invalid properties")
        self._inner = inner

    def body(self) -> Any:
        return {"error": {"code": self.code, "message": self.message, "innererror": self._inner}}


ROUTES = [
    Route("POST", "/v1/workspaces/{workspace}/query", query_workspace),
    Route("POST", "/v1/{resource:path}/query", query_resource),
]
