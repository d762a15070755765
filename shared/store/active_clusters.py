"""What is remembered of the fleet as a whole, in one partition: inventory, memory of passes, and who needs attention.

The inventory is a cache: any worker may write it, and a stale one does no harm. ``attention`` is an index of clusters
with something to remember, so that a tick reads a few rows instead of one for every healthy cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .codec import from_columns, to_columns
from .errors import translated

if TYPE_CHECKING:
    from .table import Tables

_PARTITION = "fleet"
T = TypeVar("T")


class FleetStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self, kind: type[T], row: str) -> T | None:
        """The record in one row; None when there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with translated(f"read {row}"):
            try:
                found = self._tables.records().get_entity(_PARTITION, row)
            except ResourceNotFoundError:
                return None
        return from_columns(kind, found)

    def read_all(self, kind: type[T], prefix: str) -> dict[str, T]:
        """Every record whose row begins with ``prefix``, by the rest of the row's name."""
        return {row["RowKey"].removeprefix(prefix): from_columns(kind, row) for row in self._rows(prefix)}

    def write(self, row: str, value: object) -> None:
        self._upsert(row, to_columns(value))

    def delete(self, rows: Iterable[str]) -> None:
        """It is no error when one is gone already."""
        for row in rows:
            with translated(f"delete {row}"):
                self._tables.records().delete_entity(_PARTITION, row)

    def attention(self) -> Mapping[str, bool]:
        """Cluster key to whether it has an open incident."""
        prefix = "attention-"
        return {row["RowKey"].removeprefix(prefix): bool(row.get("is_open")) for row in self._rows(prefix)}

    def pay_attention(self, key: str, *, is_open: bool) -> None:
        self._upsert(f"attention-{key}", {"is_open": is_open})

    def begin_attention(self, key: str) -> None:
        """Something is to be remembered of the cluster; what is known of its incident stays."""
        from azure.core.exceptions import ResourceExistsError

        with translated("write attention"):
            try:
                row = {"PartitionKey": _PARTITION, "RowKey": f"attention-{key}", "is_open": False}
                self._tables.records().create_entity(row)
            except ResourceExistsError:
                return

    def lose_attention(self, key: str) -> None:
        self.delete([f"attention-{key}"])

    def _upsert(self, row: str, columns: Mapping[str, Any]) -> None:
        from azure.data.tables import UpdateMode

        with translated(f"write {row}"):
            self._tables.records().upsert_entity(
                {"PartitionKey": _PARTITION, "RowKey": row, **columns}, mode=UpdateMode.REPLACE
            )

    def _rows(self, prefix: str) -> list[Any]:
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        with translated(f"list {prefix.rstrip('-')}"):
            return list(
                self._tables.records().query_entities(
                    "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end",
                    parameters={"partition": _PARTITION, "start": prefix, "end": end},
                )
            )
