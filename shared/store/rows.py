"""The rows of records: what is written, under which key, with which columns for queries."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..model.audit import AuditLine, ChatPost, NotifiedChannels, OutboxMessage
from ..model.change import Change, JournalEntry
from ..model.coverage import FleetRecord
from ..model.incident import ClusterRecord, Incident
from ..model.sockets import PastedSockets
from .audit_rows import row_of_line
from .due_index import sortable
from .table import Row


@dataclass(frozen=True, slots=True)
class Put:
    value: (
        ClusterRecord
        | Incident
        | Change
        | AuditLine
        | OutboxMessage
        | ChatPost
        | NotifiedChannels
        | FleetRecord
        | PastedSockets
    )
    etag: str | None = None  # None: the row must not exist yet; else it must be unchanged


@dataclass(frozen=True, slots=True)
class PutJournal:
    change_id: str
    entry: JournalEntry
    etag: str | None = None  # as in Put


def row_of(write: Put | PutJournal) -> Row:
    """Keys of messages sort by age."""
    if isinstance(write, PutJournal):
        key = f"journal-{write.change_id}-{write.entry.step:03d}"
        return Row(key, write.entry, write.etag, {"kind": "journal"})
    value = write.value
    match value:
        case ClusterRecord():
            key, columns = "cluster", {"kind": "cluster", "name": value.cluster_name}
        case Incident():
            key = f"incident-{value.id}"
            columns = {"kind": "incident", "state": value.state.value, **_due(value.plan_due_at)}
        case Change():
            key = f"change-{value.id}"
            columns = {"kind": "change", "state": value.state.value, **_due(value.due_at)}
        case FleetRecord():
            key, columns = "fleet", {"kind": "fleet"}
        case AuditLine():
            return row_of_line(value)
        case OutboxMessage():
            key = f"outbox-{sortable(value.created_at)}-{value.id}"
            columns = {"kind": "outbox", **_due(value.due_at)}
        case ChatPost():
            key, columns = f"post-{value.channel}-{value.subject}", {"kind": "post"}
        case NotifiedChannels():
            key, columns = f"notified-{value.subject}", {"kind": "notified"}
        case PastedSockets():
            key, columns = f"sockets-{value.incident_id}", {"kind": "sockets"}
    return Row(key, value, write.etag, columns)


def _due(at: datetime | None) -> dict[str, Any]:
    """A row without ``due_at`` is never due."""
    return {} if at is None else {"due_at": at.astimezone(UTC)}
