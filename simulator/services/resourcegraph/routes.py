"""`POST /providers/Microsoft.ResourceGraph/resources`.

`resultTruncated` is a string, and is "false" even on pages that have a `$skipToken`; api-versions
before 2020 answer a table (recorded answers).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ...clock import ticks_text
from ...errors import ArmError
from ...http import Request, Response
from ...noise import stable_uuid
from ...routing import Route
from ...state.query_results import Rows
from ...world import World
from ..catalogue import Row, rows
from ..kql import parse
from ..kqltokens import QueryError
from ..subscriptions.wire import group_json, subscription_json

MOST_ROWS = 1000
MOST_BYTES = 16_777_216
"""Of an answer (reported errors, microsoft/ARI#199)."""
DEFAULT_ROWS = 100


def query_resources(world: World, request: Request) -> Response:
    body = request.json_object()
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise _bad_request(world, "InvalidQuery", "Query is missing.")
    options = body.get("options") or {}
    size = min(int(options.get("$top") or DEFAULT_ROWS), MOST_ROWS)
    start, scope = _skip(world, options), _scope(world, body)
    asked = text, frozenset(scope), request.client_id
    found = world.cursors.get(asked) if options.get("$skipToken") else None
    if found is None:
        found = _run(world, text, scope, request.client_id)
    page = [dict(row) for row in found[start : start + size]]
    old = request.query.get("api-version", "9999") < "2020"
    tabular = options.get("resultFormat", "table" if old else "objectArray") == "table"
    answer: dict[str, Any] = {
        "totalRecords": len(found),
        "count": len(page),
        "data": _as_table(page) if tabular else page,
        "facets": [],
        "resultTruncated": "false",
    }
    _check_size(world, page)
    if start + size < len(found):
        world.cursors.keep(asked, found)
        answer["$skipToken"] = _token(start + size, size)
    return Response(200, answer, _QUOTA)


def _check_size(world: World, page: Rows) -> None:
    if (size := len(json.dumps(page))) > MOST_BYTES:
        raise _bad_request(
            world,
            "ResponsePayloadTooLarge",
            f"Response payload size is {size}, and has exceeded the limit of {MOST_BYTES}. Please consider querying "
            "less data at a time and make paginated call if needed.",
        )


def _run(world: World, text: str, scope: set[str], client_id: str | None) -> Rows:
    try:
        query = parse(text, world.clock.now())
        return query.run(_table(world, query.table, scope, client_id))
    except QueryError as error:
        raise _parser_failure(world, error) from error


_QUOTA = {
    "x-ms-ratelimit-remaining-tenant-resource-requests": "14",
    "x-ms-user-quota-remaining": "14",
    "x-ms-user-quota-resets-after": "00:00:05",
}


def _scope(world: World, body: dict[str, Any]) -> set[str]:
    wanted = body.get("subscriptions")
    if not wanted:
        return set(world.subscriptions)
    known = {each.lower() for each in wanted} & set(world.subscriptions)
    if not known:
        raise _bad_request(
            world, "NoValidSubscriptionsInQueryRequest", "There must be at least one subscription that is eligible."
        )
    return known


def _table(world: World, name: str, subscriptions: set[str], client_id: str | None) -> Sequence[Mapping[str, Any]]:
    """A table's rows, of what the caller may read (Azure docs: resource-graph overview, "Permissions")."""
    if name == "resources":
        return [
            ResourceRow(world, row)
            for row in rows(world)
            if row.subscription.lower() in subscriptions and world.access.may(client_id, f"{row.type}/read", row.id)
        ]
    if name == "resourcecontainers":
        groups = [
            body
            for (owner, _), group in world.groups.items()
            if owner in subscriptions and world.access.sees(client_id, (body := group_json(group))["id"])
        ]
        return [_container(world, each) for each in groups] + [
            {
                "id": f"/subscriptions/{each.id}",
                "name": each.name,
                "type": "microsoft.resources/subscriptions",
                "tenantId": each.tenant,
                "subscriptionId": each.id,
                "properties": subscription_json(each),
            }
            for key, each in world.subscriptions.items()
            if key in subscriptions
        ]
    raise QueryError("only the tables resources and resourcecontainers are served", 1, 0, name)


def _container(world: World, group: dict[str, Any]) -> dict[str, Any]:
    subscription = group["id"].split("/")[2]
    return group | {
        "type": "microsoft.resources/subscriptions/resourcegroups",
        "subscriptionId": subscription,
        "resourceGroup": group["name"],
        "tenantId": world.subscription(subscription).tenant,
    }


class ResourceRow(Mapping[str, Any]):
    """A row that renders its resource only if a query reads more than its location and type.

    Most queries want a single type, and rendering is slow.
    """

    def __init__(self, world: World, row: Row) -> None:
        self._world, self._row = world, row

    @cached_property
    def _all(self) -> dict[str, Any]:
        return _columns(self._world, self._row)

    def __getitem__(self, name: str) -> Any:
        if name == "type":
            return self._row.type.lower()
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _columns(world: World, row: Row) -> dict[str, Any]:
    full = row.render()
    return {
        "id": full["id"],
        "name": full["name"],
        "type": row.type.lower(),
        "tenantId": world.subscription(row.subscription).tenant,
        "kind": full.get("kind", ""),
        "location": full.get("location", ""),
        "resourceGroup": row.group.lower(),
        "subscriptionId": row.subscription,
        "managedBy": full.get("managedBy", ""),
        "sku": full.get("sku"),
        "plan": None,
        "properties": full.get("properties"),
        "tags": full.get("tags"),
        "identity": full.get("identity"),
        "zones": full.get("zones"),
        "extendedLocation": None,
    }


def _as_table(page: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(page[0]) if page else []
    kinds = {name: next((_kind(row[name]) for row in page if row.get(name) is not None), "object") for name in names}
    return {
        "columns": [{"name": name, "type": kinds[name]} for name in names],
        "rows": [[row.get(name) for name in names] for row in page],
    }


def _kind(value: Any) -> str:
    return {str: "string", int: "integer", float: "number", bool: "boolean"}.get(type(value), "object")


def _token(skip: int, size: int) -> str:
    return base64.b64encode(json.dumps({"$id": "1", "MaxRows": size, "RowsToSkip": skip}).encode()).decode()


def _skip(world: World, options: dict[str, Any]) -> int:
    token = options.get("$skipToken")
    if not token:
        return int(options.get("$skip") or 0)
    try:
        return int(json.loads(base64.b64decode(token))["RowsToSkip"])
    except (ValueError, KeyError, TypeError):
        raise _bad_request(world, "InvalidSkipToken", "Provided skip token is invalid.") from None


def _bad_request(world: World, code: str, message: str) -> ArmError:
    return _wrapped(world, [{"code": code, "message": message}])


def _parser_failure(world: World, error: QueryError) -> ArmError:
    return _wrapped(
        world,
        [
            {
                "code": "InvalidQuery",
                "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
                "service and fix the error before retrying.",
            },
            {
                "code": "ParserFailure",
                "message": f"ParserFailure: {error}",
                "line": error.line,
                "characterPositionInLine": error.column,
                "token": error.token,
                "expectedToken": "Ǐ",
            },
        ],
    )


def _wrapped(world: World, details: list[dict[str, Any]]) -> ArmError:
    stamp = ticks_text(world.clock.now())
    return ArmError(
        400,
        "BadRequest",
        f"Please provide below info when asking for support: timestamp = {stamp}, "
        f"correlationId = {stable_uuid('correlation', stamp)}.",
        details=details,
        headers=_QUOTA,
    )


ROUTES = [Route("POST", "/providers/Microsoft.ResourceGraph/resources", query_resources)]
