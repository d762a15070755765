"""The incidents, changes and audit lines of one cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...model.audit import AuditLine
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
