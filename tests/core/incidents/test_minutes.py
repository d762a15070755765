"""Each minute counts once, but a failure that arrives late still counts."""

from __future__ import annotations

from dataclasses import replace

from shared.core.incidents.minutes import counted, new_minutes_of
from shared.model.incident import ClusterRecord
from shared.model.reading import Reading, Unmeasured
from shared.model.text import Text
from tests.support.builders import assessment, at, cluster, minutes

NEW = ClusterRecord(cluster().id, "shop-prod")


def after(record: ClusterRecord, reading: Reading) -> ClusterRecord:
    found = assessment(reading)
    return counted(record, None, new_minutes_of(record, None, found), found)


def test_minutes_of_overlapping_windows_count_once() -> None:
    record = after(after(NEW, minutes(0, 5)), minutes(2, 7))
    assert (record.clean_minutes, record.judged_until) == (7, at(7))


def test_a_scan_without_a_measurement_counts_nothing() -> None:
    record = after(NEW, minutes(0, 5))
    assert after(record, Unmeasured(Text("Azure did not answer"))) == record


def test_a_late_tick_changes_nothing() -> None:
    record = after(NEW, minutes(5, 10))
    assert after(record, minutes(0, 5, {2: 9})) == record


def test_a_failure_that_arrives_after_its_minute_was_clean_still_counts() -> None:
    record = after(NEW, minutes(0, 5))
    late = assessment(minutes(1, 6, {3: 9}))
    found = new_minutes_of(record, None, late)
    assert found.failed == (at(3),)
    assert counted(record, None, found, late).clean_minutes == 2, "the minutes after the failure"


def test_clean_minutes_begin_anew_after_a_failure() -> None:
    record = after(replace(NEW, clean_minutes=40, judged_until=at(0)), minutes(0, 5, {1: 3}))
    assert (record.clean_minutes, record.calm_minutes) == (3, 3)
