"""The table: ranges of keys, conditions on writes, and transactions that are written whole."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.store.errors import StoreConflict
from shared.store.table import ANY, Row, Table


@dataclass(frozen=True)
class Note:
    text: str


def notes(table: Table, prefix: str, since: str = "") -> list[str]:
    return [key for key, _ in table.rows(Note, "p", prefix, since)]


def test_it_needs_exactly_one_way_in() -> None:
    with pytest.raises(ValueError, match="either a connection string or a table endpoint"):
        Table("t")
    with pytest.raises(ValueError, match="either a connection string or a table endpoint"):
        Table("t", connection_string="UseDevelopmentStorage=true", endpoint="https://x.table.core.windows.net")


def test_rows_of_a_prefix_come_in_order_and_no_others(table: Table) -> None:
    table.transaction("p", [Row(key, Note(key)) for key in ("note-2", "note-1", "note-3", "notes", "memo-1")])
    table.write("other", Row("note-9", Note("elsewhere")))
    assert notes(table, "note-") == ["note-1", "note-2", "note-3"]
    assert notes(table, "note-", since="2") == ["note-2", "note-3"]
    assert [row["RowKey"] for row in table.columns("p", "note-", until="3")] == ["note-1", "note-2"]


def test_a_condition_on_a_write_holds(table: Table) -> None:
    etag = table.write("p", Row("a", Note("1")))
    with pytest.raises(StoreConflict):
        table.write("p", Row("a", Note("2")))
    newer = table.write("p", Row("a", Note("2"), etag))
    with pytest.raises(StoreConflict):
        table.write("p", Row("a", Note("3"), etag))
    assert table.write("p", Row("a", Note("4"), ANY)) != newer
    stored = table.get(Note, "p", "a")
    assert stored is not None
    assert stored.value == Note("4")


def test_of_a_transaction_with_one_conflict_nothing_is_written(table: Table) -> None:
    table.write("p", Row("a", Note("1")))
    with pytest.raises(StoreConflict):
        table.transaction("p", [Row("b", Note("2")), Row("a", Note("2"))])
    assert table.get(Note, "p", "b") is None


def test_deleting_minds_the_etag_where_one_is_given(table: Table) -> None:
    etag = table.write("p", Row("a", Note("1")))
    table.write("p", Row("a", Note("2"), etag))
    with pytest.raises(StoreConflict):
        table.delete("p", "a", etag)
    table.delete("p", "a")
    table.delete("p", "a")
    assert table.get(Note, "p", "a") is None


def test_many_rows_are_deleted_in_several_transactions(table: Table) -> None:
    keys = [f"note-{number:03d}" for number in range(120)]
    for start in (0, 100):
        table.transaction("p", [Row(key, Note(key)) for key in keys[start : start + 100]])
    table.delete_all("p", keys)
    assert notes(table, "note-") == []


def test_partitions_are_found_one_after_the_other(table: Table) -> None:
    for partition in ("b", "a", "c"):
        table.write(partition, Row("x", Note(partition)))
    assert (table.next_partition(""), table.next_partition("a"), table.next_partition("c")) == ("a", "b", None)
