"""Keys of egress probes, beside what else is stored of their cluster, and their reports in a table of their own.

A fleet of probes writes many rows, and some readers of the other table scan all of it. All rows are signed.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ..errors import KeyMissing, RowForged
from ..model.audit import AuditLine
from ..model.change import PENDING
from ..model.incident import IncidentState
from ..model.probe import ProbeKey, ProbeReport
from .audit import AuditChain
from .audit_rows import row_of_line
from .due_index import sortable
from .errors import StoreConflict
from .signed_rows import RowSigner, SignedRows
from .table import Row, Table, stored

log = logging.getLogger("snatbot.store")
REPORTS_KEPT = timedelta(days=3)
_SHORTEST = timedelta(minutes=2)
_KEY, _REPORT = "probe key", "probe report"
MOST_REPORTS = 5000  # that are read at once
_OPEN = tuple(f"state eq '{state.value}'" for state in (*PENDING, IncidentState.OPEN))
# Keys of changes, incidents and probe keys, without the audit before them.
_WITH_WORK = (
    "PartitionKey eq @partition and RowKey ge 'change-' and RowKey lt 'probekey.' and "
    f"(RowKey eq @key or {' or '.join(_OPEN)})"
)


class ProbeKeys:
    def __init__(self, table: Table, signer: RowSigner | None) -> None:
        self._table = table
        self._signed = SignedRows(signer)
        self._audit = AuditChain(table, signer)

    def valid(self, partition: str) -> tuple[ProbeKey, ...]:
        """Of one cluster, the oldest first; without what this app did not write."""
        rows = (row for row in self._table.unread(partition, "probekey-") if self._is_ours(row))
        return tuple(sorted((stored(ProbeKey, row).value for row in rows), key=lambda key: key.created_at))

    def add(self, partition: str, key: ProbeKey, line: AuditLine) -> None:
        row = self._signed.signed(_KEY, partition, Row(_row(key.id), key, columns={"kind": "probekey"}))
        self._audit.commit(partition, [row, row_of_line(line)])

    def revoke(self, partition: str, key_id: str, line: AuditLine) -> bool:
        """False, without any effect: there is no such key."""
        etag = next((row.metadata["etag"] for row in self._table.unread(partition, _row(key_id))), None)
        if etag is None:
            return False
        try:
            self._audit.commit(partition, [Row(_row(key_id), None, etag, is_deleted=True), row_of_line(line)])
        except StoreConflict:
            return False
        return True

    def find(self, partition: str, key_id: str) -> tuple[ProbeKey | None, bool]:
        """The key, and whether its cluster has an open incident or change: one query."""
        key, has_work = None, False
        columns = ["PartitionKey", "RowKey", "schema", "json0", "signature"]
        for row in self._table.query(_WITH_WORK, {"partition": partition, "key": _row(key_id)}, columns):
            if row["RowKey"] != _row(key_id):
                has_work = True
            elif self._is_ours(row):
                key = stored(ProbeKey, row).value
        return key, has_work

    def _is_ours(self, row: object) -> bool:
        return _verifies(self._signed, _KEY, row)


class ProbeReports:
    def __init__(self, table: Table, signer: RowSigner | None) -> None:
        self._table = table
        self._signed = SignedRows(signer)

    def add(self, partition: str, report: ProbeReport) -> bool:
        """False: it came before."""
        row = Row(f"report-{sortable(report.sent_at)}-{report.id}", report)
        try:
            self._table.write(partition, self._signed.signed(_REPORT, partition, row))
        except StoreConflict:
            return False
        return True

    def partitions(self) -> Iterator[str]:
        """Of clusters with reports: one query each."""
        partition = self._table.next_partition("")
        while partition is not None:
            yield partition
            partition = self._table.next_partition(partition)

    def newest_since(
        self, partition: str, at: datetime, until: datetime, most: int = MOST_REPORTS
    ) -> tuple[datetime, tuple[ProbeReport, ...]]:
        """All reports from that time on; of a part of the time if there are too many. Since when, and the reports."""
        while True:
            rows = list(islice(self._table.unread(partition, "report-", sortable(at)), most))
            if len(rows) < most or until - at < _SHORTEST:
                return at, self._proven(rows)
            at = until - (until - at) / 4

    def _proven(self, rows: Iterable[Any]) -> tuple[ProbeReport, ...]:
        reports = (stored(ProbeReport, row).value for row in rows if _verifies(self._signed, _REPORT, row))
        return tuple({report.id: report for report in reports}.values())

    def delete_before(self, partition: str, at: datetime, most: int) -> int:
        """Returns how many."""
        keys = [row["RowKey"] for row in islice(self._table.columns(partition, "report-", until=sortable(at)), most)]
        self._table.delete_all(partition, keys)
        return len(keys)


def _verifies(signed: SignedRows, kind: str, row: object) -> bool:
    try:
        signed.verify(kind, row)
    except (RowForged, KeyMissing) as error:
        log.warning("a %s is not used: %s", kind, error)
        return False
    return True


def _row(key_id: str) -> str:
    return f"probekey-{key_id}"
