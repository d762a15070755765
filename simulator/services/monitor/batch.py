"""`metrics:getBatch`: the metrics of up to 50 resources in one call.

The batch API is a regional host of its own in Azure, `https://{region}.metrics.monitor.azure.com`;
here the region may also be the first segment of the path: `/metrics/{region}/subscriptions/...`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ...clock import ticks_text
from ...errors import ArmError
from ...http import Request, Response
from ...state.metric_source import Target
from ...throttle import BATCH_WINDOW_SECONDS
from ...world import World
from .answer import metric_values
from .common import cost_of, interval_text, lower_names, visibility_of
from .find import find_target
from .query import parse_moment, parse_query, utc_text
from .wrong_batches import spoil

MOST_BATCHED = 50


def get_batch(world: World, request: Request) -> Response:
    """`metrics:getBatch`: up to 50 resources of one subscription, region and type."""
    parameters = lower_names(request)
    subscription = world.subscription(request.params["subscription"])
    _check_allowed(world, request, subscription.id)
    limit, left = world.settings.batch_calls_per_30_seconds, 2999
    if limit:
        left = world.throttle.take_batch(str(request.client_id), world.clock.now().timestamp(), limit)
    targets = _batch_targets(world, request, parameters, subscription.id)
    start, end = _batch_range(parameters, world.clock.now())
    query = parse_query(
        targets[0][0].namespace, targets[0][0].metrics, parameters, start, end, parameters.get("filter")
    )
    visibility, newer = visibility_of(world), request.query.get("api-version", "") >= "2024-02-01"
    values = []
    for target, asked in targets:
        value = metric_values(query, target.emit, visibility, target.resource_id, batch=True, error_codes=not newer)
        body: dict[str, Any] = {} if newer else {"cost": cost_of(query, value)}
        values.append(
            body
            | {
                "starttime": utc_text(query.start),
                "endtime": utc_text(query.end),
                "interval": interval_text(query),
                "value": value,
                "namespace": parameters["metricnamespace"],
                "resourceregion": target.region,
                "resourceid": asked,
            }
        )
    spoil(world, query, visibility, [target for target, _ in targets], values)
    reset = world.clock.now() + timedelta(seconds=BATCH_WINDOW_SECONDS)
    headers = {
        "X-Rate-Limit-Limit": f"{BATCH_WINDOW_SECONDS}s",
        "X-Rate-Limit-Remaining": str(left),
        "X-Rate-Limit-Reset": ticks_text(reset),
    }
    return Response(200, {"values": values}, headers)


def _bad_request(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)


def _check_allowed(world: World, request: Request, subscription_id: str) -> None:
    if world.settings.batch_metrics == "unregistered":
        raise ArmError(
            403,
            "SubscriptionNotRegistered",
            f"The subscription '{subscription_id}' is not registered to use namespace 'Microsoft.Insights'.",
        )
    may = world.access.may(request.client_id, "Microsoft.Insights/metrics/read", f"/subscriptions/{subscription_id}")
    if not may or world.settings.batch_metrics == "forbidden" or world.settings.metrics == "forbidden":
        raise ArmError(
            401,
            "AuthorizationFailed",
            f"The client '{request.client_id}' does not have authorization to perform action "
            f"'Microsoft.Insights/metrics/read' over scope '/subscriptions/{subscription_id}'.",
        )


def _batch_targets(
    world: World, request: Request, parameters: dict[str, str], subscription: str
) -> list[tuple[Target, str]]:
    ids = request.json_object().get("resourceids")
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise _bad_request("The request body must hold a list of resource ids in 'resourceids'.")
    if len(ids) > MOST_BATCHED:
        raise _bad_request(
            f"The number of resource ids in the request is {len(ids)}, the limit is {MOST_BATCHED}.",
        )
    namespace = parameters.get("metricnamespace")
    if not namespace:
        raise _bad_request("The query parameter 'metricnamespace' is required.")
    if not parameters.get("metricnames"):
        raise _bad_request("The query parameter 'metricnames' is required.")
    targets = [(find_target(world, each), each) for each in ids]
    for target, asked in targets:
        if target.namespace.lower() != namespace.lower():
            raise _bad_request(f"Resource {asked} is not of type {namespace}.")
        if asked.lower().split("/")[2] != subscription.lower():
            raise _bad_request(f"Resource {asked} is not in subscription {subscription}.")
        if target.region.lower() != request.params["region"].lower():
            raise _bad_request(
                f"Resource {asked} is in region {target.region}, "
                f"but the request was sent to region {request.params['region']}.",
            )
    return targets


def _batch_range(parameters: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    try:
        end = parse_moment(parameters["endtime"]) if parameters.get("endtime") else now
        start = parse_moment(parameters["starttime"]) if parameters.get("starttime") else end - timedelta(hours=1)
    except ValueError as error:
        raise _bad_request(f"Invalid time: {error}.") from error
    if end < start:
        raise _bad_request(f"starttime {utc_text(start)} is after endtime {utc_text(end)}.")
    return start, end
