"""Everything that is stored about one incident, for its page."""

from dataclasses import dataclass

from ...errors import NotFoundHere
from ...model.audit import AuditLine, NotifiedChannels
from ...model.change import Change
from ...model.incident import Incident
from ...model.sockets import PastedSockets
from ...model.text import Text
from ...store.records import Records


@dataclass(frozen=True, slots=True)
class Story:
    incident: Incident
    changes: tuple[Change, ...]  # in chronological order, like the next
    audit: tuple[AuditLine, ...]  # of the incident and its changes
    notified: tuple[NotifiedChannels, ...]  # channels with a message about the incident, or about one of its changes
    sockets: PastedSockets | None = None


def read_story(records: Records, partition: str, incident_id: str) -> Story:
    """Raises NotFoundHere."""
    stored = records.incident_in(partition, incident_id)
    if stored is None:
        raise NotFoundHere(Text("There is no such incident here; 30 days after its end it is deleted."))
    incident = stored.value
    found = (change for change in records.changes(partition) if change.incident_id == incident_id)
    changes = tuple(sorted(found, key=lambda change: change.proposed_at))
    subjects = (incident_id, *(change.id for change in changes))
    lines = records.audit(partition, incident.opened_at)
    notified = (records.notified_channels(partition, subject) for subject in subjects)
    return Story(
        incident,
        changes,
        tuple(line for line in lines if line.subject in subjects),
        tuple(stored.value for stored in notified if stored),
        records.pasted_sockets(partition, incident_id),
    )
