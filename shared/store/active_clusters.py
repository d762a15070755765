"""An index of clusters with records, so that a tick reads few rows, and none for a healthy cluster.

An entry is written before its record and removed after it; an entry without a record is harmless.
"""

from collections.abc import Mapping

from .errors import StoreConflict
from .table import ANY, Row, Table

_PARTITION = "fleet"
_PREFIX = "active-"


class ActiveClusterIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def entries(self) -> Mapping[str, bool]:
        """Cluster keys, and whether each has an open incident."""
        rows = self._table.columns(_PARTITION, _PREFIX, ["is_open"])
        return {row["RowKey"].removeprefix(_PREFIX): row["is_open"] for row in rows}

    def add(self, key: str, *, is_open: bool) -> None:
        self._table.write(_PARTITION, Row(f"{_PREFIX}{key}", None, ANY, {"is_open": is_open}))

    def add_if_absent(self, key: str) -> None:
        """Keep an existing entry as it is."""
        try:
            self._table.write(_PARTITION, Row(f"{_PREFIX}{key}", None, columns={"is_open": False}))
        except StoreConflict:
            return

    def remove(self, key: str) -> None:
        self._table.delete(_PARTITION, f"{_PREFIX}{key}")
