"""Retry-After is read in one place, and whatever stands there is a number of seconds that can be reckoned with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.retry_after import LONGEST_SECONDS, UNREADABLE_SECONDS, requested_wait_seconds

pytestmark = pytest.mark.disable_socket
NOW = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": " 7 "}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"Retry-After": "99999999"}, 99_999_999.0),
        ({"Retry-After": "9" * 400}, LONGEST_SECONDS),
        ({"Retry-After": "9" * 5000}, LONGEST_SECONDS),
        ({"Retry-After": "soon"}, UNREADABLE_SECONDS),
        ({"Retry-After": "-4"}, UNREADABLE_SECONDS),
        ({"Retry-After": "nan"}, UNREADABLE_SECONDS),
        ({"Retry-After": "inf"}, UNREADABLE_SECONDS),
        ({"Retry-After": "²"}, UNREADABLE_SECONDS),
        ({"Retry-After": "1_0"}, UNREADABLE_SECONDS),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT", "Date": NOW}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:00 GMT", "Date": NOW}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 9999 10:00:30 GMT", "Date": NOW}, LONGEST_SECONDS),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359", "Date": NOW}, UNREADABLE_SECONDS),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, UNREADABLE_SECONDS),
        ({"x-ms-retry-after-ms": "2500"}, 2.5),
        ({"Retry-After-Ms": "soon"}, UNREADABLE_SECONDS),
        ({"Retry-After": "1", "retry-after-ms": "4000"}, 4.0),
    ],
)
def test_each_way_of_asking_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert requested_wait_seconds(headers) == seconds


@given(st.text(max_size=40) | st.integers().map(str) | st.floats().map(str), st.text(max_size=40))
def test_whatever_is_asked_is_a_wait_that_dates_can_be_reckoned_with(asked: str, date: str) -> None:
    seconds = requested_wait_seconds({"Retry-After": asked, "Date": date})
    assert seconds is None or 0 <= seconds <= LONGEST_SECONDS
    assert datetime(2100, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds or 0)
