"""An index of rows by their ``due_at``, so that a tick reads due rows only.

An entry is written before its row, and its key contains the time. So an entry may refer to a deleted row, or to a row
with another time: readers drop such entries. But every row with a ``due_at`` has an entry.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from .errors import StoreConflict
from .table import ANY, MOST_IN_ONE_TRANSACTION, Row, Table

log = logging.getLogger("snatbot.store")
_PARTITION = "due"
_MOST_PARTITIONS = 100  # at most so many partitions are read; for others the index counts
# An entry is useless if its row was written later, with another time: a worker that is about to write the row for this
# entry then loses the race. Clocks of storage servers differ by less than this.
_SURELY_LATER = timedelta(seconds=10)
# Any other entry may precede its row. It is dropped after so many ticks that found it useless.
_DOUBTS = 10


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a record, as queue messages contain it."""

    partition: str
    row: str


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    etag: str
    written_at: datetime
    doubts: int

    @property
    def points_to(self) -> Key:
        _, partition, row = self.key.split("-", 2)
        return Key(partition, row)

    @property
    def due_at(self) -> datetime:
        return moment_of(self.key.partition("-")[0])


class DueIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, partition: str, rows: Iterable[Row]) -> None:
        """Add entries for those rows that have a ``due_at``. Call it before the rows are written."""
        keys = [_entry_key(partition, row.key, row.columns["due_at"]) for row in rows if "due_at" in row.columns]
        for start in range(0, len(keys), MOST_IN_ONE_TRANSACTION):
            batch = keys[start : start + MOST_IN_ONE_TRANSACTION]
            self._table.transaction(_PARTITION, [Row(key, None, ANY) for key in batch])

    def remove(self, key: Key, moments: Iterable[datetime]) -> None:
        """Remove the entries of a deleted row; there may be none."""
        for moment in set(moments):
            self._table.delete(_PARTITION, _entry_key(key.partition, key.row, moment))

    def due(self, prefixes: tuple[str, ...], at: datetime, most: int) -> tuple[Key, ...]:
        """Due rows whose key starts with one of ``prefixes``, longest overdue first."""
        entries = (entry for entry in self._entries(until=at) if entry.points_to.row.startswith(prefixes))
        due = (entry.points_to for entry in entries if self._is_due(entry, at))
        return tuple(islice(dict.fromkeys(due), most))

    def waiting(self, prefix: str, most: int) -> tuple[tuple[Key, datetime], ...]:
        """Rows whose key starts with ``prefix``, due now or later, with their times."""
        by_partition: dict[str, list[_Entry]] = {}
        for entry in self._entries():
            if entry.points_to.row.startswith(prefix):
                by_partition.setdefault(entry.points_to.partition, []).append(entry)
        found: dict[Key, datetime] = {}
        for number, (partition, entries) in enumerate(by_partition.items()):
            if number < _MOST_PARTITIONS:
                found |= self._waiting_in(partition, prefix, entries)
            else:
                found |= {entry.points_to: entry.due_at for entry in entries}
        return tuple(islice(found.items(), most))

    def _waiting_in(self, partition: str, prefix: str, entries: list[_Entry]) -> dict[Key, datetime]:
        rows = {row["RowKey"]: row for row in self._table.columns(partition, prefix, ["due_at"])}
        for entry in entries:
            row = rows.get(entry.points_to.row)
            if row is None or row.get("due_at") != entry.due_at:
                self._doubt(entry, row)
        return {Key(partition, name): row["due_at"] for name, row in rows.items() if row.get("due_at") is not None}

    def _is_due(self, entry: _Entry, at: datetime) -> bool:
        key = entry.points_to
        rows = self._table.columns(key.partition, key.row, ["due_at"])
        row = next((row for row in rows if row["RowKey"] == key.row), None)
        due_at = row.get("due_at") if row is not None else None
        if due_at != entry.due_at:
            self._doubt(entry, row)
        return due_at is not None and due_at <= at

    def _doubt(self, entry: _Entry, row: Any) -> None:
        is_outlived = row is not None and row.metadata["timestamp"] - entry.written_at > _SURELY_LATER
        try:
            if is_outlived or entry.doubts + 1 >= _DOUBTS:
                self._table.delete(_PARTITION, entry.key, entry.etag)
            else:
                self._table.write(_PARTITION, Row(entry.key, None, entry.etag, {"doubts": entry.doubts + 1}))
        except StoreConflict:
            log.debug("%s was written again in the meantime", entry.key)

    def _entries(self, until: datetime | None = None) -> Iterator[_Entry]:
        """Earliest time first."""
        end = f"{sortable(until)}." if until else "9"  # a full stop sorts after the hyphen that follows the time
        condition = "PartitionKey eq @partition and RowKey lt @end"
        for row in list(self._table.query(condition, {"partition": _PARTITION, "end": end})):
            yield _Entry(row["RowKey"], row.metadata["etag"], row.metadata["timestamp"], row.get("doubts", 0))


def sortable(at: datetime) -> str:
    """A time as part of a key, in chronological order."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def moment_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def _entry_key(partition: str, row: str, moment: datetime) -> str:
    return f"{sortable(moment)}-{partition}-{row}"
