"""Clusters, incidents, changes, journals, audit and outbox: one partition per cluster.

A transition, its audit line and its outbox rows are one entity-group transaction: all of it is written or nothing,
and only if nobody else wrote the record in between (its ETag).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..ids import cluster_key
from ..model.audit import AuditLine, OutboxMessage
from ..model.change import Change, ChangeState, JournalEntry
from ..model.coverage import FleetRecord
from ..model.incident import ClusterRecord, Incident
from .codec import from_columns, to_columns
from .errors import translated

if TYPE_CHECKING:
    from .table import Tables

T = TypeVar("T")
_MOST_IN_ONE_TRANSACTION = 100
FLEET_PARTITION = cluster_key("the fleet as a whole")
ALL_CHANGES = "global"  # of the stop flag, and the audit lines of whoever set it


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A record and the ETag it was read with."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Put:
    """Write ``value``. With ``etag`` None the row must not exist yet; otherwise it must be unchanged since."""

    value: ClusterRecord | Incident | Change | AuditLine | OutboxMessage | FleetRecord
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class PutJournal:
    """Write one step's journal entry. ``etag`` as in Put."""

    change_id: str
    entry: JournalEntry
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """Where a record is: all that a queue message carries."""

    partition: str
    row: str


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that was not delivered yet, and not given up."""

    partition: str
    created_at: datetime
    due_at: datetime


class Records:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def cluster(self, cluster_id: str) -> Stored[ClusterRecord] | None:
        return self._get(ClusterRecord, cluster_key(cluster_id), "cluster")

    def cluster_in(self, partition: str) -> Stored[ClusterRecord] | None:
        return self._get(ClusterRecord, partition, "cluster")

    def incident(self, cluster_id: str, incident_id: str) -> Stored[Incident] | None:
        return self._get(Incident, cluster_key(cluster_id), f"incident-{incident_id}")

    def incident_in(self, partition: str, incident_id: str) -> Stored[Incident] | None:
        return self._get(Incident, partition, f"incident-{incident_id}")

    def change(self, partition: str, change_id: str) -> Stored[Change] | None:
        return self._get(Change, partition, f"change-{change_id}")

    def fleet(self) -> Stored[FleetRecord] | None:
        """What is remembered of the fleet as a whole; its messages and audit lines are in the same partition."""
        return self._get(FleetRecord, FLEET_PARTITION, "fleet")

    def outbox(self, partition: str) -> tuple[Stored[OutboxMessage], ...]:
        """Messages that are still to be delivered, oldest first."""
        rows = self._range(partition, "outbox-")
        return tuple(Stored(from_columns(OutboxMessage, row), str(row.metadata["etag"])) for row in rows)

    def journal(self, partition: str, change_id: str) -> dict[int, Stored[JournalEntry]]:
        """Step number to entry."""
        rows = self._range(partition, f"journal-{change_id}-")
        entries = (Stored(from_columns(JournalEntry, row), str(row.metadata["etag"])) for row in rows)
        return {stored.value.step: stored for stored in entries}

    def audit(self, partition: str) -> tuple[AuditLine, ...]:
        """Oldest first."""
        return tuple(from_columns(AuditLine, row) for row in self._range(partition, "audit-"))

    def audit_since(self, partition: str, at: datetime) -> tuple[AuditLine, ...]:
        """Lines from this moment on, oldest first."""
        rows = self._range(partition, "audit-", since=f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}")
        return tuple(from_columns(AuditLine, row) for row in rows)

    def incidents(self, partition: str) -> tuple[Incident, ...]:
        return tuple(from_columns(Incident, row) for row in self._range(partition, "incident-"))

    def changes(self, partition: str) -> tuple[Change, ...]:
        return tuple(from_columns(Change, row) for row in self._range(partition, "change-"))

    def changes_in(self, states: Sequence[ChangeState]) -> tuple[Change, ...]:
        """Changes of every cluster that are in one of these states."""
        condition = " or ".join(f"state eq '{state.value.replace(chr(39), chr(39) * 2)}'" for state in states)
        with translated("query changes"):
            rows = self._tables.records().query_entities(f"kind eq 'change' and ({condition})")
            return tuple(from_columns(Change, row) for row in rows)

    def due(self, kinds: str | tuple[str, ...], at: datetime, most: int = 500) -> tuple[Key, ...]:
        """Keys of the rows of one kind or several (``outbox``, ``change``, ``incident``) that are due, in no order."""
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        these = " or ".join(f"kind eq '{kind}'" for kind in kinds)
        with translated(f"query due {' and '.join(kinds)} rows"):
            rows = self._tables.records().query_entities(
                f"({these}) and due_at le @at",
                parameters={"at": at.astimezone(UTC)},
                select=["PartitionKey", "RowKey"],
                results_per_page=most,
            )
            return tuple(Key(row["PartitionKey"], row["RowKey"]) for row, _ in zip(rows, range(most), strict=False))

    def waiting_outbox(self, most: int = 5000) -> tuple[WaitingMessage, ...]:
        """Messages that wait in any outbox, due now or later."""
        with translated("query waiting messages"):
            rows = self._tables.records().query_entities(
                "kind eq 'outbox' and due_at ge @ever",
                parameters={"ever": datetime(2000, 1, 1, tzinfo=UTC)},
                select=["PartitionKey", "RowKey", "due_at"],
            )
            return tuple(
                WaitingMessage(row["PartitionKey"], _created_at(row["RowKey"]), row["due_at"])
                for row, _ in zip(rows, range(most), strict=False)
            )

    def commit(self, cluster_id: str, writes: Sequence[Put | PutJournal]) -> None:
        """All writes or none. Raises StoreConflict when a row is not as ``etag`` says, StoreUnavailable otherwise."""
        self.commit_in(cluster_key(cluster_id), writes)

    def commit_in(self, partition: str, writes: Sequence[Put | PutJournal]) -> tuple[str, ...]:
        """The same for a known partition. Returns the rows' new ETags, in the order of ``writes``."""
        operations = list(_operations(partition, writes))
        if len(operations) > _MOST_IN_ONE_TRANSACTION:
            raise ValueError(f"a transaction holds at most {_MOST_IN_ONE_TRANSACTION} writes, not {len(operations)}")
        with translated("commit"):
            answers = self._tables.records().submit_transaction(operations)
        return tuple(str(answer["etag"]) for answer in answers)

    def delete_outbox(self, partition: str, message: OutboxMessage) -> None:
        """Takes a delivered message out; it is no error when it is gone already."""
        with translated("delete outbox row"):
            self._tables.records().delete_entity(partition, _outbox_row(message))

    def _get(self, kind: type[T], partition: str, row_key: str) -> Stored[T] | None:
        from azure.core.exceptions import ResourceNotFoundError

        with translated(f"read {row_key.partition('-')[0]}"):
            try:
                row = self._tables.records().get_entity(partition, row_key)
            except ResourceNotFoundError:
                return None
        return Stored(from_columns(kind, row), str(row.metadata["etag"]))

    def _range(self, partition: str, prefix: str, since: str = "") -> Iterator[Any]:
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        with translated(f"list {prefix.partition('-')[0]}"):
            yield from self._tables.records().query_entities(
                "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end",
                parameters={"partition": partition, "start": prefix + since, "end": end},
            )


def _operations(partition: str, writes: Iterable[Put | PutJournal]) -> Iterator[Any]:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    for write in writes:
        row = {"PartitionKey": partition, **columns_of(write)}
        if write.etag is None:
            yield ("create", row)
        else:
            yield (
                "update",
                row,
                {"mode": UpdateMode.REPLACE, "etag": write.etag, "match_condition": MatchConditions.IfNotModified},
            )


def columns_of(write: Put | PutJournal) -> dict[str, Any]:
    """A row without its partition."""
    if isinstance(write, PutJournal):
        return {
            "RowKey": f"journal-{write.change_id}-{write.entry.step:03d}",
            "kind": "journal",
            **to_columns(write.entry),
        }
    value = write.value
    content = to_columns(value)
    match value:
        case ClusterRecord():
            return {"RowKey": "cluster", "kind": "cluster", "name": value.cluster_name, **content}
        case Incident():
            return {
                "RowKey": f"incident-{value.id}",
                "kind": "incident",
                "state": value.state.value,
                **_due(value.plan_due_at),
                **content,
            }
        case Change():
            return {
                "RowKey": f"change-{value.id}",
                "kind": "change",
                "state": value.state.value,
                **_due(value.due_at),
                **content,
            }
        case FleetRecord():
            return {"RowKey": "fleet", "kind": "fleet", **content}
        case AuditLine():
            return {"RowKey": f"audit-{value.at:%Y%m%dT%H%M%S%f}-{value.id}", "kind": "audit", **content}
        case OutboxMessage():
            return {"RowKey": _outbox_row(value), "kind": "outbox", **_due(value.due_at), **content}


def _outbox_row(message: OutboxMessage) -> str:
    """Sorts by age."""
    return f"outbox-{message.created_at:%Y%m%dT%H%M%S%f}-{message.id}"


def _created_at(row_key: str) -> datetime:
    """The other way round."""
    return datetime.strptime(row_key.split("-")[1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def _due(at: datetime | None) -> dict[str, Any]:
    """A row without ``due_at`` is never due."""
    return {} if at is None else {"due_at": at.astimezone(UTC)}
