"""What is stored of the fleet between scans: inventory, shard reports, scan progress. A stale row is harmless."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from ..ids import cluster_key
from ..model.cluster_status import ClusterStatus, StatusPart
from ..model.fleet import ScanProgress
from .codec import pack, unpack
from .table import ANY, Row, Table

log = logging.getLogger("snatbot.store")
INVENTORY = "inventory"  # the index of its parts
HEALTH_EVENTS = "health-events"  # the row that says whether health events can be read
PROGRESS = "progress-"  # and the key of the scan: of a shard, or of the whole fleet
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


def statuses_in(progress: ScanProgress) -> Mapping[str, ClusterStatus]:
    """By cluster key; none if they can't be read: the next scan writes all of them again."""
    try:
        found = unpack(StatusPart, progress.statuses) if progress.statuses else StatusPart()
    except ValueError as error:
        log.warning("could not read the statuses of the last scan: %s", error)
        return {}
    return {cluster_key(status.id): status for status in found.clusters}


def with_statuses(progress: ScanProgress, statuses: Iterable[ClusterStatus]) -> ScanProgress:
    return replace(progress, statuses=pack(StatusPart(tuple(sorted(statuses, key=lambda status: status.id)))))
