"""When timers are due: NCRONTAB as in Azure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from devhost.errors import StartError
from devhost.schedule import Schedule

SUNDAY = datetime(2026, 11, 22, 10, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("0 */5 * * * *", "2026-11-22T10:05:00"),
        ("*/5 * * * *", "2026-11-22T10:05:00"),
        ("30 * * * * *", "2026-11-22T10:05:30"),
        ("45 4 10 * * *", "2026-11-22T10:04:45"),
        ("0 30 9 * * 1-5", "2026-11-23T09:30:00"),
        ("0 0 0 * * MON", "2026-11-23T00:00:00"),
        ("0 0 0 1 Jan *", "2027-01-01T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),  # a Friday the 13th: both days must match
    ],
)
def test_the_next_time_is_found(expression: str, due: str) -> None:
    assert Schedule(expression).next_after(SUNDAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_due_time_itself_is_not_next() -> None:
    at = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    assert Schedule("0 */5 * * * *").next_after(at) == at + timedelta(minutes=5)


def test_times_are_in_utc_wherever_one_asks_from() -> None:
    there = SUNDAY.astimezone(timezone(timedelta(hours=9)))
    assert Schedule("0 0 12 * * *").next_after(there) == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["", "every minute", "0 99 * * * *", "00:05:00", "a b c d e f", "* * * * * * *"])
def test_what_is_not_ncrontab_is_refused_with_what_was_given(expression: str) -> None:
    with pytest.raises(StartError, match=f"the schedule '{expression.replace('*', '.')}'"):
        Schedule(expression)
