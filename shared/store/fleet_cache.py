"""What is stored of the fleet between scans: inventory, shard reports, scan progress. A stale row is harmless."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from .table import ANY, Row, Table

_PARTITION = "fleet"
T = TypeVar("T")


class FleetCache:
    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, kind: type[T], row: str) -> T | None:
        """None without such a row."""
        stored = self._table.get(kind, _PARTITION, row)
        return stored.value if stored else None

    def read_all(self, kind: type[T], prefix: str) -> dict[str, T]:
        """Every record whose row key starts with ``prefix``, by the rest of the key."""
        return {row.removeprefix(prefix): stored.value for row, stored in self._table.rows(kind, _PARTITION, prefix)}

    def write(self, row: str, value: object) -> None:
        self._table.write(_PARTITION, Row(row, value, ANY))

    def delete(self, rows: Iterable[str]) -> None:
        """Rows that do not exist are no error."""
        for row in rows:
            self._table.delete(_PARTITION, row)
