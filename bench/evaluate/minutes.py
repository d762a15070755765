"""Whole minutes since 1970, in which an evaluation counts."""

from __future__ import annotations

from datetime import UTC, datetime


def at_minute(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp() // 60)
