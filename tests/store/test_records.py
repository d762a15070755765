"""Records come back as they went in, and a transition is written whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.core.planning.digest import digest
from shared.ids import cluster_key
from shared.model.audit import AuditLine, OutboxMessage
from shared.model.change import Change, ChangeState
from shared.model.incident import ClusterRecord
from shared.model.text import verbatim
from shared.store.codec import SCHEMA
from shared.store.errors import StoreConflict, StoreError, StoreRefused
from shared.store.records import Put, PutJournal, Records
from shared.store.table import Table
from tests.support.nouns import make_advice, make_change, make_cluster, make_incident, make_journal, make_plan

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
AT = datetime(2026, 11, 22, 19, 5, 7, 123456, tzinfo=UTC)
RECORD = ClusterRecord(
    CLUSTER.id,
    CLUSTER.name,
    judged_until=AT,
    clean_minutes=3,
    incident_id="inc-7f3a",
    change_id="chg-19c2",
    silenced_until=AT,
    silenced_by="Maria Ortega",
)


def outbox(number: int = 0, due_at: datetime | None = AT) -> OutboxMessage:
    return OutboxMessage(
        f"m{number}", CLUSTER.name, "slack", '{"title": "é – 🔥"}', AT + timedelta(microseconds=number), due_at
    )


def audit(number: int = 0) -> AuditLine:
    return AuditLine(f"a{number}", AT + timedelta(seconds=number), "snatbot", "incident opened", "inc-7f3a", "detail")


# --- round trips ---


def test_a_clusters_record_comes_back_under_its_id_in_any_case(records: Records) -> None:
    assert records.cluster(CLUSTER.id) is None
    records.commit(CLUSTER.id, [Put(RECORD)])
    stored = records.cluster(CLUSTER.id.upper())
    assert stored is not None
    assert stored.value == RECORD


def test_an_incident_comes_back(records: Records) -> None:
    incident = make_incident()
    records.commit(CLUSTER.id, [Put(incident)])
    stored = records.incident(CLUSTER.id, incident.id)
    assert stored is not None
    assert stored.value == incident
    assert records.incidents(PARTITION) == (incident,)
    assert records.incident(CLUSTER.id, "other") is None


@pytest.mark.parametrize("state", ChangeState)
def test_a_change_in_every_state_comes_back_with_its_plan(records: Records, state: ChangeState) -> None:
    change = replace(make_change(state), applied_at=AT, verify_from=AT, due_at=AT)
    records.commit(CLUSTER.id, [Put(change)])
    stored = records.change(PARTITION, change.id)
    assert stored is not None
    assert stored.value == change
    plan = stored.value.plan
    assert digest(plan) == digest(change.plan)


def test_an_advice_without_steps_comes_back(records: Records) -> None:
    change = make_change(plan=make_advice())
    records.commit(CLUSTER.id, [Put(change)])
    assert records.changes(PARTITION) == (change,)


@pytest.mark.parametrize("character", ["x", "é", "🔥"])
def test_a_plan_larger_than_a_column_comes_back(records: Records, character: str) -> None:
    """Azure Tables: 32 K characters of UTF-16 in a string, and an emoji is two."""
    notes = (character * 40_000, character * 30_000, "end")
    change = make_change(plan=replace(make_plan(), notes=tuple(map(verbatim, notes))))
    records.commit(CLUSTER.id, [Put(change)])
    stored = records.change(PARTITION, change.id)
    assert stored is not None
    assert stored.value == change


def test_a_record_that_shrinks_leaves_nothing_of_its_longer_self(records: Records) -> None:
    long = make_change(plan=replace(make_plan(), notes=(verbatim("x" * 90_000),)))
    records.commit(CLUSTER.id, [Put(long)])
    stored = records.change(PARTITION, long.id)
    assert stored is not None
    records.commit(CLUSTER.id, [Put(make_change(), stored.etag)])
    assert records.changes(PARTITION) == (make_change(),)


def test_unknown_properties_of_a_subnet_come_back_as_they_were(records: Records) -> None:
    entry = replace(
        make_journal()[0],
        before={"future": {"deep": [1, 2.5, None, True, "é"]}, "ready": 12},
        after={},
    )
    records.commit(CLUSTER.id, [PutJournal("chg-19c2", entry)])
    assert records.journal(PARTITION, "chg-19c2")[0].value == entry


def test_a_journal_is_by_step_and_of_one_change_only(records: Records) -> None:
    journal = make_journal()
    records.commit(CLUSTER.id, [PutJournal("chg-1", entry) for entry in journal])
    records.commit(CLUSTER.id, [PutJournal("chg-10", journal[0])])
    found = records.journal(PARTITION, "chg-1")
    assert {step: stored.value for step, stored in found.items()} == {entry.step: entry for entry in journal}
    assert records.journal(PARTITION, "chg-2") == {}


def test_audit_and_outbox_come_back_oldest_first(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(audit(number)) for number in (2, 0, 1)])
    records.commit(CLUSTER.id, [Put(outbox(number)) for number in (2, 0, 1)])
    assert [line.id for line in records.audit(PARTITION)] == ["a0", "a1", "a2"]
    assert [row.value for row in records.outbox(PARTITION)] == [outbox(0), outbox(1), outbox(2)]


def test_clusters_do_not_see_each_others_records(records: Records) -> None:
    other = make_cluster(name="shop-test")
    records.commit(CLUSTER.id, [Put(outbox())])
    assert records.outbox(cluster_key(other.id)) == ()
    assert records.cluster(other.id) is None


def test_a_delivered_message_is_gone_and_deleting_it_again_is_no_error(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(outbox(0)), Put(outbox(1))])
    for _ in range(2):
        records.delete_outbox(PARTITION, outbox(0))
    assert [row.value.id for row in records.outbox(PARTITION)] == ["m1"]


# --- one transaction a transition ---


def test_a_row_that_exists_already_refuses_the_whole_transaction(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(RECORD)])
    with pytest.raises(StoreConflict):
        records.commit(CLUSTER.id, [Put(audit()), Put(outbox()), Put(RECORD)])
    assert records.audit(PARTITION) == ()
    assert records.outbox(PARTITION) == ()


def test_a_stale_etag_refuses_the_whole_transaction(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(RECORD)])
    first = records.cluster(CLUSTER.id)
    assert first is not None
    records.commit(CLUSTER.id, [Put(replace(RECORD, clean_minutes=4), first.etag)])
    with pytest.raises(StoreConflict):
        records.commit(CLUSTER.id, [Put(audit()), Put(replace(RECORD, clean_minutes=9), first.etag)])
    stored = records.cluster(CLUSTER.id)
    assert stored is not None
    assert stored.value.clean_minutes == 4
    assert records.audit(PARTITION) == ()


def test_a_row_that_was_deleted_in_between_refuses_the_whole_transaction(records: Records) -> None:
    """As when another worker delivered the message: that is a conflict, not a failure of storage."""
    records.commit(CLUSTER.id, [Put(outbox())])
    (row,) = records.outbox(PARTITION)
    records.delete_outbox(PARTITION, row.value)
    with pytest.raises(StoreConflict):
        records.commit(CLUSTER.id, [Put(audit()), Put(row.value, row.etag)])
    assert records.audit(PARTITION) == ()


def test_of_sixteen_racing_writers_one_wins_and_the_losers_leave_no_row(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(RECORD)])
    stored = records.cluster(CLUSTER.id)
    assert stored is not None

    def write(number: int) -> bool:
        changed = replace(RECORD, silenced_by=f"writer {number}")
        try:
            records.commit(CLUSTER.id, [Put(changed, stored.etag), Put(audit(number)), Put(outbox(number))])
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = [number for number, has_won in enumerate(pool.map(write, range(16))) if has_won]
    assert len(won) == 1
    assert [line.id for line in records.audit(PARTITION)] == [f"a{won[0]}"]
    assert [row.value.id for row in records.outbox(PARTITION)] == [f"m{won[0]}"]
    after = records.cluster(CLUSTER.id)
    assert after is not None
    assert after.value.silenced_by == f"writer {won[0]}"


def test_of_sixteen_racing_creators_one_wins(records: Records) -> None:
    def create(number: int) -> bool:
        try:
            records.commit(CLUSTER.id, [Put(RECORD), Put(audit(number))])
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(create, range(16))) == 1
    assert len(records.audit(PARTITION)) == 1


def test_a_record_that_storage_does_not_take_is_no_outage(records: Records) -> None:
    """Azure Tables: 1 MiB a row. Another cluster's records must not wait for this one."""
    too_large = make_change(plan=replace(make_plan(), notes=(verbatim("x" * 5_000_000),)))
    with pytest.raises(StoreRefused, match=r"storage answered 4\d\d"):
        records.commit(CLUSTER.id, [Put(audit()), Put(too_large)])
    assert records.audit(PARTITION) == ()


def test_as_many_writes_as_a_transaction_holds_are_written(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(audit(number)) for number in range(99)])
    assert len(records.audit(PARTITION)) == 99


def test_more_writes_than_a_transaction_holds_are_refused_before_any(records: Records) -> None:
    with pytest.raises(ValueError, match="at most 99 writes, not 100"):
        records.commit(CLUSTER.id, [Put(audit(number)) for number in range(100)])
    assert records.audit(PARTITION) == ()


def test_audit_lines_that_no_transaction_holds_are_kept_all_the_same(records: Records) -> None:
    lines = [Put(audit(number)) for number in range(230)]
    records.commit_with_audit(PARTITION, [Put(RECORD), Put(outbox(0))], lines)
    assert {line.id for line in records.audit(PARTITION)} == {f"a{number}" for number in range(230)}
    assert len(records.outbox(PARTITION)) == 1
    assert records.cluster(CLUSTER.id) is not None


# --- rows that this release did not write ---


def overwrite(table: Table, **columns: Any) -> None:
    table.client().upsert_entity({"PartitionKey": PARTITION, "RowKey": "cluster", **columns})


def test_a_row_of_a_newer_release_is_refused_and_not_guessed_at(table: Table, records: Records) -> None:
    records.commit(CLUSTER.id, [Put(RECORD)])
    overwrite(table, schema=SCHEMA + 1)
    with pytest.raises(StoreError, match=rf"row cluster was written by a newer release \(schema {SCHEMA + 1}\)"):
        records.cluster(CLUSTER.id)


@pytest.mark.parametrize("text", ["", "{", '{"cluster_id": "x"}', "[]"])
def test_a_row_that_is_no_record_is_refused_by_name(table: Table, records: Records, text: str) -> None:
    overwrite(table, schema=SCHEMA, json0=text)
    with pytest.raises(StoreError, match="row cluster cannot be read as ClusterRecord") as caught:
        records.cluster(CLUSTER.id)
    assert text == "" or text not in str(caught.value)


def test_a_column_that_this_release_does_not_know_is_left_out(table: Table, records: Records) -> None:
    """What a sister release of the same schema adds must not stop this one."""
    records.commit(CLUSTER.id, [Put(RECORD)])
    overwrite(table, extra="of another release")
    stored = records.cluster(CLUSTER.id)
    assert stored is not None
    assert stored.value == RECORD


def test_a_field_with_a_default_may_be_missing(table: Table, records: Records) -> None:
    overwrite(table, schema=SCHEMA, json0=f'{{"cluster_id": "{CLUSTER.id}", "cluster_name": "shop-prod", "new": 1}}')
    stored = records.cluster(CLUSTER.id)
    assert stored is not None
    assert stored.value == ClusterRecord(CLUSTER.id, "shop-prod")


def test_a_change_is_listed_with_all_changes_of_its_cluster(records: Records) -> None:
    changes: list[Change] = [replace(make_change(), id=f"chg-{number}") for number in range(3)]
    records.commit(CLUSTER.id, [Put(change) for change in changes])
    assert sorted(change.id for change in records.changes(PARTITION)) == ["chg-0", "chg-1", "chg-2"]
