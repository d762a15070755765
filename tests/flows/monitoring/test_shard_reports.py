"""What workers reported of shards: only recent reports of scans that ended count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import SnatbotError
from shared.flows.monitoring.shard_reports import ShardReports, error_text
from shared.model.tally import Effort, ShardReport, Tally
from shared.model.text import Text
from shared.store.fleet_cache import FleetCache
from shared.store.table import Table
from tests.support.builders import at, cluster
from tests.support.fakes import watched

SHARDS = {"k": watched(cluster(name="a"), cluster(name="b"))}
REPORT = ShardReport(at(10), "t10", Tally(clusters=2, measured=2), Effort(requests=4))


@pytest.fixture
def reports(table: Table) -> ShardReports:
    return ShardReports(FleetCache(table), timedelta(minutes=7))


def test_a_recent_report_counts_and_an_old_or_missing_one_is_not_reached(reports: ShardReports) -> None:
    assert reports.total(SHARDS, at(10))[0].not_reached == 2
    reports.write("k", REPORT)
    assert reports.total(SHARDS, at(17)) == (REPORT.tally, REPORT.effort, ())
    assert reports.total(SHARDS, at(18))[0].not_reached == 2


def test_a_report_from_a_clock_that_is_ahead_counts_for_nothing(reports: ShardReports) -> None:
    reports.write("k", REPORT)
    assert reports.is_scanned("k", "t10", at(8))
    assert not reports.is_scanned("k", "t10", at(7))
    assert reports.total(SHARDS, at(7))[0].not_reached == 2


def test_a_shard_is_scanned_once_for_a_tick_and_not_for_an_older_one(reports: ShardReports) -> None:
    assert not reports.is_scanned("k", "t10", at(10))
    reports.write("k", REPORT)
    assert [reports.is_scanned("k", tick, at(10)) for tick in ("t09", "t10", "t11")] == [True, True, False]


def test_a_scan_that_raised_stands_beside_the_last_report(reports: ShardReports) -> None:
    reports.write("k", REPORT)
    reports.write_raised("k", SnatbotError(Text("no role")), at(11))
    tally, _, raised = reports.total(SHARDS, at(11))
    assert (tally.measured, raised) == (2, ("the last look ended with an error, SnatbotError: no role",))
    reports.write_raised("new", SnatbotError(Text("no role")), at(11))
    assert reports.total({"new": SHARDS["k"]}, at(11))[0].not_reached == 2, "none has ended yet"


def test_words_of_other_errors_are_for_the_log() -> None:
    assert error_text(KeyError("a secret")) == "the last look ended with an error, KeyError"
