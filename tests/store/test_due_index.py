"""What is due is found by time, whatever else is stored; and nothing that is due is ever missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

import shared.store.due_index as due_index
from shared.ids import cluster_key
from shared.model.audit import AuditLine, OutboxMessage
from shared.store.errors import StoreConflict
from shared.store.records import Key, Put, Records
from shared.store.table import Table
from tests.support.every import every
from tests.support.nouns import make_change, make_cluster

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
AT = datetime(2026, 11, 22, 19, 5, 7, 123456, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
CHANGE = replace(make_change(), due_at=AT)
KEY = Key(PARTITION, f"change-{CHANGE.id}")


def outbox(number: int = 0, due_at: datetime | None = AT) -> OutboxMessage:
    return OutboxMessage(f"m{number}", CLUSTER.name, "slack", "{}", AT + timedelta(microseconds=number), due_at)


def entries(table: Table) -> list[str]:
    return [row["RowKey"] for row in table.query("PartitionKey eq 'due'")]


def put(records: Records, due_at: datetime | None, **fields: object) -> None:
    stored = records.change(PARTITION, CHANGE.id)
    change = replace(CHANGE, due_at=due_at, **fields)  # type: ignore[arg-type]
    records.commit_in(PARTITION, [Put(change, stored.etag if stored else None)])


def test_what_is_due_is_found_by_kind_and_time(records: Records) -> None:
    other = make_cluster(name="shop-test")
    records.commit(CLUSTER.id, [Put(outbox(0)), Put(outbox(1, AT + timedelta(milliseconds=1))), Put(outbox(2, None))])
    records.commit(other.id, [Put(outbox(3, AT - timedelta(days=400)))])
    change = make_change()
    records.commit(CLUSTER.id, [Put(replace(change, due_at=AT)), Put(replace(change, id="chg-2", due_at=None))])
    assert {key.partition for key in records.due("outbox", AT)} == {PARTITION, cluster_key(other.id)}
    assert len(records.due("outbox", AT)) == 2
    assert len(records.due("outbox", AT + timedelta(seconds=1))) == 3
    assert records.due("outbox", AT - timedelta(days=500)) == ()
    assert records.due("change", AT) == (Key(PARTITION, f"change-{change.id}"),)


def test_due_times_are_compared_as_moments_in_any_time_zone(records: Records) -> None:
    elsewhere = timezone(timedelta(hours=9))
    records.commit(CLUSTER.id, [Put(outbox(0, AT.astimezone(elsewhere)))])
    assert len(records.due("outbox", AT.astimezone(timezone(timedelta(hours=-7))))) == 1
    assert records.due("outbox", (AT - timedelta(seconds=1)).astimezone(elsewhere)) == ()


def test_no_more_is_asked_for_than_wanted(records: Records) -> None:
    records.commit(CLUSTER.id, [Put(outbox(number)) for number in range(12)])
    assert len(records.due("outbox", AT, most=5)) == 5
    assert len(records.due("outbox", AT)) == 12


def test_a_change_is_found_at_its_newest_moment_only(records: Records) -> None:
    put(records, AT)
    put(records, LATER)
    assert records.due("change", AT) == ()
    assert records.due("change", LATER) == (KEY,)
    put(records, AT)
    assert records.due("change", AT) == (KEY,), "moved to an earlier moment"
    put(records, None)
    assert records.due("change", LATER) == ()


def test_the_entry_is_there_before_the_row_is(records: Records, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(table.client(), "submit_transaction", Between(table, die))
    with pytest.raises(KeyboardInterrupt):
        put(records, AT)
    monkeypatch.undo()
    assert len(entries(table)) == 1
    assert records.due("change", AT) == (), "it points to nothing, which does no harm"
    put(records, AT)
    assert records.due("change", AT) == (KEY,)


class Between:
    """Lets the first transaction through, and does something before the second."""

    def __init__(self, table: Table, deed: object) -> None:
        self._submit = table.client().submit_transaction
        self._deed = deed
        self._calls = 0

    def __call__(self, operations: object) -> object:
        self._calls += 1
        if self._calls == 2:
            self._deed()  # type: ignore[operator]
        return self._submit(operations)  # type: ignore[arg-type]


def test_ticks_between_an_entry_and_its_row_take_nothing_away(
    records: Records, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(records, None)

    def ticks() -> None:
        other = Records(table)
        for _ in range(5):
            assert other.due("change", AT) == ()
            assert other.waiting_outbox() == ()

    monkeypatch.setattr(table.client(), "submit_transaction", Between(table, ticks))
    put(records, AT)
    assert records.due("change", AT) == (KEY,)


def test_an_entry_that_leads_nowhere_is_dropped_in_the_end(records: Records, table: Table) -> None:
    put(records, AT)
    old = records.change(PARTITION, CHANGE.id)
    assert old is not None
    put(records, AT)
    with pytest.raises(StoreConflict):
        records.commit_in(PARTITION, [Put(replace(CHANGE, due_at=LATER), old.etag)])
    assert len(entries(table)) == 2
    for _ in range(due_index._DOUBTS):
        assert records.due("change", LATER) == (KEY,)
    assert len(entries(table)) == 1
    assert records.due("change", LATER) == (KEY,), "the one that leads to it stays"


def test_an_entry_that_its_row_has_outlived_is_dropped_at_once(
    records: Records, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_index, "_SURELY_LATER", timedelta())
    put(records, AT)
    put(records, LATER)
    assert records.due("change", AT) == ()
    assert len(entries(table)) == 1
    assert records.due("change", LATER) == (KEY,)


def test_a_delivered_message_leaves_nothing_behind(records: Records, table: Table) -> None:
    message = replace(outbox(), due_at=AT)
    records.commit(CLUSTER.id, [Put(message)])
    (stored,) = records.outbox(PARTITION)
    tried = replace(message, due_at=LATER)
    records.commit(CLUSTER.id, [Put(tried, stored.etag)])
    records.delete_outbox(PARTITION, tried)
    assert entries(table) == []


def test_waiting_messages_are_those_that_are_there(
    records: Records, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.commit(CLUSTER.id, [Put(outbox(0)), Put(outbox(1, LATER)), Put(outbox(2, None))])
    assert [(one.created_at, one.due_at) for one in records.waiting_outbox()] == [
        (AT, AT),
        (AT + timedelta(microseconds=1), LATER),
    ]
    stored = records.outbox(PARTITION)[0]
    records.commit(CLUSTER.id, [Put(replace(stored.value, due_at=None), stored.etag)])
    assert [one.due_at for one in records.waiting_outbox()] == [LATER]
    monkeypatch.setattr(due_index, "_MOST_PARTITIONS", 0)
    assert LATER in [one.due_at for one in records.waiting_outbox()], "the index is believed where it can't be checked"


def test_asking_what_is_due_reads_no_history(records: Records, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there was an index, each tick went through all rows that were ever written."""
    old = [AuditLine(f"a{number}", AT, "snatbot", "incident opened", "inc-1") for number in range(90)]
    records.commit(CLUSTER.id, [Put(CHANGE), *map(Put, old)])
    asked: list[str] = []
    query = table.client().query_entities

    def counted(condition: str, **more: object) -> object:
        asked.append(condition)
        return query(condition, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(table.client(), "query_entities", counted)
    assert records.due(("change", "incident"), AT) == (KEY,)
    assert records.waiting_outbox() == ()
    assert len(asked) == 3
    assert every(condition.startswith("PartitionKey eq ") for condition in asked)
