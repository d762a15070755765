"""Which minutes gate and verification judge, and what they add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.core.remediation.measurement import MeasurementPolicy, points, total
from shared.model.metric import Series, Window

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = MeasurementPolicy(ingestion_lag_minutes=2, minutes=3, limit=timedelta(minutes=20))


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def test_the_window_holds_complete_minutes_only() -> None:
    window = POLICY.complete_window(minutes(10.5))
    assert (window.start, window.end) == (minutes(5), minutes(8))


def test_a_window_never_holds_the_minute_of_the_move() -> None:
    assert POLICY.window_since(minutes(0.5), minutes(5)) is None
    window = POLICY.window_since(minutes(0.5), minutes(6))
    assert window is not None
    assert window.start == minutes(1)


def test_only_the_state_and_the_window_count() -> None:
    failed = Series({"connectionstate": "Failed"}, ((minutes(0), 1.0), (minutes(3), 50.0)))
    attempted = Series({"connectionstate": "Attempted"}, ((minutes(1), 7.0),))
    window = Window(minutes(0), minutes(3))
    assert list(points([failed, attempted], window, "failed")) == [(minutes(0), 1.0)]
    assert total([failed, attempted], window) == 8.0
