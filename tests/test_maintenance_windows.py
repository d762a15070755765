"""When nothing is posted: maintenance windows, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.maintenance_windows import MaintenanceWindows, parse_maintenance
from tests.support.every import every

SATURDAY = datetime(2026, 11, 21, tzinfo=UTC)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return SATURDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_a_window_of_one_night_reaches_into_the_next_day() -> None:
    window = parse_maintenance("sat 22:00-02:00")
    inside = [on(0, 22), on(0, 23, 59), on(1, 0), on(1, 1, 59)]
    outside = [on(0, 21, 59), on(1, 2), on(1, 22), on(-1, 23), on(0, 1)]
    assert [window.holds(at) for at in inside] == [True] * 4
    assert [window.holds(at) for at in outside] == [False] * 5


def test_days_may_be_a_range_or_every_day() -> None:
    working = parse_maintenance("MON-FRI 18:00-18:30")
    assert [working.holds(on(day, 18, 10)) for day in range(7)] == [False, False, True, True, True, True, True]
    weekend = parse_maintenance("sat-mon 18:00-18:30")
    assert [weekend.holds(on(day, 18, 10)) for day in range(7)] == [True, True, True, False, False, False, False]
    daily = parse_maintenance("daily 03:00-03:30")
    assert every(daily.holds(on(day, 3, 29)) and not daily.holds(on(day, 3, 30)) for day in range(7))


def test_a_window_may_be_for_once_in_any_zone() -> None:
    window = parse_maintenance("2026-12-24T18:00Z/2026-12-27T06:00+02:00")
    assert window.holds(datetime(2026, 12, 27, 3, 59, tzinfo=UTC))
    assert not window.holds(datetime(2026, 12, 27, 4, 0, tzinfo=UTC))


def test_several_windows_and_other_zones_of_the_clock() -> None:
    windows = parse_maintenance(" sat 22:00-02:00 ; daily 03:00-03:30;")
    assert windows.holds(on(0, 22)) and windows.holds(on(2, 3))
    assert windows.holds((on(0, 22)).astimezone(timezone(timedelta(hours=9))))
    assert len((windows + parse_maintenance("sun 01:00-02:00")).windows) == 3


@pytest.mark.parametrize("text", ["", "  ", ";"])
def test_no_text_is_no_window(text: str) -> None:
    assert parse_maintenance(text) == MaintenanceWindows()
    assert not MaintenanceWindows().holds(SATURDAY)


@pytest.mark.parametrize(
    "text",
    [
        "saturday night",
        "sat 22:00",
        "sat 25:00-26:00",
        "xyz 22:00-23:00",
        "daily 03:00-03:00",
        "2026-12-24T18:00/2026-12-27T06:00",
        "2026-12-27T06:00Z/2026-12-24T18:00Z",
        "sat 22:00-02:00, sun 22:00-02:00",
    ],
)
def test_what_is_no_window_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a maintenance window; such as 'sat 22:00-02:00'"):
        parse_maintenance(text)


def test_the_next_free_time_is_after_all_windows_that_follow_each_other() -> None:
    windows = parse_maintenance(
        "sat 22:00-02:00; sun 01:00-06:00; daily 06:00-07:30; 2026-11-22T07:30Z/2026-11-24T09:00+02:00"
    )
    assert windows.free_from(on(0, 21, 59)) == on(0, 21, 59)
    assert windows.free_from(on(0, 23)) == on(3, 7, 30), "the end at 7:00 is in another window"
    assert windows.free_from(on(7, 23)) == on(8, 7, 30)
    assert windows.free_from(on(8, 0, 30).astimezone(timezone(timedelta(hours=9)))) == on(8, 7, 30)
    assert MaintenanceWindows().free_from(SATURDAY) == SATURDAY


def test_windows_without_a_gap_are_never_free() -> None:
    assert parse_maintenance("daily 00:00-12:00; daily 12:00-00:00").free_from(on(0, 3)) is None
