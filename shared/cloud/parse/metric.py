"""One or several metrics of one resource, as Azure Monitor returns them, alone or in a batch.

The bytes are decoded into typed structs, which takes a quarter of the time of plain JSON. Names in another spelling
than documented, and undocumented members, take a slower way to the same structs. A value of another type than
documented is an error of its row, never of the batch.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from ...model.metric import MetricAnswer, Series, Window
from ...model.text import Text
from ..error_mapping import from_metric_code, json_object, json_value
from ..errors import AzureError, MetricUnavailable, UnexpectedAnswer
from ..metric_queries import METRIC, MetricQuery
from .fields import moment, text

T = TypeVar("T")
_Points = tuple[tuple[datetime, float], ...]
LARGEST = 1e12  # connections, ports, packets or percent in a minute
_OWNERS = ("backendipaddress", "node")  # dimensions that name the owner of a series
_METRICS_OF = "/providers/microsoft.insights/"
_NOTHING = msgspec.Raw()


class _Struct(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """Documented members (REST: Metrics - List, Metrics Batch - Batch). Raw members are not read."""


class _Name(_Struct):
    value: str | None = None
    localized_value: msgspec.Raw = _NOTHING


class _Dimension(_Struct):
    name: _Name | None = None
    value: str | None = None


class _Point(_Struct):
    time_stamp: str | None = None
    total: float | None = None
    average: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    count: float | None = None


class _Series(_Struct):
    metadatavalues: msgspec.Raw = msgspec.Raw(b"null")  # list of _Dimension
    data: msgspec.Raw = msgspec.Raw(b"null")  # list of _Point


class _Metric(_Struct):
    id: str | None = None
    type: msgspec.Raw = _NOTHING
    name: _Name | None = None
    display_description: msgspec.Raw = _NOTHING
    unit: msgspec.Raw = _NOTHING
    error_code: str | None = None
    error_message: str | None = None
    timeseries: list[_Series] | None = None


class _Row(_Struct):
    resourceid: str | None = None
    value: list[_Metric] | None = None
    cost: msgspec.Raw = _NOTHING
    timespan: msgspec.Raw = _NOTHING
    starttime: msgspec.Raw = _NOTHING
    endtime: msgspec.Raw = _NOTHING
    interval: msgspec.Raw = _NOTHING
    namespace: msgspec.Raw = _NOTHING
    resourceregion: msgspec.Raw = _NOTHING


class _Rows(_Struct):
    values: list[msgspec.Raw] | None = None


_ROW, _ROWS = msgspec.json.Decoder(_Row), msgspec.json.Decoder(_Rows)
_DIMENSIONS, _POINTS = msgspec.json.Decoder(list[_Dimension] | None), msgspec.json.Decoder(list[_Point] | None)
_STRUCTS = (_Name, _Dimension, _Point, _Series, _Metric, _Row, _Rows)
_DOCUMENTED = {name.lower(): name for struct in _STRUCTS for name in struct.__struct_encode_fields__}
_VALUES = frozenset(_Point.__struct_encode_fields__) - {"timeStamp"}
_NO_NUMBER = -1.0  # as impossible as any other value below zero


def parse_metrics(content: bytes, query: MetricQuery, window: Window) -> MetricAnswer:
    """The answer about one resource. For a query of several metrics each series has the dimension ``metric``.

    Minutes without a value, and minutes outside the window, are left out. An impossible value (no number, NaN,
    negative, or implausibly large) makes its minute unknown. Of two points for one minute the later in the answer
    counts. Raises MetricUnavailable if Azure omits a metric or reports its failure, Throttled or Forbidden if that is
    the reported reason, and UnexpectedAnswer if the answer can't be parsed.
    """
    return _of_row(_decode(_ROW, content, _named(query.metric)), query, window)


def parse_batch(content: bytes, query: MetricQuery, window: Window) -> dict[str, MetricAnswer | AzureError]:
    """As ``parse_metrics``, for each row of a batch, by its resource id in lower case. Rows without id are left out."""
    operation = _named(query.metric)
    found: dict[str, MetricAnswer | AzureError] = {}
    for raw in _decode(_ROWS, content, operation).values or ():
        resource_id = ""
        try:
            row = _decode(_ROW, raw, operation)
            resource_id = _resource_of(row)
            answer: MetricAnswer | AzureError = _of_row(row, query, window)
        except AzureError as error:
            resource_id, answer = resource_id or _resource_of_unreadable(raw), error
        if resource_id:
            found[resource_id] = answer
    return found


def _decode(decoder: msgspec.json.Decoder[T], content: bytes | msgspec.Raw, operation: str) -> T:
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        try:
            plain = _as_documented(json_value(operation, bytes(content)))
            return decoder.decode(msgspec.json.encode(plain))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise UnexpectedAnswer(
                operation, Text("the answer is not as documented: {error}", error=str(error)), status=200
            ) from None


def _as_documented(value: Any) -> Any:
    """With documented spelling of names and without other members; a point's value that is no number is impossible."""
    match value:
        case dict():
            known = {_DOCUMENTED.get(name.lower()): entry for name, entry in value.items()}
            return {
                name: _number(entry) if name in _VALUES else _as_documented(entry)
                for name, entry in known.items()
                if name is not None
            }
        case list():
            return [_as_documented(entry) for entry in value]
        case str():
            return value.encode("utf-8", "replace").decode()
        case bool():
            return value
        case float() | int() if not -(2**63) < value < 2**63:  # NaN too
            return "overflow"
    return value


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if is_number or value is None else _NO_NUMBER


def _resource_of(row: _Row) -> str:
    """From ``resourceid``, else from the first metric's id."""
    metric_id = next((metric.id or "" for metric in row.value or ()), "")
    return row.resourceid.lower() if row.resourceid else metric_id.lower().partition(_METRICS_OF)[0]


def _resource_of_unreadable(raw: msgspec.Raw) -> str:
    try:
        return text(json_object("row", bytes(raw)), "resourceid").lower()
    except UnexpectedAnswer:
        return ""


def _of_row(row: _Row, query: MetricQuery, window: Window) -> MetricAnswer:
    """``top`` counts for each metric in batches; elsewhere that is undocumented, so the total counts as truncated."""
    names = query.metric.split(",")
    bad: dict[str, set[datetime]] = {}
    series: list[Series] = []
    for name in names:
        more = {METRIC: name} if len(names) > 1 else {}
        for entry in _metric(row, name).timeseries or ():
            dimensions = _dimensions(bytes(entry.metadatavalues)) | more
            points, unknown = _points(bytes(entry.data), query.aggregation, window.start, window.end)
            series.append(Series(dimensions, points))
            if unknown:
                bad.setdefault(_owner(dimensions), set()).update(unknown)
    if bad:
        series = [_without(entry, bad.get(_owner(entry.dimensions), set())) for entry in series]
    all_bad = frozenset(at for minutes in bad.values() for at in minutes)
    return MetricAnswer(tuple(series), query.limit is not None and len(series) >= query.limit, all_bad)


def _metric(row: _Row, name: str) -> _Metric:
    """Raises AzureError for a missing or failed metric."""
    for found in row.value or ():
        if found.name is None or (found.name.value or "").lower() != name.lower():
            continue
        if found.error_code and found.error_code.lower() != "success":
            resource_id = (found.id or "").lower().partition(_METRICS_OF)[0]
            message = found.error_message or Text("no explanation")
            raise from_metric_code(_named(name), found.error_code, message, resource_id)
        return found
    raise MetricUnavailable(_named(name), Text("the answer does not hold it"), status=200)


def _named(metric: str) -> Text:
    return Text("metric {metric}", metric=metric)


@lru_cache(maxsize=1024)  # several metrics of a node have the same
def _dimensions(content: bytes) -> dict[str, str]:
    return {
        (dimension.name.value or "").lower() if dimension.name else "": dimension.value or ""
        for dimension in _decode(_DIMENSIONS, content, "metadatavalues") or ()
    }


@lru_cache(maxsize=1024)  # allocated ports are the same for most nodes, and so is the use of an idle protocol
def _points(content: bytes, aggregation: str, start: datetime, end: datetime) -> tuple[_Points, tuple[datetime, ...]]:
    """The points by time, and the minutes with an impossible value."""
    value_of = attrgetter(aggregation.lower())
    known = {
        minute: value
        for point in _decode(_POINTS, content, "data") or ()
        if (value := value_of(point)) is not None and start <= (minute := _minute(point.time_stamp or "")) < end
    }
    bad = tuple(at for at, value in known.items() if not 0 <= value <= LARGEST)
    return tuple(sorted(known.items())), bad


def _owner(dimensions: Mapping[str, str]) -> str:
    return next((dimensions[name] for name in _OWNERS if name in dimensions), "")


def _without(series: Series, bad: set[datetime]) -> Series:
    return replace(series, points=tuple((at, value) for at, value in series.points if at not in bad))


@lru_cache(maxsize=1024)  # all series of an answer have the same stamps
def _minute(stamp: str) -> datetime:
    """Azure aligns points to the query's start, a whole minute, so seconds in a stamp mean nothing."""
    return moment("data", "timeStamp", stamp).replace(second=0, microsecond=0)
