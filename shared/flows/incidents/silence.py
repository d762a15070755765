"""Silence a cluster: scans continue, and incidents that are open afterwards are posted then."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ... import user_input
from ...chat import incident_messages
from ...clock import Clock
from ...errors import BadInput
from ...formatting import utc
from ...ids import cluster_key
from ...model.identity import Approver
from ...model.incident import ClusterRecord
from ...model.resource_id import ArmId
from ...model.text import Text
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import retry_on_conflict
from ...store.records import Put, Records
from ..notification.outbox import Outbox, audit

LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Silence:
    records: Records
    active_clusters: ActiveClusterIndex
    outbox: Outbox
    clock: Clock

    def begin(self, cluster_id: ArmId, until: datetime, by: Approver, now: datetime) -> ClusterRecord:
        """Raises BadInput if nobody is named, or the end is in the past or more than 30 days ahead."""
        if not now < until <= now + LONGEST:
            raise BadInput(Text("until is {until}; it must be after {now} and within 30 days", until=until, now=now))
        return self._write(cluster_id, until, user_input.person(by), now)

    def end(self, cluster_id: ArmId, by: Approver, now: datetime) -> ClusterRecord:
        """Works without a silence too. Raises BadInput if nobody is named."""
        return self._write(cluster_id, None, user_input.person(by), now)

    def present(self, now: datetime) -> list[ClusterRecord]:
        """Of each silenced cluster, by name. Each active cluster is read: see ActiveClusterIndex."""
        found = [self.records.cluster_in(key) for key in self.active_clusters.entries()]
        silenced = [stored.value for stored in found if stored is not None and stored.value.is_silenced(now)]
        return sorted(silenced, key=lambda record: (record.cluster_name.lower(), record.cluster_id))

    def _write(self, cluster_id: ArmId, until: datetime | None, by: str, now: datetime) -> ClusterRecord:
        return retry_on_conflict(lambda: self._write_once(cluster_id, until, by, now))

    def _write_once(self, cluster_id: ArmId, until: datetime | None, by: str, now: datetime) -> ClusterRecord:
        stored = self.records.cluster(cluster_id)
        record = stored.value if stored else ClusterRecord(cluster_id, cluster_id.name)
        silenced = replace(record, silenced_until=until, silenced_by=by if until else "")
        incident = self.records.incident(cluster_id, record.incident_id) if record.incident_id else None
        is_open = incident is not None and incident.value.is_open
        self.active_clusters.add(cluster_key(cluster_id), is_open=is_open)
        writes = [
            Put(silenced, stored.etag if stored else None),
            audit(now, by, f"silenced until {utc(until)}" if until else "silence ended", record.cluster_name),
        ]
        if incident is not None and is_open and incident.value.notified_severity is not None:
            message = incident_messages.incident_silenced(incident.value, until, by)
            writes += self.outbox.rows(record.cluster_name, message, self.clock.wall())
        self.records.commit(cluster_id, writes)
        return silenced


def moment_from(until: str, minutes: str, now: datetime) -> datetime:
    """The end of a silence from a person's input. Raises BadInput unless exactly one of the two is usable."""
    until, minutes = until.strip(), minutes.strip()
    if bool(until) == bool(minutes):
        raise BadInput(Text("give either minutes=<number> or until=<time with zone, such as 2026-12-24T18:00Z>"))
    if minutes:
        return now + timedelta(minutes=user_input.whole_number("minutes", minutes, 1, LONGEST // timedelta(minutes=1)))
    return user_input.moment("until", until)
