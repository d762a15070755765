"""What storage holds about one cluster, and what a scan saw of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.associations import Associations, associations, next_association
from ...core.incidents.transition import Effect, IncidentTransition
from ...ids import cluster_key
from ...model.assessment import Assessment
from ...model.change import IN_FLIGHT, PENDING, Change
from ...model.cluster_status import OpenWork
from ...model.incident import ClusterRecord, Incident
from ...model.resource_id import ArmId
from ...store.records import Records, Stored


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What storage holds about one cluster."""

    record: ClusterRecord
    etag: str | None  # None: no row yet
    stored_incident: Stored[Incident] | None
    changes: tuple[Change, ...]
    associations: Associations = field(default_factory=Associations)

    @property
    def incident(self) -> Incident | None:
        """The last incident, open or cleared."""
        return self.stored_incident.value if self.stored_incident else None

    @property
    def is_change_in_flight(self) -> bool:
        return any(change.state in IN_FLIGHT for change in self.changes)


def read_state(records: Records, cluster_id: ArmId, cluster_name: str) -> ClusterState:
    """Raises StoreError."""
    stored = records.cluster(cluster_id)
    record = stored.value if stored else ClusterRecord(cluster_id, cluster_name)
    incident = records.incident(cluster_id, record.incident_id) if record.incident_id else None
    changes = records.changes(cluster_key(cluster_id)) if record.change_id else ()
    subnets = associations(changes, _writing(records, changes))
    return ClusterState(record, stored.etag if stored else None, incident, changes, subnets)


def _writing(records: Records, changes: Sequence[Change]) -> frozenset[str]:
    """Changes that may have written a subnet that they did not read back yet, by their journals."""
    found = []
    for change in filter(next_association, changes):
        entry = records.journal(cluster_key(change.cluster_id), change.id).get(change.step)
        found += [change.id] if entry is not None and entry.value.was_written else []
    return frozenset(found)


def open_work(incident: Incident | None, changes: Sequence[Change]) -> OpenWork:
    pending = [change for change in changes if change.state in PENDING]
    change = max(pending, key=lambda change: (change.state in IN_FLIGHT, change.proposed_at), default=None)
    is_open = incident is not None and incident.is_open
    return OpenWork(
        incident.id if incident is not None and is_open else "",
        change.id if change else "",
        change.state if change else None,
    )


@dataclass(frozen=True, slots=True)
class Observation:
    assessment: Assessment
    is_maintenance: bool = False  # nothing is posted now

    @property
    def key(self) -> str:
        return cluster_key(self.assessment.cluster.id)

    @property
    def has_news(self) -> bool:
        return bool(self.assessment.alarms) or self.assessment.is_unexplained


def is_worth_a_write(transition: IncidentTransition, state: ClusterState) -> bool:
    """Without an open incident clean minutes are not stored: the next scan counts the same minutes again."""
    if transition.effect is not Effect.NOTHING or transition.message is not Effect.NOTHING:
        return True
    incident = transition.incident
    is_open = incident is not None and incident.is_open
    return is_open and (incident != state.incident or transition.record != state.record)
