"""Old rows go, a few clusters a run, and each once a day; what a live gateway hangs on stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.cloud.arm import Arm
from shared.cloud.deadline import Deadline
from shared.cloud.errors import Forbidden, NotFound
from shared.core.incidents.retention import named_resources
from shared.flows import retention
from shared.flows.audit.seal import SealAudit
from shared.flows.retention import Retention
from shared.ids import cluster_key, new_id
from shared.model.audit import AuditLine, ChatPost, OutboxMessage
from shared.model.change import ChangeState
from shared.model.incident import ClusterRecord, IncidentState
from shared.model.probe import ProbeReport
from shared.store.audit import AuditChain
from shared.store.fleet_cache import FleetCache
from shared.store.probes import ProbeReports
from shared.store.records import Put, PutJournal, Records
from shared.store.table import Table
from tests.support.nouns import make_change, make_cluster, make_incident, make_journal
from tests.support.storage import table_at

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
CHANGE = replace(make_change(ChangeState.FIXED), due_at=None)
START = CHANGE.proposed_at
NOW = START + timedelta(days=450)


class FakeArm:
    """Lists these resources in every group, or raises."""

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()
        self.error: Exception | None = None
        self.asked: list[str] = []

    def list(self, path: str, api_version: str) -> Iterator[dict[str, Any]]:
        self.asked.append(path)
        if self.error is not None:
            raise self.error
        return iter([{"id": resource_id} for resource_id in self.ids])


@pytest.fixture
def arm() -> FakeArm:
    return FakeArm()


@pytest.fixture
def reports(storage: str) -> ProbeReports:
    return ProbeReports(table_at(storage, f"p{new_id()}"), None)


@pytest.fixture
def flow(table: Table, records: Records, arm: FakeArm, reports: ProbeReports) -> Retention:
    return Retention(records, AuditChain(table), FleetCache(table), cast(Arm, arm), reports)


def line(number: int, days: int) -> Put:
    return Put(AuditLine(f"a{number}", START + timedelta(days=days), "snatbot", "incident opened", "inc-1"))


@pytest.fixture(autouse=True)
def stored(records: Records, table: Table) -> None:
    """A change with its journal, a cleared incident, audit lines old and new, and a message that was given up.

    The old line was sealed on its day.
    """
    incident = replace(make_incident(), state=IncidentState.CLEARED, cleared_at=START)
    message = OutboxMessage("m1", CLUSTER.name, "slack", "{}", START, None)
    writes = [
        Put(ClusterRecord(CLUSTER.id, CLUSTER.name, judged_until=START)),
        Put(CHANGE),
        Put(incident),
        Put(message),
    ]
    journal = [PutJournal(CHANGE.id, entry) for entry in make_journal()]
    records.commit_in(PARTITION, [*writes, *journal, line(1, 0)])
    SealAudit(AuditChain(table)).run(START + timedelta(days=1))
    records.commit_in(PARTITION, [line(2, 400)])


def test_where_messages_were_posted_is_forgotten_once_they_rest(flow: Retention, records: Records) -> None:
    old = ChatPost("inc-1", "slack", "C1", "1.0", "m1", NOW - timedelta(days=31))
    records.commit_in(PARTITION, [Put(old), Put(replace(old, subject="inc-2", shown_at=NOW - timedelta(days=29)))])
    flow.run(NOW, Deadline(60))
    assert records.chat_post(PARTITION, "slack", "inc-1") is None
    assert records.chat_post(PARTITION, "slack", "inc-2") is not None


def left(records: Records) -> tuple[int, int, int, list[str]]:
    """Changes, journal entries, incidents, and audit lines."""
    changes, journal = records.changes(PARTITION), records.journal(PARTITION, CHANGE.id)
    return len(changes), len(journal), len(records.incidents(PARTITION)), [one.id for one in records.audit(PARTITION)]


def test_what_is_over_goes_when_its_resources_are_gone(flow: Retention, records: Records) -> None:
    flow.run(NOW, Deadline(60))
    assert left(records) == (0, 0, 0, ["a2"])
    assert records.outbox(PARTITION) == ()
    assert records.cluster(CLUSTER.id) is None


@pytest.mark.parametrize(
    "error", [None, Forbidden("GET x", "no"), NotFound("GET x", "no", code="SubscriptionNotFound")]
)
def test_ownership_of_a_gateway_that_may_live_is_kept(
    flow: Retention, records: Records, arm: FakeArm, error: Exception | None
) -> None:
    arm.ids, arm.error = named_resources(CHANGE), error
    flow.run(NOW, Deadline(60))
    changes, journal, incidents, lines = left(records)
    assert changes == 1
    assert journal == len(make_journal()) > 0
    assert incidents == (CHANGE.incident_id is not None)
    assert lines == ["a2"], "audit lines count by age alone"
    assert records.cluster(CLUSTER.id) is not None


def test_a_deleted_resource_group_took_its_resources_with_it(flow: Retention, records: Records, arm: FakeArm) -> None:
    arm.error = NotFound("GET x", "no", code="ResourceGroupNotFound")
    flow.run(NOW, Deadline(60))
    assert records.changes(PARTITION) == ()


def test_it_works_once_a_day(flow: Retention, records: Records, arm: FakeArm) -> None:
    arm.ids = named_resources(CHANGE)
    flow.run(NOW, Deadline(60))
    arm.ids = ()
    flow.run(NOW + timedelta(hours=1), Deadline(60))
    assert len(records.changes(PARTITION)) == 1
    flow.run(NOW + timedelta(days=1), Deadline(60))
    assert records.changes(PARTITION) == ()


def test_a_run_does_little_and_the_next_goes_on(
    flow: Retention, records: Records, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PARTITIONS_A_RUN", 1)
    monkeypatch.setattr(retention, "_AUDIT_LINES_A_RUN", 150)
    others = [f"{number:032d}" for number in range(3)]
    for partition in others:
        records.commit_in(partition, [line(1, 0)])
    SealAudit(AuditChain(table)).run(START + timedelta(days=2))
    pending = [len([1 for partition in others if records.audit(partition)])]
    for _ in range(3):
        flow.run(NOW, Deadline(60))
        pending.append(len([1 for partition in others if records.audit(partition)]))
    assert pending == [3, 2, 1, 0]


def test_without_time_it_does_nothing(flow: Retention, records: Records) -> None:
    before = left(records)
    flow.run(NOW, Deadline(0))
    assert left(records) == before


def test_rows_of_yesterday_stay(flow: Retention, records: Records) -> None:
    before = left(records)
    flow.run(START + timedelta(days=1), Deadline(60))
    assert left(records) == before


def test_a_flood_of_reports_does_not_keep_the_rows_of_other_clusters(
    flow: Retention, reports: ProbeReports, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PROBE_REPORTS_A_RUN", 2)
    flooded = "0" * 32  # before all others
    records.commit_in(flooded, [line(9, 450)])
    at = NOW - timedelta(hours=73)

    def flood(number: int) -> None:
        for each in range(2):
            reports.add(flooded, ProbeReport(f"{number:016x}{each:016x}", "node", "pod", at, at, at))

    for number in range(3):
        flood(number)
        flow.run(NOW, Deadline(60))
    assert left(records)[0] == 0
    flow.run(NOW + timedelta(minutes=1), Deadline(60))
    flow.run(NOW + timedelta(minutes=2), Deadline(60))
    assert reports.newest_since(flooded, START, NOW)[1] == ()


def test_others_are_pruned_first_where_a_flood_takes_all_the_time(
    flow: Retention, reports: ProbeReports, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    flooded, time = "0" * 32, SimpleNamespace(is_over=False)
    records.commit_in(flooded, [line(9, 450)])

    def slow(partition: str, at: datetime, most: int) -> int:
        time.is_over = partition == flooded
        return most if partition == flooded else 0

    monkeypatch.setattr(reports, "delete_before", slow)
    for _ in range(3):
        time.is_over = False
        flow.run(NOW, cast(Deadline, time))
    assert left(records)[0] == 0


def test_reports_of_probes_go_after_three_days_a_part_in_each_run(
    flow: Retention, reports: ProbeReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PROBE_REPORTS_A_RUN", 2)
    for hours in (71, 73, 74, 75):
        at = NOW - timedelta(hours=hours)
        reports.add(PARTITION, ProbeReport(f"{hours:032x}", "node", "pod", at, at, at))
    for left in (2, 1, 1):
        flow.run(NOW, Deadline(60))
        assert len(reports.newest_since(PARTITION, START, NOW)[1]) == left
