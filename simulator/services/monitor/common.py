"""The fields of a metrics answer other than the series: visibility, interval, cost."""

from __future__ import annotations

from typing import Any

from ...http import Request
from ...state.metric_source import TIME_GRAINS
from ...world import World
from .answer import Visibility
from .query import MetricQuery

_INTERVALS = {0: "FULL"} | {minutes: name for name, minutes in TIME_GRAINS.items()}


def visibility_of(world: World) -> Visibility:
    settings = world.settings
    until = world.clock.now().timestamp() - settings.ingestion_lag_seconds
    failed, failed_until = settings.connection_states[1], until - settings.failed_lag_seconds
    return Visibility(world.traffic.first_minute, until, settings.emit_gaps_share, failed, failed_until)


def lower_names(query: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in query.query.items()}


def interval_text(query: MetricQuery) -> str:
    if query.interval_minutes:
        return _INTERVALS[query.interval_minutes]
    minutes = max(1, int((query.end - query.start).total_seconds() // 60))
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def cost_of(query: MetricQuery, value: list[dict[str, Any]]) -> int:
    minutes = int((query.end - query.start).total_seconds() // 60)
    good = sum(1 for metric in value if metric.get("errorCode", "Success") == "Success")
    return max(0, minutes - 1) * good
