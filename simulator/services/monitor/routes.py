"""Metrics per resource, metrics in batches, metric definitions and namespaces."""

from __future__ import annotations

from typing import Any

from ...errors import GATEWAY, ArmError
from ...http import Request, Response
from ...noise import stable_uuid
from ...routing import Route
from ...state.metric_source import Target
from ...world import World
from .answer import metric_values
from .batch import get_batch
from .common import cost_of, interval_text, lower_names, visibility_of
from .find import find_target
from .query import bad_request, parse_query, parse_timespan, utc_text

_COUNTER = {"x-ms-ratelimit-remaining-subscription-resource-requests": "999"}


def list_metrics(world: World, request: Request) -> Response:
    target = find_target(world, "/" + request.params["resource"].lstrip("/"))
    _check_allowed(world, request, target, "Microsoft.Insights/metrics/read")
    parameters = lower_names(request)
    namespace = _requested_namespace(target, parameters.get("metricnamespace"))
    start, end = parse_timespan(parameters.get("timespan"), world.clock.now())
    query = parse_query(target.namespace, target.metrics, parameters, start, end, parameters.get("$filter"))
    visibility = visibility_of(world)
    value = metric_values(query, target.emit, visibility, target.resource_id, batch=False, error_codes=True)
    body = {
        "cost": cost_of(query, value),
        "timespan": f"{utc_text(query.start)}/{utc_text(query.end)}",
        "interval": interval_text(query),
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


ROUTES = [
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metrics", list_metrics),
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metricDefinitions", list_definitions),
    Route("GET", "/{resource:path}/providers/Microsoft.Insights/metricNamespaces", list_namespaces),
    Route("POST", "/metrics/{region}/subscriptions/{subscription}/metrics:getBatch", get_batch),
]
