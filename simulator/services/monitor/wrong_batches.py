"""Silently wrong batch answers, if a scenario's settings enable them. Undocumented; users report them.

Above a number of time series a batch is a success without any point (opentelemetry-collector-contrib#40078). With four
and more resources points are missing at random (azure-sdk-for-go#22757). One aggregation is zero where a single request
has values (opentelemetry-collector-contrib#48812).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...noise import unit
from ...state.metric_source import Target
from ...world import World
from .answer import Visibility
from .query import MetricQuery

FEWEST_WITH_GAPS = 4


def spoil(
    world: World, query: MetricQuery, visibility: Visibility, targets: Sequence[Target], values: list[dict[str, Any]]
) -> None:
    """Change the rows of an answer (each with its metrics under `value`)."""
    settings, now = world.settings, world.clock.now()
    every = [series for row in values for metric in row["value"] for series in metric["timeseries"]]
    if settings.batch_series_limit and _held(query, visibility, targets) > settings.batch_series_limit:
        for row in values:
            for metric in row["value"]:
                metric["timeseries"] = []
    for number, series in enumerate(every):
        for point in series.get("data", ()):
            name = settings.batch_zero_aggregation
            if name in point:
                point[name] = 0
            share = settings.batch_gaps_share if len(targets) >= FEWEST_WITH_GAPS else 0
            if share and unit("batch", now.isoformat(), str(number), point["timeStamp"]) < share:
                stamp = point["timeStamp"]
                point.clear()
                point["timeStamp"] = stamp


def _held(query: MetricQuery, visibility: Visibility, targets: Sequence[Target]) -> int:
    """All series of the metrics, without the filter: what Azure counts is undocumented."""
    minutes = range(int(query.start.timestamp() // 60), int(query.end.timestamp() // 60))
    seen = visibility.minutes(minutes)
    return sum(len(target.emit(metric.name, seen)) for target in targets for metric in query.metrics) if seen else 0
