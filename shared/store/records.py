"""Clusters, incidents, changes, journals, audit and outbox: one partition per cluster.

A transition, its audit line and its outbox rows are one entity-group transaction: all of it is written or nothing,
and only if nobody else wrote the record in between (its ETag). The rows of a journal are signed, and the change holds
their signatures: whoever writes to a journal writes the change with it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import KeyMissing, RowForged
from ..ids import cluster_key
from ..model.audit import AuditLine, ChatPost, DayRoot, NotifiedChannels, OutboxMessage
from ..model.change import Change, ChangeState, JournalEntry, JournalHead
from ..model.coverage import FleetRecord
from ..model.incident import ClusterRecord, Incident
from ..model.sockets import PastedSockets
from .audit import AuditChain
from .codec import from_columns
from .due_index import DueIndex, moment_of, sortable
from .due_index import Key as Key
from .rows import Put as Put
from .rows import PutJournal as PutJournal
from .rows import row_of
from .signed_rows import RowSigner, SignedRows
from .table import MOST_IN_ONE_TRANSACTION, Row, Table, stored
from .table import Stored as Stored

FLEET_PARTITION = cluster_key("the fleet as a whole")
log = logging.getLogger("snatbot.store")
_SIGNED = ("journal", "outbox", "sockets")
MOST_WRITES = MOST_IN_ONE_TRANSACTION - 1  # beside the head of the audit
ALL_CHANGES = "global"  # of the stop flag and its audit lines


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that was neither delivered nor given up."""

    partition: str
    created_at: datetime
    due_at: datetime


class Records:
    def __init__(self, table: Table, signer: RowSigner | None = None) -> None:
        self._table = table
        self._due = DueIndex(table)
        self._signed = SignedRows(signer)
        self._audit = AuditChain(table, signer)

    def cluster(self, cluster_id: str) -> Stored[ClusterRecord] | None:
        return self._table.get(ClusterRecord, cluster_key(cluster_id), "cluster")

    def cluster_in(self, partition: str) -> Stored[ClusterRecord] | None:
        return self._table.get(ClusterRecord, partition, "cluster")

    def incident(self, cluster_id: str, incident_id: str) -> Stored[Incident] | None:
        return self._table.get(Incident, cluster_key(cluster_id), f"incident-{incident_id}")

    def incident_in(self, partition: str, incident_id: str) -> Stored[Incident] | None:
        return self._table.get(Incident, partition, f"incident-{incident_id}")

    def change(self, partition: str, change_id: str) -> Stored[Change] | None:
        return self._table.get(Change, partition, f"change-{change_id}")

    def fleet(self) -> Stored[FleetRecord] | None:
        """The record of the whole fleet; its messages and audit lines are in the same partition."""
        return self._table.get(FleetRecord, FLEET_PARTITION, "fleet")

    def outbox(self, partition: str) -> tuple[Stored[OutboxMessage], ...]:
        """Messages that wait for delivery, oldest first; without what this app did not sign."""
        return self.proven_outbox(partition)[0]

    def proven_outbox(self, partition: str) -> tuple[tuple[Stored[OutboxMessage], ...], dict[str, str]]:
        """Messages that wait for delivery, and of forged ones key and ETag.

        What a key signed that is not held is neither: an instance that holds it delivers it.
        """
        messages, forged = [], {}
        for row in self._table.unread(partition, "outbox-"):
            try:
                self._signed.verify("outbox", row)
            except RowForged:
                forged[str(row["RowKey"])] = str(row.metadata["etag"])
            except KeyMissing as missing:
                log.warning("message held back: %s", missing)
            else:
                messages.append(stored(OutboxMessage, row))
        return tuple(messages), forged

    def chat_post(self, partition: str, channel: str, subject: str) -> Stored[ChatPost] | None:
        return self._table.get(ChatPost, partition, f"post-{channel}-{subject}")

    def notified_channels(self, partition: str, subject: str) -> Stored[NotifiedChannels] | None:
        return self._table.get(NotifiedChannels, partition, f"notified-{subject}")

    def pasted_sockets(self, partition: str, incident_id: str) -> PastedSockets | None:
        """None too for what this app did not write."""
        for row in self._table.unread(partition, f"sockets-{incident_id}"):
            try:
                self._signed.verify("sockets", row)
            except (RowForged, KeyMissing) as error:
                log.warning("sockets are not shown: %s", error)
            else:
                return stored(PastedSockets, row).value
        return None

    def journal(self, partition: str, change_id: str) -> dict[int, Stored[JournalEntry]]:
        """Step number to entry, for people to read: without what this app did not write. See ``verified_journal``."""
        found = {}
        for row in self._table.unread(partition, f"journal-{change_id}-"):
            try:
                self._signed.verify("journal", row)
            except (RowForged, KeyMissing):
                continue
            entry = stored(JournalEntry, row)
            found[entry.value.step] = entry
        return found

    def verified_journal(self, partition: str, change: Change) -> dict[int, Stored[JournalEntry]]:
        """Step number to entry: all that this app wrote for the change. Writes to Azure rely on this one.

        Raises RowForged when a row was edited, moved, copied, deleted or put back, and KeyMissing.
        """
        rows = list(self._table.unread(partition, f"journal-{change.id}-"))
        known = self._journal_signatures(partition, change)
        if known is not None and list(known) != [row.get("signature") for row in rows]:
            raise RowForged("journal")
        for row in rows:
            self._signed.verify("journal", row)
        entries = [stored(JournalEntry, row) for row in rows]
        return {entry.value.step: entry for entry in entries}

    def with_journal(self, partition: str, change: Change, writes: Sequence[PutJournal] = ()) -> Change:
        """The change that goes into one transaction with these writes. Raises RowForged or KeyMissing."""
        signer = self._signed.signer
        if signer is None:
            return change
        known = list(self._journal_signatures(partition, change) or ())
        for write in writes:
            step = write.entry.step
            known[step : step + 1] = [str(self._row(partition, write).columns["signature"])]
        signature = signer.sign_row("journal", partition, f"change-{change.id}", known)
        return replace(change, journal_head=JournalHead(tuple(known), signature))

    def _journal_signatures(self, partition: str, change: Change) -> tuple[str, ...] | None:
        """None where nothing is signed, and of a change that never started."""
        head, signer = change.journal_head, self._signed.signer
        if signer is None or (head is None and change.start is None):
            return None
        head = head or JournalHead((), "")
        signer.verify_row("journal", partition, f"change-{change.id}", list(head.rows), head.signature)
        return head.rows

    def audit(self, partition: str, since: datetime | None = None) -> tuple[AuditLine, ...]:
        """Oldest first; ``since``: only lines from that time on."""
        rows = self._table.rows(AuditLine, partition, "audit-", sortable(since) if since else "")
        return tuple(stored.value for _, stored in rows)

    def proven_audit(self, partition: str, subject: str, since: datetime) -> tuple[AuditLine, ...]:
        """See ``AuditChain.proven_lines``."""
        return self._audit.proven_lines(partition, subject, since)

    def newest_root(self, now: datetime) -> DayRoot | None:
        """The last day root of the audit, of this week."""
        return self._audit.newest_root(now)

    def incidents(self, partition: str) -> tuple[Incident, ...]:
        return tuple(stored.value for _, stored in self._table.rows(Incident, partition, "incident-"))

    def stored_changes(self, partition: str) -> tuple[Stored[Change], ...]:
        return tuple(stored for _, stored in self._table.rows(Change, partition, "change-"))

    def changes(self, partition: str) -> tuple[Change, ...]:
        return tuple(stored.value for stored in self.stored_changes(partition))

    def changes_in(self, states: Sequence[ChangeState]) -> tuple[Change, ...]:
        """Changes of all clusters in one of these states."""
        condition = " or ".join(f"state eq '{state.value.replace(chr(39), chr(39) * 2)}'" for state in states)
        return tuple(from_columns(Change, row) for row in self._table.query(f"kind eq 'change' and ({condition})"))

    def due(self, kinds: str | tuple[str, ...], at: datetime, most: int = 500) -> tuple[Key, ...]:
        """Keys of due rows of these kinds (``outbox``, ``change``, ``incident``)."""
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        return self._due.due(tuple(f"{kind}-" for kind in kinds), at, most)

    def waiting_outbox(self, most: int = 5000) -> tuple[WaitingMessage, ...]:
        """Messages in any outbox, due now or later."""
        return tuple(
            WaitingMessage(key.partition, moment_of(key.row.split("-")[1]), due_at)
            for key, due_at in self._due.waiting("outbox-", most)
        )

    def commit(self, cluster_id: str, writes: Sequence[Put | PutJournal]) -> None:
        """All writes or none. Raises StoreConflict if a row does not match its ``etag``, else StoreUnavailable."""
        self.commit_in(cluster_key(cluster_id), writes)

    def commit_in(
        self, partition: str, writes: Sequence[Put | PutJournal], deleted: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        """The same for a known partition. Returns the rows' new ETags, in the order of ``writes``."""
        rows = [self._row(partition, write) for write in writes]
        rows += [Row(key, None, etag, is_deleted=True) for key, etag in (deleted or {}).items()]
        if len(rows) > MOST_WRITES:
            raise ValueError(f"a transaction holds at most {MOST_WRITES} writes, not {len(rows)}")
        self._due.add(partition, rows)
        return self._audit.commit(partition, rows)

    def _row(self, partition: str, write: Put | PutJournal) -> Row:
        row = row_of(write)
        kind = row.columns["kind"]
        return self._signed.signed(kind, partition, row) if kind in _SIGNED else row

    def commit_with_audit(self, partition: str, writes: Sequence[Put | PutJournal], lines: Sequence[Put]) -> None:
        """Audit lines that don't fit into the transaction are written before it, so that none is lost."""
        rest = lines[max(0, MOST_WRITES - len(writes)) :]
        for start in range(0, len(rest), MOST_WRITES):
            self.commit_in(partition, rest[start : start + MOST_WRITES])
        self.commit_in(partition, [*writes, *lines[: len(lines) - len(rest)]])

    def delete_outbox(self, partition: str, message: OutboxMessage) -> None:
        """Remove a delivered message; it may be gone already."""
        row = row_of(Put(message)).key
        self._table.delete(partition, row)
        self._due.remove(Key(partition, row), {message.created_at, message.due_at or message.created_at})

    def next_partition(self, after: str) -> str | None:
        """The first partition after ``after``; None at the end."""
        return self._table.next_partition(after)

    def delete_old_messages(self, partition: str, before: datetime) -> int:
        """How many rows: messages of before that moment, given up, and where those went that rest since then; and
        sockets that were pasted before.
        """
        rows = self._table.rows(OutboxMessage, partition, "outbox-")
        keys = [key for key, stored in rows if stored.value.due_at is None and stored.value.created_at < before]
        posts = self._table.rows(ChatPost, partition, "post-")
        keys += [key for key, stored in posts if stored.value.shown_at < before]
        notified_channels = self._table.rows(NotifiedChannels, partition, "notified-")
        keys += [key for key, stored in notified_channels if stored.value.notified_at < before]
        pasted = self._table.rows(PastedSockets, partition, "sockets-")
        keys += [key for key, stored in pasted if stored.value.pasted_at < before]
        self._table.delete_all(partition, keys)
        return len(keys)

    def delete_change(self, partition: str, change_id: str) -> int:
        """Delete a change with its decision and journal, all or none; returns how many rows."""
        journal = [row["RowKey"] for row in self._table.columns(partition, f"journal-{change_id}-")]
        self._table.delete_all(partition, [f"change-{change_id}", *journal])
        return 1 + len(journal)

    def delete_incident(self, partition: str, incident_id: str) -> int:
        self._table.delete(partition, f"incident-{incident_id}")
        return 1

    def delete_cluster(self, partition: str, cluster: Stored[ClusterRecord]) -> int:
        """Raises StoreConflict if the row was written since it was read."""
        self._table.delete(partition, "cluster", cluster.etag)
        return 1
