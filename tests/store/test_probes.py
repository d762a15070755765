"""Reports of probes are read newest first where there are too many, and each once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.model.probe import ProbeReport
from shared.store.probes import ProbeReports
from shared.store.table import Table
from tests.support.nouns import NOW

pytestmark = pytest.mark.azurite
HOUR = NOW - timedelta(hours=1)


@pytest.fixture
def reports(table: Table) -> ProbeReports:
    found = ProbeReports(table, None)
    for minute in range(60):
        at = HOUR + timedelta(minutes=minute)
        found.add("p", ProbeReport(f"{minute:032x}", "n", "p", at, at, at))
    return found


def test_a_report_is_kept_and_read_once(reports: ProbeReports) -> None:
    again = ProbeReport(f"{7:032x}", "n", "p", HOUR, HOUR + timedelta(minutes=7), HOUR)
    assert not reports.add("p", again)
    reports.add("p", ProbeReport(again.id, "n", "p", HOUR, HOUR, HOUR))
    assert len(reports.newest_since("p", HOUR, NOW)[1]) == 60
    assert reports.newest_since("another", HOUR, NOW)[1] == ()


def test_of_too_many_the_newest_are_read_with_the_time_from_which_they_are_all(reports: ProbeReports) -> None:
    since, found = reports.newest_since("p", HOUR, NOW, most=61)
    assert (since, len(found)) == (HOUR, 60)
    since, found = reports.newest_since("p", HOUR, NOW, most=20)
    assert since == NOW - timedelta(minutes=15)
    assert [report.sent_at for report in found] == [since + timedelta(minutes=minute) for minute in range(15)]


def test_old_ones_are_deleted_a_part_at_a_time(reports: ProbeReports) -> None:
    before = HOUR + timedelta(minutes=30)
    assert [reports.delete_before("p", before, most=20) for _ in range(3)] == [20, 10, 0]
    assert len(reports.newest_since("p", HOUR, NOW)[1]) == 30
