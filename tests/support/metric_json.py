"""Answers of Azure Monitor, as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.cloud.metric_queries import MetricQuery
from shared.cloud.parse.metric import parse_metrics
from shared.model.metric import MetricAnswer, Window

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=5))


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def stamp(minute: int) -> str:
    return at(minute).strftime("%Y-%m-%dT%H:%M:%SZ")


def of_backends(**values: tuple[Any, Any]) -> dict[str, Any]:
    """Failed and successful connections of one minute, by backend."""
    series = [
        {
            "metadatavalues": [
                {"name": {"value": "BackendIPAddress"}, "value": backend},
                {"name": {"value": "ConnectionState"}, "value": state},
            ],
            "data": [{"timeStamp": stamp(0), "total": value}],
        }
        for backend, pair in values.items()
        for state, value in zip(("Failed", "Successful"), pair, strict=True)
    ]
    return {"value": [{"name": {"value": "SnatConnectionCount"}, "errorCode": "Success", "timeseries": series}]}


def read(item: Any, names: str, aggregation: str, asked: Window, top: int | None) -> MetricAnswer:
    """The readings from a JSON answer. ``top`` is None without a filter."""
    query = MetricQuery("ns", names, aggregation, None if top is None else "X eq '*'", top or 10)
    return parse_metrics(json.dumps(item).encode(), query, asked)
