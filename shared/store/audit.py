"""The audit's rows: lines, each partition's head of its chain, and the day roots that seal all heads.

A line and the head that follows from it are written in one transaction. Of two writers at once the second finds another
head, and continues the chain from there.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Any

from ..core.audit.chain import START, Line, Proof, leads_to, line_hash
from ..errors import RowForged
from ..model.audit import AuditLine, ChainHead, DayRoot, PolicyInForce
from ..model.text import Text
from .audit_rows import (
    HEAD,
    LINE,
    ROOT,
    ProvenHead,
    ProvenRoot,
    as_record,
    day_of,
    root_key,
    row_of_line,
    sequence_of,
)
from .codec import content_of, from_columns, to_columns
from .due_index import sortable
from .errors import StoreConflict, StoreError
from .signed_rows import RowSigner, SignedRows
from .table import ANY, Row, Stored, Table, stored

log = logging.getLogger("snatbot.store")
_POLICY = "policy"
AUDIT_PARTITION = "audit"  # day roots, the policy in force, and lines that belong to no cluster
_HEADS_A_ROW = 2000  # a row holds 1 MiB
_TRIES = 10  # as many writers may meet at one head


class AuditChain:
    def __init__(self, table: Table, signer: RowSigner | None = None) -> None:
        self._table = table
        self._signed = SignedRows(signer)
        self._heads: dict[str, Stored[ChainHead] | None] = {}  # as this process last wrote them

    @property
    def is_signing(self) -> bool:
        return self._signed.signer is not None

    @property
    def _wanted(self) -> Proof:
        """Of what this app wrote with its present keys."""
        return Proof.SIGNED if self.is_signing else Proof.NOT_SIGNED

    def commit(self, partition: str, rows: Sequence[Row]) -> tuple[str, ...]:
        """Write all rows or none; audit lines among them get the next places in the chain.

        Returns the rows' new ETags. Raises StoreConflict if another row than the head changed.
        """
        if not any(isinstance(row.value, AuditLine) for row in rows):
            return self._table.transaction(partition, rows)
        known = self._heads.pop(partition, None) or self._stored_head(partition)
        for _ in range(_TRIES):
            try:
                return self._commit(partition, rows, known)
            except StoreConflict:
                latest = self._stored_head(partition)
                if latest == known:
                    raise
                known = latest
        raise StoreConflict(Text("the head of the audit in {partition} changes all the time", partition=partition))

    def _commit(self, partition: str, rows: Sequence[Row], before: Stored[ChainHead] | None) -> tuple[str, ...]:
        head, chained = before.value if before else START, []
        for row in rows:
            if isinstance(row.value, AuditLine):
                row, head = self._chained(partition, row, head)
            chained.append(row)
        head_row = self._signed.signed(HEAD, partition, Row(HEAD, head, before.etag if before else None))
        *etags, etag = self._table.transaction(partition, [*chained, head_row])
        self._heads[partition] = Stored(head, etag)
        return tuple(etags)

    def _chained(self, partition: str, row: Row, before: ChainHead) -> tuple[Row, ChainHead]:
        sequence, signer = before.sequence + 1, self._signed.signer
        found = line_hash(partition, row.key, sequence, before.hash, content_of(to_columns(row.value)))
        signature = {"signature": signer.sign_row(LINE, partition, row.key, found)} if signer else {}
        columns = {**row.columns, "sequence": sequence, "previous": before.hash, **signature}
        return replace(row, columns=columns), ChainHead(sequence, found)

    def _stored_head(self, partition: str) -> Stored[ChainHead] | None:
        """Whoever forged a head must not have later lines follow it: the chain then begins again, which is noticed."""
        found = self.head(partition)
        if found is None:
            return None
        if found.proof is Proof.FORGED:
            log.error("the head of the audit in %s does not carry this app's signature", partition)
            return Stored(START, found.etag)
        return Stored(found.head, found.etag)

    # --- the approval policy ---

    def policy(self) -> PolicyInForce | None:
        """What was last audited; None: nothing that this app wrote."""
        for row in self._table.unread(AUDIT_PARTITION, _POLICY):
            if self._signed.proof(_POLICY, row) is self._wanted:
                return from_columns(PolicyInForce, row)
        return None

    def set_policy(self, policy: PolicyInForce, line: AuditLine) -> None:
        row = self._signed.signed(_POLICY, AUDIT_PARTITION, Row(_POLICY, policy, ANY))
        self.commit(AUDIT_PARTITION, [row, row_of_line(line)])

    def proven_lines(self, partition: str, subject: str, since: datetime | None) -> tuple[AuditLine, ...]:
        """Lines about a subject from that time on, in the order of the chain. Writes to Azure rely on them.

        Raises RowForged when one of them was edited, or when any line of the chain since then was removed or put in;
        KeyMissing; StoreConflict when others write all the time.
        """
        start, head = sortable(since) if since else "", None
        for _ in range(_TRIES):
            rows = list(self._table.unread(partition, f"{LINE}-", start))
            latest = next(self._table.unread(partition, HEAD), None)
            if latest is not None:
                self._signed.verify(HEAD, latest)
            lines = [self._line(row) for row in rows]
            if leads_to(from_columns(ChainHead, latest) if latest else None, partition, lines):
                return self._verified_lines(rows, lines, subject)
            if not start and head == latest:
                raise RowForged("audit")
            start, head = "", latest  # all lines: a clock that is behind wrote a line before that time
        raise StoreConflict(Text("the audit in {partition} changes all the time", partition=partition))

    def _verified_lines(self, rows: Sequence[Any], lines: Sequence[Line], subject: str) -> tuple[AuditLine, ...]:
        found = []
        for row, line in sorted(zip(rows, lines, strict=True), key=lambda pair: pair[1].sequence):
            record = as_record(line)
            if record is None or record.subject == subject:
                self._signed.verify(LINE, row, line.hash_in(str(row["PartitionKey"])))
                found.append(from_columns(AuditLine, row))
        return tuple(found)

    # --- to verify ---

    def head(self, partition: str) -> ProvenHead | None:
        return next((self._proven_head(row) for row in self._table.unread(partition, HEAD)), None)

    def heads(self) -> dict[str, ProvenHead]:
        """Of all partitions, which scans the table."""
        return {row["PartitionKey"]: self._proven_head(row) for row in self._table.query(f"RowKey eq '{HEAD}'")}

    def lines(self, partition: str) -> tuple[Line, ...]:
        return tuple(self._line(row) for row in self._table.unread(partition, f"{LINE}-"))

    def all_lines(self) -> Iterator[tuple[str, tuple[Line, ...]]]:
        """Partition by partition."""
        rows = self._table.query(f"RowKey ge '{LINE}-' and RowKey lt '{LINE}.'")
        for partition, found in groupby(rows, key=lambda row: str(row["PartitionKey"])):
            yield partition, tuple(map(self._line, found))

    def page(self, after: tuple[str, str], most: int) -> tuple[tuple[str, Line], ...]:
        """Partition and line of the first lines behind the one with this partition and key."""
        partition, key = after
        parameters = {"partition": partition, "key": key or f"{LINE}-", "start": f"{LINE}-", "end": f"{LINE}."}
        queries = (
            "PartitionKey eq @partition and RowKey gt @key and RowKey lt @end",
            "PartitionKey gt @partition and RowKey ge @start and RowKey lt @end",
        )
        rows = (row for query in queries for row in self._table.query(query, parameters, page=most))
        return tuple((str(row["PartitionKey"]), self._line(row)) for row in islice(rows, most))

    # --- day roots ---

    def roots(self) -> tuple[ProvenRoot, ...]:
        """Oldest first."""
        rows = self._table.unread(AUDIT_PARTITION, f"{ROOT}-")
        return tuple(self._root(day, list(found)) for day, found in groupby(rows, key=day_of))

    def _root(self, day: str, rows: Sequence[Any]) -> ProvenRoot:
        """The root of a day from its rows; the weakest proof counts."""
        try:
            parts = [from_columns(DayRoot, row) for row in rows]
        except (StoreError, ValueError):
            return ProvenRoot(day, None, Proof.FORGED)
        heads = tuple(head for part in parts for head in part.heads)
        proof = max((self._signed.proof(ROOT, row) for row in rows), key=list(Proof).index)
        return ProvenRoot(day, replace(parts[0], heads=heads), proof)

    def newest_root(self, now: datetime) -> DayRoot | None:
        """The last root of this week that this app sealed."""
        rows = self._table.unread(AUDIT_PARTITION, f"{ROOT}-", f"{now - timedelta(days=7):%Y%m%d}")
        good = [row for row in rows if self._signed.proof(ROOT, row) is self._wanted]
        return from_columns(DayRoot, good[-1]) if good else None

    def add_root(self, root: DayRoot) -> bool:
        """False: another instance sealed this day already."""
        rows = [
            Row(f"{root_key(root.day)}-{start:06}", replace(root, heads=root.heads[start : start + _HEADS_A_ROW]))
            for start in range(0, len(root.heads), _HEADS_A_ROW)
        ]
        try:
            self._table.transaction(AUDIT_PARTITION, [self._signed.signed(ROOT, AUDIT_PARTITION, row) for row in rows])
        except StoreConflict:
            return False
        return True

    # --- what is too old ---

    def expire_roots(self, before: date) -> dict[str, int]:
        """Delete all roots of before that day but the newest. Returns the last line that it sealed, by partition."""
        keys = [row["RowKey"] for row in self._table.columns(AUDIT_PARTITION, f"{ROOT}-", until=f"{before:%Y%m%d}")]
        if not keys:
            return {}
        newest = keys[-1][: len(root_key(before))]
        self._table.delete_all(AUDIT_PARTITION, [key for key in keys if not key.startswith(newest)])
        rows = [
            row
            for row in self._table.unread(AUDIT_PARTITION, newest)
            if self._signed.proof(ROOT, row) is not Proof.FORGED
        ]
        return {head.partition: head.sequence for row in rows for head in from_columns(DayRoot, row).heads}

    def delete_lines(self, partition: str, before: datetime, sealed: int, most: int) -> int:
        """Delete lines of before that time, of a chain only those up to number ``sealed``. Returns how many."""
        rows = self._table.columns(partition, f"{LINE}-", ["sequence"], until=sortable(before))
        keys = [row["RowKey"] for row in islice(rows, most) if sequence_of(row) <= sealed]
        self._table.delete_all(partition, keys)
        return len(keys)

    # --- signatures ---

    def _line(self, row: Any) -> Line:
        sequence, previous = sequence_of(row), str(row.get("previous", ""))
        line = Line(row["RowKey"], content_of(row), sequence, previous, Proof.NOT_SIGNED)
        return (
            replace(line, proof=self._signed.proof(LINE, row, line.hash_in(row["PartitionKey"]))) if sequence else line
        )

    def _proven_head(self, row: Any) -> ProvenHead:
        try:
            found = stored(ChainHead, row)
        except (StoreError, ValueError):  # whoever writes to the table may write anything
            return ProvenHead(START, Proof.FORGED, str(row.metadata["etag"]))
        return ProvenHead(found.value, self._signed.proof(HEAD, row), found.etag)
