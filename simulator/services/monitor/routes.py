"""Metrics per resource, metrics in batches, metric definitions and namespaces.

The batch API is a regional host of its own in Azure, `https://{region}.metrics.monitor.azure.com`;
here the region may also be the first segment of the path: `/metrics/{region}/subscriptions/...`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import GATEWAY, ArmError, resource_not_found
from ...http import Request, Response, Route
from ...noise import stable_uuid
from ...resourceid import ResourceId, parse
from ...throttle import BATCH_WINDOW_SECONDS
from .answer import Emit, Visibility, metric_values
from .definitions import DEFINITIONS, LOAD_BALANCERS, MANAGED_CLUSTERS, NAT_GATEWAYS, TIME_GRAINS
from .loadbalancer import load_balancer_series
from .managedcluster import managed_cluster_series
from .natgateway import nat_gateway_series
from .query import MetricQuery, bad_request, parse_moment, parse_query, parse_timespan, utc_text
from .target import Target

if TYPE_CHECKING:
    from ...world import World

MOST_BATCHED = 50
_COUNTER = {"x-ms-ratelimit-remaining-subscription-resource-requests": "999"}
_INTERVALS = {0: "FULL"} | {minutes: name for name, minutes in TIME_GRAINS.items()}


def find_target(world: World, text: str) -> Target:
    """The resource with this id, or 404 as Resource Manager says it."""
    supplied = world.metric_sources.get(text.rstrip("/").lower())
    if supplied is not None:
        return supplied
    try:
        resource_id = parse(text)
    except ValueError:
        raise ArmError(
            400, "InvalidResourceId", f"'{text}' is not a resource id; /subscriptions/... is expected."
        ) from None
    world.group(resource_id.subscription, resource_id.group)
    finder = _FINDERS.get(resource_id.resource_type.lower())
    target = finder(world, resource_id) if finder is not None else None
    if target is None:
        raise resource_not_found(resource_id.resource_type, resource_id.name, resource_id.group)
    return target


def _target(resource_id: str, namespace: str, region: str, emit: Emit) -> Target:
    return Target(resource_id, namespace, region, DEFINITIONS[namespace.lower()][1], emit)


def _load_balancer(world: World, resource_id: ResourceId) -> Target | None:
    cluster = world.load_balancers.get(resource_id.key)
    if cluster is None:
        return None
    emit = partial(load_balancer_series, world, cluster)
    return _target(cluster.load_balancer_id, LOAD_BALANCERS, cluster.location, emit)


def _nat_gateway(world: World, resource_id: ResourceId) -> Target | None:
    gateway = world.network.get(resource_id)
    if gateway is None:
        return None
    emit = partial(nat_gateway_series, world, gateway.key)
    return _target(str(gateway.id), NAT_GATEWAYS, str(gateway.top.get("location", "")), emit)


def _managed_cluster(world: World, resource_id: ResourceId) -> Target | None:
    cluster = world.clusters.get(resource_id.key)
    if cluster is None:
        return None
    emit = partial(managed_cluster_series, world, cluster)
    return _target(str(resource_id), MANAGED_CLUSTERS, cluster.location, emit)


_FINDERS: dict[str, Callable[[World, ResourceId], Target | None]] = {
    LOAD_BALANCERS.lower(): _load_balancer,
    NAT_GATEWAYS.lower(): _nat_gateway,
    MANAGED_CLUSTERS.lower(): _managed_cluster,
}


def _visibility(world: World) -> Visibility:
    settings = world.settings
    until = world.clock.now().timestamp() - settings.ingestion_lag_seconds
    return Visibility(world.traffic.first_minute, until, settings.emit_gaps_share)


def _lower(query: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in query.query.items()}


def _interval_text(query: MetricQuery) -> str:
    if query.interval_minutes:
        return _INTERVALS[query.interval_minutes]
    minutes = max(1, int((query.end - query.start).total_seconds() // 60))
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def _cost(query: MetricQuery, value: list[dict[str, Any]]) -> int:
    minutes = int((query.end - query.start).total_seconds() // 60)
    good = sum(1 for metric in value if metric.get("errorCode", "Success") == "Success")
    return max(0, minutes - 1) * good


def list_metrics(world: World, request: Request) -> Response:
    target = find_target(world, "/" + request.params["resource"].lstrip("/"))
    _check_allowed(world, request, target, "Microsoft.Insights/metrics/read")
    parameters = _lower(request)
    namespace = _requested_namespace(target, parameters.get("metricnamespace"))
    start, end = parse_timespan(parameters.get("timespan"), world.clock.now())
    query = parse_query(target.namespace, target.metrics, parameters, start, end, parameters.get("$filter"))
    visibility = _visibility(world)
    value = metric_values(query, target.emit, visibility, target.resource_id, batch=False, error_codes=True)
    body = {
        "cost": _cost(query, value),
        "timespan": f"{utc_text(query.start)}/{utc_text(query.end)}",
        "interval": _interval_text(query),
        "value": value,
        "namespace": namespace,
        "resourceregion": target.region,
    }
    return Response(200, body, _COUNTER)


def _check_allowed(world: World, request: Request, target: Target, action: str) -> None:
    if world.settings.metrics == "forbidden":
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{request.client_id}' with object id '{stable_uuid('object', request.client_id)}' does not "
            f"have authorization to perform action '{action}' over scope "
            f"'{target.resource_id}/providers/Microsoft.Insights' or the scope is invalid. If access was recently "
            "granted, please refresh your credentials.",
            headers=GATEWAY,
        )


def _requested_namespace(target: Target, asked: str | None) -> str:
    if asked and asked.lower() != target.namespace.lower():
        raise bad_request(
            f"Metric namespace: {asked} is not valid for resource {target.resource_id}, "
            f"supported ones are: {target.namespace}"
        )
    return asked or target.namespace


def list_definitions(world: World, request: Request) -> Response:
    target = find_target(world, "/" + request.params["resource"].lstrip("/"))
    value = []
    for metric in target.metrics:
        body: dict[str, Any] = {
            "id": f"{target.resource_id}/providers/microsoft.insights/metricdefinitions/{metric.name}",
            "resourceId": target.resource_id,
            "namespace": target.namespace,
            "name": {"value": metric.name, "localizedValue": metric.display_name},
            "displayDescription": metric.description,
            "isDimensionRequired": metric.dimension_required,
            "unit": metric.unit,
            "primaryAggregationType": metric.primary_aggregation,
            "supportedAggregationTypes": list(metric.aggregations),
            "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in metric.grains],
        }
        if metric.category:
            body["category"] = metric.category
        if metric.dimensions:
            body["dimensions"] = [{"value": name, "localizedValue": name} for name in metric.dimensions]
        value.append(body)
    return Response(200, {"value": value}, _COUNTER)


def list_namespaces(world: World, request: Request) -> Response:
    target = find_target(world, "/" + request.params["resource"].lstrip("/"))
    name = target.namespace.lower().replace("/", "-")
    return Response(
        200,
        {
            "value": [
                {
                    "id": f"{target.resource_id}/providers/microsoft.insights/metricNamespaces/{name}",
                    "name": name,
                    "type": "Microsoft.Insights/metricNamespaces",
                    "classification": "Platform",
                    "properties": {"metricNamespaceName": target.namespace.lower()},
                }
            ]
        },
    )


def get_batch(world: World, request: Request) -> Response:
    """`metrics:getBatch`: up to 50 resources of one subscription, region and type."""
    parameters = _lower(request)
    subscription = world.subscription(request.params["subscription"])
    if world.settings.batch_metrics == "unregistered":
        raise ArmError(
            403,
            "SubscriptionNotRegistered",
            f"The subscription '{subscription.id}' is not registered to use namespace 'Microsoft.Insights'.",
        )
    may = world.access.may(request.client_id, "Microsoft.Insights/metrics/read", f"/subscriptions/{subscription.id}")
    if not may or world.settings.batch_metrics == "forbidden" or world.settings.metrics == "forbidden":
        raise ArmError(
            401,
            "AuthorizationFailed",
            f"The client '{request.client_id}' does not have authorization to perform action "
            f"'Microsoft.Insights/metrics/read' over scope '/subscriptions/{subscription.id}'.",
        )
    limit, left = world.settings.batch_calls_per_30_seconds, 2999
    if limit:
        left = world.throttle.take_batch(str(request.client_id), world.clock.now().timestamp(), limit)
    targets = _batch_targets(world, request, parameters, subscription.id)
    start, end = _batch_range(parameters, world.clock.now())
    query = parse_query(
        targets[0][0].namespace, targets[0][0].metrics, parameters, start, end, parameters.get("filter")
    )
    visibility, newer = _visibility(world), request.query.get("api-version", "") >= "2024-02-01"
    values = []
    for target, asked in targets:
        value = metric_values(query, target.emit, visibility, target.resource_id, batch=True, error_codes=not newer)
        body: dict[str, Any] = {} if newer else {"cost": _cost(query, value)}
        values.append(
            body
            | {
                "starttime": utc_text(query.start),
                "endtime": utc_text(query.end),
                "interval": _interval_text(query),
                "value": value,
                "namespace": parameters["metricnamespace"],
                "resourceregion": target.region,
                "resourceid": asked,
            }
        )
    reset = world.clock.now() + timedelta(seconds=BATCH_WINDOW_SECONDS)
    headers = {
        "X-Rate-Limit-Limit": f"{BATCH_WINDOW_SECONDS}s",
        "X-Rate-Limit-Remaining": str(left),
        "X-Rate-Limit-Reset": reset.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
    }
    return Response(200, {"values": values}, headers)


def _batch_targets(
    world: World, request: Request, parameters: dict[str, str], subscription: str
) -> list[tuple[Target, str]]:
    ids = request.json_object().get("resourceids")
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise ArmError(400, "BadRequest", "The request body must hold a list of resource ids in 'resourceids'.")
    if len(ids) > MOST_BATCHED:
        raise ArmError(
            400,
            "BadRequest",
            f"The number of resource ids in the request is {len(ids)}, the limit is {MOST_BATCHED}.",
        )
    namespace = parameters.get("metricnamespace")
    if not namespace:
        raise ArmError(400, "BadRequest", "The query parameter 'metricnamespace' is required.")
    if not parameters.get("metricnames"):
        raise ArmError(400, "BadRequest", "The query parameter 'metricnames' is required.")
    targets = [(find_target(world, each), each) for each in ids]
    for target, asked in targets:
        if target.namespace.lower() != namespace.lower():
            raise ArmError(400, "BadRequest", f"Resource {asked} is not of type {namespace}.")
        if asked.lower().split("/")[2] != subscription.lower():
            raise ArmError(400, "BadRequest", f"Resource {asked} is not in subscription {subscription}.")
        if target.region.lower() != request.params["region"].lower():
            raise ArmError(
                400,
                "BadRequest",
                f"Resource {asked} is in region {target.region}, "
                f"but the request was sent to region {request.params['region']}.",
            )
    return targets


def _batch_range(parameters: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    try:
        end = parse_moment(parameters["endtime"]) if parameters.get("endtime") else now
        start = parse_moment(parameters["starttime"]) if parameters.get("starttime") else end - timedelta(hours=1)
    except ValueError as error:
        raise ArmError(400, "BadRequest", f"Invalid time: {error}.") from error
    if end < start:
        raise ArmError(400, "BadRequest", f"starttime {utc_text(start)} is after endtime {utc_text(end)}.")
    return start, end


ROUTES = [
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metrics", list_metrics),
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metricDefinitions", list_definitions),
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metricNamespaces", list_namespaces),
    Route("POST", "/metrics/{region}/subscriptions/{subscription}/metrics:getBatch", get_batch),
]
