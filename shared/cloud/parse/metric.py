"""One metric of one resource, as Azure Monitor answers it, alone or in a batch."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ...model.metric import MetricAnswer, Series, Window
from ..errors import MetricUnavailable
from ..translate import from_metric_code
from .fields import Json, field, items, text

METRIC = "metric"


def parse_metric(item: Json, metric: str, aggregation: str, window: Window, top: int | None) -> MetricAnswer:
    """``item`` holds the list of metrics under ``value``. ``top`` is None where no limit was in force (no filter).

    A minute without a value, or with one that is no number, is left out; so is one outside the window. Of two points
    for one minute the later in the answer counts. Raises MetricUnavailable when Azure does not mention this
    metric or says that it failed, and Throttled or Forbidden where it says that this is why.
    """
    found = next((entry for entry in items(item, "value") if _is_named(entry, metric)), None)
    if found is None:
        raise MetricUnavailable(f"metric {metric}", "the answer does not hold it", status=200)
    code = text(found, "errorCode", default="Success")
    if code.lower() != "success":
        message = text(found, "errorMessage", default="no explanation")
        resource_id = text(found, "id").lower().partition("/providers/microsoft.insights/")[0]
        raise from_metric_code(f"metric {metric}", code, message, resource_id)
    series = tuple(_series(entry, aggregation, window) for entry in items(found, "timeseries"))
    return MetricAnswer(series=series, is_truncated=top is not None and len(series) >= top)


def parse_metrics(item: Json, names: str, aggregation: str, window: Window, top: int | None) -> MetricAnswer:
    """As ``parse_metric``, for several metrics with commas between: each series then has the dimension ``metric``.

    Without one of them the others are no answer either. Whether Azure counts ``top`` for each metric or for all
    together isn't documented: either counts as cut off.
    """
    if "," not in names:
        return parse_metric(item, names, aggregation, window, top)
    found = {name: parse_metric(item, name, aggregation, window, top) for name in names.split(",")}
    series = tuple(
        Series({**one.dimensions, METRIC: name}, one.points) for name, answer in found.items() for one in answer.series
    )
    return MetricAnswer(series=series, is_truncated=top is not None and len(series) >= top)


def _is_named(item: Json, metric: str) -> bool:
    return text(item, "name", "value").lower() == metric.lower()


def _series(item: Json, aggregation: str, window: Window) -> Series:
    dimensions = {text(entry, "name", "value").lower(): text(entry, "value") for entry in items(item, "metadatavalues")}
    points: dict[datetime, float] = {}
    for entry in items(item, "data"):
        value = _value(field(entry, aggregation))
        at = None if value is None else _minute(text(entry, "timeStamp"))
        if at is not None and value is not None and window.holds(at):
            points[at] = value
    return Series(dimensions=dimensions, points=tuple(sorted(points.items())))


@lru_cache(maxsize=1024)  # every series of an answer has the same stamps
def _minute(stamp: str) -> datetime | None:
    """Buckets align to the asked start, which is a whole minute; a fraction would be a clock's, not the data's."""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.replace(second=0, microsecond=0)


def _value(answered: Any) -> float | None:
    if answered is None:
        return None
    try:
        value = float(answered)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
