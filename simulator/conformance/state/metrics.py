"""Resources of any type with the metrics, dimensions and measurements that a recorded answer shows.

The simulator measures load balancers, NAT gateways and clusters; the metrics service is the same for
all types. So a recorded answer about another type is turned back into definitions and series, and
the simulator answers from those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ...services.monitor.query import parse_moment
from ...state.metric_source import MetricDefinition, Series, Target
from ..recording import Exchange
from ..stage import Stage
from .bodies import id_of
from .definitions import definition_of, definitions_in, definitions_in_refusal

_INSIGHTS = re.compile(r"(?P<resource>/.+?)/providers/microsoft\.insights/(?P<what>metric\w+)", re.IGNORECASE)
_VALUES = ("total", "average", "maximum", "minimum", "count")
Body = dict[str, Any]


@dataclass(frozen=True)
class Points:
    """A recorded series: its dimensions, and its values by minute since 1970."""

    dimensions: dict[str, str]
    values: dict[int, float]


@dataclass(frozen=True)
class Shown:
    """A resource's data in an answer; `points` are by metric, in lower case."""

    namespace: str
    metrics: tuple[MetricDefinition, ...] = ()
    region: str = ""
    points: dict[str, list[Points]] = field(default_factory=dict)


def arrange_metrics(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Supply the metrics that the exchange shows, of every resource that it asks about."""
    for resource, shown in _shown(exchange):
        stage.world.metric_sources[resource.lower()] = _target(resource, shown)


def _target(resource: str, shown: Shown) -> Target:
    def emit(metric: str, minutes: range) -> list[Series]:
        return [
            Series(each.dimensions, [each.values.get(minute) for minute in minutes])
            for each in shown.points.get(metric.lower(), [])
        ]

    return Target(resource, shown.namespace, shown.region, shown.metrics, emit)


def _shown(exchange: Exchange) -> Iterator[tuple[str, Shown]]:
    match = _INSIGHTS.fullmatch(exchange.path)
    if match is None:
        if exchange.path.lower().endswith("/metrics:getbatch"):
            yield from _batched(exchange)
        return
    resource, what, body = match["resource"], match["what"].lower(), exchange.body_object
    resource_id = id_of(resource)
    own_type = resource_id.resource_type if resource_id is not None else ""
    if exchange.status == 400:
        yield resource, Shown(own_type, definitions_in_refusal(exchange))
    elif exchange.status in (200, 403) and what == "metrics":
        yield resource, _from_answer(exchange, body, own_type)
    elif exchange.status == 200 and what == "metricdefinitions":
        metrics = definitions_in(body)
        yield resource, Shown(str(next((each["namespace"] for each in body.get("value") or []), own_type)), metrics)
    elif exchange.status == 200 and what == "metricnamespaces":
        yield resource, Shown(own_type)


def _batched(exchange: Exchange) -> Iterator[tuple[str, Shown]]:
    """Each resource of a batch, which the answer lists in the order of the request."""
    asked = exchange.request_body.get("resourceids") if isinstance(exchange.request_body, dict) else None
    answers = exchange.body_object.get("values") or []
    for index, resource in enumerate(asked if isinstance(asked, list) else []):
        answer = answers[index] if index < len(answers) and isinstance(answers[index], dict) else {}
        namespace = exchange.query.get("metricnamespace", "")
        shown = _from_answer(exchange, answer, namespace)
        region = str(answer.get("resourceregion") or exchange.host.partition(".")[0])
        yield str(resource), replace(shown, namespace=namespace, region=region)


def _from_answer(exchange: Exchange, answer: Body, namespace: str) -> Shown:
    values = [each for each in answer.get("value") or [] if isinstance(each, dict)]
    metrics = tuple(definition_of(each, exchange.query) for each in values)
    points = {
        metric.name.lower(): [_points(series) for series in each.get("timeseries") or []]
        for metric, each in zip(metrics, values, strict=True)
    }
    region = str(answer.get("resourceregion") or "")
    return Shown(str(answer.get("namespace") or namespace), metrics, region, points)


def _points(series: Body) -> Points:
    dimensions = {str(each["name"]["value"]).lower(): str(each["value"]) for each in series.get("metadatavalues") or []}
    values = {}
    for point in series.get("data") or []:
        minute = int(parse_moment(str(point["timeStamp"])).timestamp() // 60)
        value = next((point[name] for name in _VALUES if name in point), None)
        if value is not None:
            values[minute] = float(value)
    return Points(dimensions, values)
