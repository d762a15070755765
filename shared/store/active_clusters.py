"""An index of clusters with something to remember, so that a tick reads few rows, and none for a healthy cluster.

An entry is written before what it points to, and removed after it: pointing to nothing does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import StoreConflict
from .table import ANY, Row, Table

_PARTITION = "fleet"
_PREFIX = "active-"


@dataclass(frozen=True, slots=True)
class ActiveCluster:
    is_open: bool = False  # it has an open incident


class ActiveClusterIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def entries(self) -> Mapping[str, bool]:
        """Cluster key to whether it has an open incident."""
        rows = self._table.rows(ActiveCluster, _PARTITION, _PREFIX)
        return {row.removeprefix(_PREFIX): stored.value.is_open for row, stored in rows}

    def add(self, key: str, *, is_open: bool) -> None:
        self._table.write(_PARTITION, Row(f"{_PREFIX}{key}", ActiveCluster(is_open), ANY))

    def add_if_absent(self, key: str) -> None:
        """Leaves an entry that is there already as it is."""
        try:
            self._table.write(_PARTITION, Row(f"{_PREFIX}{key}", ActiveCluster()))
        except StoreConflict:
            return

    def remove(self, key: str) -> None:
        self._table.delete(_PARTITION, f"{_PREFIX}{key}")
