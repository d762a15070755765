"""One metric of one resource, as Azure Monitor answers it, alone or in a batch."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from ...model.metric import MetricAnswer, Series, Window
from ..error_mapping import from_metric_code
from ..errors import MetricUnavailable
from .fields import Json, field, items, moment, text

METRIC = "metric"
LARGEST = 1e12  # connections, ports, packets or percent in a minute
_OWNERS = ("backendipaddress", "node")  # dimensions that name a series' owner

_Points = dict[datetime, float]


def parse_metric(item: Json, metric: str, aggregation: str, window: Window, top: int | None) -> MetricAnswer:
    """``item`` holds the list of metrics under ``value``. ``top`` is None where no limit was in force (no filter).

    A minute without a value is left out, and so is one outside the window. A value that can't be (no number, NaN,
    negative, or beyond all measure) makes its minute unknown. Of two points for one minute the later in the answer
    counts. Raises MetricUnavailable when Azure does not mention this metric or says that it failed, Throttled or
    Forbidden where it says that this is why, and UnexpectedAnswer when it can't be read.
    """
    found = next((entry for entry in items(item, "value") if _is_named(entry, metric)), None)
    if found is None:
        raise MetricUnavailable(f"metric {metric}", "the answer does not hold it", status=200)
    code = text(found, "errorCode", default="Success")
    if code.lower() != "success":
        message = text(found, "errorMessage", default="no explanation")
        resource_id = text(found, "id").lower().partition("/providers/microsoft.insights/")[0]
        raise from_metric_code(f"metric {metric}", code, message, resource_id)
    bad: dict[str, set[datetime]] = defaultdict(set)
    read = [_series(entry, aggregation, window, bad) for entry in items(found, "timeseries")]
    series = tuple(Series(dimensions, _known(points, bad.get(_owner(dimensions)))) for dimensions, points in read)
    unknown = frozenset(at for minutes in bad.values() for at in minutes)
    return MetricAnswer(series, top is not None and len(series) >= top, unknown)


def parse_metrics(item: Json, names: str, aggregation: str, window: Window, top: int | None) -> MetricAnswer:
    """As ``parse_metric``, for several metrics with commas between: each series then has the dimension ``metric``.

    Without one of them the others are no answer either. Whether Azure counts ``top`` for each metric or for all
    together isn't documented: either counts as cut off.
    """
    if "," not in names:
        return parse_metric(item, names, aggregation, window, top)
    found = {name: parse_metric(item, name, aggregation, window, top) for name in names.split(",")}
    series = tuple(
        Series({**part.dimensions, METRIC: name}, part.points)
        for name, answer in found.items()
        for part in answer.series
    )
    unknown = frozenset(at for answer in found.values() for at in answer.unknown)
    return MetricAnswer(series, top is not None and len(series) >= top, unknown)


def _is_named(item: Json, metric: str) -> bool:
    return text(item, "name", "value").lower() == metric.lower()


def _series(
    item: Json, aggregation: str, window: Window, bad: dict[str, set[datetime]]
) -> tuple[dict[str, str], _Points]:
    """Dimensions and points. Minutes with a value that can't be are added to ``bad``, under whose they are."""
    dimensions = {text(entry, "name", "value").lower(): text(entry, "value") for entry in items(item, "metadatavalues")}
    points: _Points = {}
    for entry in items(item, "data"):
        value = field(entry, aggregation)
        if value is None:
            continue
        at = _minute(text(entry, "timeStamp"))
        if window.holds(at):
            points[at] = value
            if not _can_be(value):
                bad[_owner(dimensions)].add(at)
    return dimensions, points


def _owner(dimensions: dict[str, str]) -> str:
    return next((dimensions[name] for name in _OWNERS if name in dimensions), "")


def _known(points: _Points, bad: set[datetime] | None) -> tuple[tuple[datetime, float], ...]:
    return tuple(sorted((at, float(value)) for at, value in points.items() if not bad or at not in bad))


@lru_cache(maxsize=1024)  # every series of an answer has the same stamps
def _minute(stamp: str) -> datetime:
    """Azure aligns points to the query's start, a whole minute, so seconds in a stamp mean nothing."""
    return moment("a metric's point", "timeStamp", stamp).replace(second=0, microsecond=0)


def _can_be(value: Any) -> bool:
    """NaN is in no range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST
