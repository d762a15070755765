"""Answers of Azure Monitor, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.model.metric import Window

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
