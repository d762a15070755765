"""Reading subscriptions, tenants, resource groups, and all resources of a scope."""

from __future__ import annotations

import re
from typing import Any

from ...errors import ArmError
from ...http import Request, Response
from ...refusal import declare
from ...routing import Route
from ...world import World
from ..catalogue import Row, rows
from ..network.refusals import LOCATION_REQUIRED
from ..paging import list_page
from .wire import group_json, subscription_json, tenant_json

GROUP_LOCATION = declare(
    409,
    "InvalidResourceGroupLocation",
    "a resource group is written that is there already, in another region",
    "Azure docs: common-deployment-errors",
    assumed="status",
)


def list_subscriptions(world: World, request: Request) -> Response:
    """The subscriptions for which the caller has a role, at any level."""
    value = [
        subscription_json(each)
        for each in world.subscriptions.values()
        if world.access.sees(request.client_id, f"/subscriptions/{each.id}")
    ]
    return Response(200, {"value": value, "count": {"type": "Total", "value": len(value)}})


def get_subscription(world: World, request: Request) -> Response:
    return Response(200, subscription_json(world.subscription(request.params["subscription"])))


def list_tenants(world: World, _request: Request) -> Response:
    tenants = sorted({each.tenant for each in world.subscriptions.values()})
    return Response(200, {"value": [tenant_json(each) for each in tenants]})


def list_groups(world: World, request: Request) -> Response:
    subscription = world.subscription(request.params["subscription"])
    found = [
        group
        for (owner, _), group in world.groups.items()
        if owner == subscription.id.lower()
        and world.access.sees(request.client_id, f"/subscriptions/{subscription.id}/resourceGroups/{group.name}")
    ]
    return list_page(request, found, group_json)


def get_group(world: World, request: Request) -> Response:
    return Response(200, group_json(world.group(request.params["subscription"], request.params["group"])))


def put_group(world: World, request: Request) -> Response:
    """Create a resource group, or write the tags of an existing group."""
    subscription, name = world.subscription(request.params["subscription"]), request.params["group"]
    body = request.json_object()
    key = (subscription.id.lower(), name.lower())
    there = world.groups.get(key)
    location = str(body.get("location", "")).replace(" ", "").lower()
    if not location:
        raise LOCATION_REQUIRED.error("The location property is required for this definition.", details=None)
    if there is not None and there.location != location:
        raise GROUP_LOCATION.error(
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{there.location}'.",
            details=None,
        )
    tags = {name: str(value) for name, value in (body.get("tags") or {}).items()}
    group = world.make_group(subscription.id, name, location)
    group.tags = tags
    return Response(200 if there is not None else 201, group_json(group))


_TYPE_FILTER = re.compile(r"\s*resourceType\s+eq\s+'([^']+)'\s*", re.IGNORECASE)


def list_resources(world: World, request: Request) -> Response:
    """All tracked resources of a subscription or group; `$filter=resourceType eq '...'` is understood."""
    subscription, group = world.scope(request.params)
    wanted = None
    if "$filter" in request.query:
        match = _TYPE_FILTER.fullmatch(request.query["$filter"])
        if match is None:
            raise ArmError(
                400,
                "InvalidFilterInQueryString",
                f"Invalid $filter '{request.query['$filter']}' specified in the query string; "
                "here only resourceType eq '...' is served.",
            )
        wanted = match[1].lower()
    found = [
        row
        for row in rows(world)
        if row.subscription.lower() == subscription.lower()
        and (group is None or row.group.lower() == group.lower())
        and (wanted is None or row.type.lower() == wanted)
        and world.access.may(request.client_id, f"{row.type}/read", row.id)
    ]
    return list_page(request, found, _generic_json)


def _generic_json(row: Row) -> dict[str, Any]:
    shown = ("id", "name", "type", "location", "tags", "sku", "zones")
    return {key: value for key, value in row.render().items() if key in shown}


_SUBSCRIPTION = "/subscriptions/{subscription}"
ROUTES = [
    Route("GET", "/subscriptions", list_subscriptions),
    Route("GET", "/tenants", list_tenants),
    Route("GET", _SUBSCRIPTION, get_subscription),
    Route("GET", f"{_SUBSCRIPTION}/resourceGroups", list_groups),
    Route("GET", f"{_SUBSCRIPTION}/resourceGroups/{{group}}", get_group),
    Route("PUT", f"{_SUBSCRIPTION}/resourceGroups/{{group}}", put_group),
    Route("GET", f"{_SUBSCRIPTION}/resources", list_resources),
    Route("GET", f"{_SUBSCRIPTION}/resourceGroups/{{group}}/resources", list_resources),
]
