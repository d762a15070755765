"""From recorded series to what the API answers: filter, split, aggregate, order, cut.

Buckets begin at the timespan's first minute and not at full hours; a bucket without data has only a
`timeStamp`; split dimensions come back in lower case and sorted; more series than `top` are cut
without a word (recorded answers of Microsoft.Insights).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...noise import unit
from .definitions import MetricDefinition
from .query import MetricQuery
from .series import Sample, Series

Emit = Callable[[str, range], list[Series]]
Split = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Visibility:
    """What has been ingested: minutes from `first_minute` until `until` (seconds since 1970)."""

    first_minute: int
    until: float
    gaps_share: float = 0.0

    def minutes(self, wanted: range) -> range:
        last = int(-(-self.until // 60))
        return range(max(wanted.start, self.first_minute), max(self.first_minute, min(wanted.stop, last)))

    def share(self, minute: int) -> float:
        """How much of a minute has been ingested."""
        return min(1.0, max(0.0, (self.until - minute * 60) / 60))


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
    series = [s for s in emit(metric.name, minutes) if _wanted(s, query)]
    dimensions = sorted({condition.dimension for condition in query.conditions})
    split = _merge(metric, series, dimensions, minutes, starts, step, visibility)
    if not dimensions:
        split = split or {(): [None] * len(starts)}
    ordered = _ordered(split, query)
    cut = ordered[: query.top] if dimensions else ordered
    stamps = [datetime.fromtimestamp(start * 60, UTC).strftime("%Y-%m-%dT%H:%M:00Z") for start in starts]
    return [
        {"metadatavalues": [{"name": {"value": name, "localizedValue": name}, "value": value} for name, value in key]}
        | ({} if query.metadata_only else {"data": _data(samples, stamps, aggregations, batch)})
        for key, samples in cut
    ]


def _wanted(series: Series, query: MetricQuery) -> bool:
    by_name = {name.lower(): value for name, value in series.dimensions.items()}
    return all(c.dimension not in by_name or c.allows(by_name[c.dimension]) for c in query.conditions)


def _merge(
    metric: MetricDefinition,
    series: Sequence[Series],
    dimensions: Sequence[str],
    minutes: range,
    starts: Sequence[int],
    step: int,
    visibility: Visibility,
) -> dict[Split, list[Sample | None]]:
    """Samples per bucket for every combination of the split dimensions."""
    merged: dict[Split, list[Sample | None]] = {}
    partial = visibility.share(minutes[-1])
    for each in series:
        by_name = {name.lower(): value for name, value in each.dimensions.items()}
        key = tuple((name, by_name[name]) for name in dimensions if name in by_name)
        buckets = merged.setdefault(key, [None] * len(starts))
        for minute, sample in zip(minutes, each.samples, strict=True):
            if sample is None or _gap(visibility, each, minute):
                continue
            if partial < 1 and metric.is_counter and minute == minutes[-1]:
                sample = sample.scaled(partial)
            bucket = (minute - starts[0]) // step
            held = buckets[bucket]
            buckets[bucket] = sample if held is None else held + sample
    return merged


def _gap(visibility: Visibility, series: Series, minute: int) -> bool:
    if not visibility.gaps_share:
        return False
    return unit("gap", minute, *sorted(series.dimensions.values())) < visibility.gaps_share


def _ordered(split: dict[Split, list[Sample | None]], query: MetricQuery) -> list[tuple[Split, list[Sample | None]]]:
    items = list(split.items())
    if query.order_by is None:
        return items
    name, descending = query.order_by

    def weight(item: tuple[Split, list[Sample | None]]) -> float:
        whole: Sample | None = None
        for sample in item[1]:
            if sample is not None:
                whole = sample if whole is None else whole + sample
        return whole.value(name) if whole is not None else 0.0

    return sorted(items, key=weight, reverse=descending)


def _data(
    samples: Sequence[Sample | None], stamps: Sequence[str], aggregations: Sequence[str], batch: bool
) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = []
    for stamp, sample in zip(stamps, samples, strict=True):
        point: dict[str, Any] = {"timeStamp": stamp}
        if sample is not None:
            for name in aggregations:
                value = sample.value(name)
                point[name] = int(value) if batch and value == int(value) else value
        data.append(point)
    return data
