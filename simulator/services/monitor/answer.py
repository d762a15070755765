"""Builds the API's answer from recorded series: filter, split, aggregate, order, limit.

Buckets begin at the timespan's first minute and not at full hours; a bucket without data has only a
`timeStamp`; split dimensions come back in lower case and sorted; series beyond `top` are silently dropped (recorded
answers of Microsoft.Insights).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ...noise import unit
from ...state.metric_source import Emit, MetricDefinition, Series
from .query import MetricQuery

Split = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Visibility:
    """The ingested minutes: from `first_minute` until `until` (seconds since 1970).

    Of the connections in state `late_state` only whole minutes until `late_until`.
    """

    first_minute: int
    until: float
    gaps_share: float = 0.0
    late_state: str = ""
    late_until: float = math.inf

    def minutes(self, wanted: range) -> range:
        last = int(-(-self.until // 60))
        return range(max(wanted.start, self.first_minute), max(self.first_minute, min(wanted.stop, last)))

    def share(self, minute: int) -> float:
        """How much of a minute has been ingested."""
        return min(1.0, max(0.0, (self.until - minute * 60) / 60))

    def is_late(self, series: Series, minute: int) -> bool:
        """Whether a minute of this state is still to come though others are there."""
        state = series.dimensions.get("connectionstate", "").lower()
        return self.until > self.late_until and state == self.late_state.lower() and (minute + 1) * 60 > self.late_until


class Summary(NamedTuple):
    """Samples put together: their sum, their number, their extremes."""

    total: float
    samples: int
    minimum: float
    maximum: float

    def value(self, aggregation: str) -> float:
        """`aggregation` in lower case: total, average, minimum, maximum or count."""
        if aggregation == "average":
            return self.total / self.samples
        if aggregation == "count":
            return self.samples
        return float(getattr(self, aggregation))


def summarize(samples: Iterable[float | None]) -> Summary | None:
    """The summary of what is there, or None when nothing is."""
    present = [sample for sample in samples if sample is not None]
    return Summary(sum(present), len(present), min(present), max(present)) if present else None


def metric_values(
    query: MetricQuery, emit: Emit, visibility: Visibility, resource_id: str, *, batch: bool, error_codes: bool
) -> list[dict[str, Any]]:
    """The `value` list: one entry per metric."""
    return [_metric(metric, query, emit, visibility, resource_id, batch, error_codes) for metric in query.metrics]


def _metric(
    metric: MetricDefinition,
    query: MetricQuery,
    emit: Emit,
    visibility: Visibility,
    resource_id: str,
    batch: bool,
    error_codes: bool,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": f"{resource_id}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.display_name},
        "displayDescription": metric.description,
        "unit": metric.unit,
        "timeseries": [],
    }
    if not metric.description:
        del body["displayDescription"]
    aggregations = query.aggregations or (metric.primary_aggregation.lower(),)
    missing = [name for name in aggregations if name.capitalize() not in metric.aggregations]
    if missing:
        body["errorMessage"] = (
            f"Sampling type is not found. Metric:{metric.name}, SamplingType:Nullable{missing[0].capitalize()}."
        )
        body["errorCode"] = "InvalidSamplingType"
        return body
    body["timeseries"] = _timeseries(metric, query, emit, visibility, aggregations, batch)
    if error_codes:
        body["errorCode"] = "Success"
    return body


def bucket_starts(query: MetricQuery) -> list[int]:
    """The first minute of every bucket."""
    first, last = int(query.start.timestamp() // 60), int(query.end.timestamp() // 60)
    step = query.interval_minutes or max(1, last - first)
    return list(range(first, max(last, first + 1), step))


def _timeseries(
    metric: MetricDefinition,
    query: MetricQuery,
    emit: Emit,
    visibility: Visibility,
    aggregations: Sequence[str],
    batch: bool,
) -> list[dict[str, Any]]:
    starts = bucket_starts(query)
    step = query.interval_minutes or max(1, int(query.end.timestamp() // 60) - starts[0])
    minutes = visibility.minutes(range(starts[0], starts[-1] + step))
    if not minutes:
        return []
    series = [each for each in emit(metric.name, minutes) if _wanted(each, query)]
    _leave_out(visibility, series, minutes, metric)
    dimensions = sorted({condition.dimension for condition in query.conditions})
    by_split: dict[Split, list[Series]] = {}
    for each in series:
        key = tuple((name, each.dimensions[name]) for name in dimensions if name in each.dimensions)
        by_split.setdefault(key, []).append(each)
    if not dimensions:
        by_split.setdefault((), [])
    split = {key: _buckets(group, minutes, starts, step) for key, group in by_split.items()}
    ordered = _ordered(split, query)
    cut = ordered[: query.top] if dimensions else ordered
    stamps = [_stamp(start) for start in starts]
    return [
        {"metadatavalues": [{"name": {"value": name, "localizedValue": name}, "value": value} for name, value in key]}
        | ({} if query.metadata_only else {"data": _data(buckets, stamps, aggregations, batch)})
        for key, buckets in cut
    ]


@lru_cache(maxsize=4096)
def _stamp(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:00Z")


def _wanted(series: Series, query: MetricQuery) -> bool:
    held = series.dimensions
    return all(c.dimension not in held or c.allows(held[c.dimension]) for c in query.conditions)


def _leave_out(visibility: Visibility, series: list[Series], minutes: range, metric: MetricDefinition) -> None:
    """Apply what ingestion does: of an amount in the last minute only a part is there; gaps; a state that is late."""
    share = visibility.share(minutes[-1])
    is_apart = visibility.until > visibility.late_until
    if (share >= 1 or not metric.is_counter) and not visibility.gaps_share and not is_apart:
        return
    for i, each in enumerate(series):
        samples = list(each.samples)
        if is_apart:
            samples = [None if visibility.is_late(each, m) else s for m, s in zip(minutes, samples, strict=True)]
        if share < 1 and metric.is_counter and (last := samples[-1]) is not None:
            samples[-1] = round(last * share)
        if visibility.gaps_share:
            names = sorted(each.dimensions.values())
            samples = [
                None if unit("gap", minute, *names) < visibility.gaps_share else sample
                for minute, sample in zip(minutes, samples, strict=True)
            ]
        series[i] = Series(each.dimensions, samples)


def _buckets(series: Sequence[Series], minutes: range, starts: Sequence[int], step: int) -> list[Summary | None]:
    """All samples of some series, put together bucket by bucket."""
    per_minute = list(zip(*(each.samples for each in series), strict=True)) or [()] * len(minutes)
    if step == 1:
        before = minutes.start - starts[0]
        after = len(starts) - before - len(minutes)
        return [None] * before + [summarize(column) for column in per_minute] + [None] * after
    buckets: list[list[float | None]] = [[] for _ in starts]
    for minute, column in zip(minutes, per_minute, strict=True):
        buckets[(minute - starts[0]) // step].extend(column)
    return [summarize(bucket) for bucket in buckets]


def _ordered(split: dict[Split, list[Summary | None]], query: MetricQuery) -> list[tuple[Split, list[Summary | None]]]:
    items = list(split.items())
    if query.order_by is None:
        return items
    name, descending = query.order_by

    def weight(item: tuple[Split, list[Summary | None]]) -> float:
        values = [summary.value(name) for summary in item[1] if summary is not None]
        return sum(values) / (len(values) if name == "average" else 1) if values else 0.0

    return sorted(items, key=weight, reverse=descending)


def _data(
    buckets: Sequence[Summary | None], stamps: Sequence[str], aggregations: Sequence[str], batch: bool
) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = []
    for stamp, summary in zip(stamps, buckets, strict=True):
        point: dict[str, Any] = {"timeStamp": stamp}
        if summary is not None:
            for name in aggregations:
                value = summary.value(name)
                point[name] = int(value) if batch and value == int(value) else value
        data.append(point)
    return data
