"""Clear the incidents of deleted clusters and withdraw their proposals.

An unlisted cluster may only be invisible to this app's identity, so Resource Manager is asked about each active one.
Without its answer nothing changes.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from ...chat import fleet_messages
from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...core.incidents.lifecycle import end_unscanned
from ...core.incidents.transition import Effect
from ...ids import cluster_key
from ...model.change import IN_FLIGHT
from ...model.fleet import Fleet
from ...model.incident import ClusterRecord
from ...model.text import Text
from ...store.active_clusters import ActiveClusterIndex
from ...store.errors import StoreConflict
from ...store.records import Put, Records, Stored
from ..approval.propose import withdraw_proposals
from ..notification.outbox import Outbox, audit

log = logging.getLogger("snatbot.watch")
MOST_ASKED = 20  # per tick, open incidents first; the next tick asks about others
DELETED = Text("the cluster was deleted")


@dataclass(frozen=True, slots=True)
class DeletedClusters:
    records: Records
    active_clusters: ActiveClusterIndex
    discovery: FleetDiscovery
    outbox: Outbox

    def end_incidents(self, fleet: Fleet, now: datetime, wall: datetime) -> None:
        """``fleet`` must be the newest list. Raises StoreError."""
        listed = {cluster_key(target.cluster.id) for target in fleet.clusters}
        missing = [(not is_open, key) for key, is_open in self.active_clusters.entries().items() if key not in listed]
        for _, key in sorted(missing)[:MOST_ASKED]:
            stored = self.records.cluster_in(key)
            if stored is None or self._has_change_in_flight(key, stored.value) or not self._is_gone(stored.value):
                continue
            try:
                self._end(key, stored, now, wall)
            except StoreConflict:
                log.info("%s: another worker has closed its incident", stored.value.cluster_name)
            self.active_clusters.remove(key)

    def _has_change_in_flight(self, key: str, record: ClusterRecord) -> bool:
        return bool(record.change_id) and any(change.state in IN_FLIGHT for change in self.records.changes(key))

    def _is_gone(self, record: ClusterRecord) -> bool:
        try:
            return self.discovery.is_gone(record.cluster_id)
        except AzureError as error:
            log.warning("%s: could not check if it was deleted: %s", record.cluster_name, error)
            return False

    def _end(self, key: str, cluster: Stored[ClusterRecord], now: datetime, wall: datetime) -> None:
        record = cluster.value
        incident = self.records.incident_in(key, record.incident_id) if record.incident_id else None
        if incident is None or not incident.value.is_open:
            return
        transition = end_unscanned(record, incident.value, DELETED, now, is_change_in_flight=False)
        closed = transition.incident
        assert closed is not None
        withdrawn = withdraw_proposals(self.records, key, closed, now)
        message = None
        if transition.message is Effect.CLEARED:
            message = fleet_messages.monitoring_ended(closed, now, is_withdrawn=bool(withdrawn))
        writes = [
            Put(record, cluster.etag),
            Put(closed, incident.etag),
            audit(now, "snatbot", "incident cleared", closed.id, DELETED),
            *withdrawn,
            *self.outbox.rows(record.cluster_name, message, wall),
        ]
        self.records.commit_in(key, writes)
        log.info("%s: %s, its incident is closed", record.cluster_name, DELETED)
