"""The incidents, changes and audit lines of one cluster."""

from dataclasses import dataclass, replace
from datetime import datetime

from ...model.audit import ALL_STOPPED, STOP_LIFTED, AuditLine
from ...model.change import Change, JournalEntry
from ...model.incident import ClusterRecord, Incident
from ...store.records import ALL_CHANGES, Records


@dataclass(frozen=True, slots=True)
class History:
    """Each in chronological order."""

    record: ClusterRecord | None
    incidents: tuple[Incident, ...]
    changes: tuple[Change, ...]
    journals: dict[str, tuple[JournalEntry, ...]]  # by change id
    audit: tuple[AuditLine, ...]  # also the stops of all changes


def read_history(
    records: Records, partition: str, *, since: datetime | None = None, with_journals: bool = True
) -> History:
    """``since``: of the audit only lines from then on."""
    stored = records.cluster_in(partition)
    changes = tuple(sorted(records.changes(partition), key=lambda change: change.proposed_at))
    journals = {}
    for change in changes if with_journals else ():
        journal = records.journal(partition, change.id)
        journals[change.id] = tuple(journal[step].value for step in sorted(journal))
    lines = (*records.audit(partition, since), *records.audit(ALL_CHANGES, since))
    return History(
        record=stored.value if stored else None,
        incidents=tuple(sorted(records.incidents(partition), key=lambda incident: incident.opened_at)),
        changes=changes,
        journals=journals,
        audit=tuple(sorted(lines, key=lambda line: line.at)),
    )


def read_histories(records: Records, after: str, most: int) -> tuple[list[History], str]:
    """The next clusters with records after this partition, and the last partition that was looked at; empty at the end.

    Without the stops of all changes, which belong to no cluster.
    """
    found: list[History] = []
    partition: str | None = after
    while len(found) < most:
        partition = records.next_partition(partition or "")
        if partition is None:
            return found, ""
        if records.cluster_in(partition) is not None:
            history = read_history(records, partition)
            own = tuple(line for line in history.audit if line.event not in (ALL_STOPPED, STOP_LIFTED))
            found.append(replace(history, audit=own))
    return found, partition or ""
