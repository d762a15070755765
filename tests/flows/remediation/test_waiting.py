"""How long a change waits: never less than Azure asks, never longer than the limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.flows.remediation.step_result import RECHECK_AFTER, Wait
from shared.flows.remediation.waiting import next_check, not_before, too_long
from shared.model.change import JournalEntry, StepState
from shared.model.text import Text

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("known", "asked_seconds", "expected"),
    [
        (None, 0.0, None),
        (None, 30.0, NOW + timedelta(seconds=30)),
        (NOW + HOUR, 0.0, NOW + HOUR),
        (NOW + HOUR, 30.0, NOW + HOUR),
        (NOW, 30.0, NOW + timedelta(seconds=30)),
    ],
)
def test_the_later_of_two_times_counts(known: datetime | None, asked_seconds: float, expected: datetime | None) -> None:
    assert not_before(known, asked_seconds, NOW) == expected


def test_the_next_check_is_never_more_than_a_minute_away() -> None:
    assert next_check(5, NOW) == NOW + timedelta(seconds=5)
    assert next_check(3600, NOW) == NOW + RECHECK_AFTER


@pytest.mark.parametrize(
    ("waited", "until", "reason"),
    [
        (HOUR - timedelta(seconds=1), None, ""),
        (HOUR, None, "waited 60 minutes: busy"),
        (timedelta(0), NOW + HOUR, ""),
        (timedelta(0), NOW + HOUR + timedelta(seconds=1), "busy; Azure asks for no write before"),
    ],
)
def test_a_step_that_waits_beyond_the_limit_says_why(waited: timedelta, until: datetime | None, reason: str) -> None:
    entry = JournalEntry(0, StepState.STARTED, NOW - waited, NOW)
    found = too_long(entry, Wait(60, Text("busy")), HOUR, until, NOW)
    assert found.startswith(reason) if reason else found == ""
