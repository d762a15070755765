"""After an incident's alarm, propose an exact plan, or say why there is none.

A plan takes many requests to Azure, so it has its own queue message: no alarm and no other cluster waits for it.
``plan_due_at`` of an incident is the time when it needs a plan. A worker first moves that time ahead, so that no other
worker plans too, and so that a later tick tries again after a failure.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...chat import change_messages, incident_messages
from ...clock import Instant
from ...core.planning.request import PlanRequest
from ...errors import SnatbotError
from ...ids import new_id
from ...model.change import IN_FLIGHT, Change
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...store.errors import StoreConflict, retry_on_conflict
from ...store.records import Put, Records, Stored
from ..notification.outbox import Outbox
from .propose import Propose, proposal_writes, retire_proposals

log = logging.getLogger("snatbot.approval")
TRY_AGAIN_AFTER = timedelta(minutes=5)  # after a failure to plan


@dataclass(frozen=True, slots=True)
class IncidentProposer:
    propose: Propose
    records: Records
    outbox: Outbox
    links: Links

    def run(self, partition: str, incident_id: str, at: Instant) -> Change | None:
        """Plan for one incident, and notify people. Duplicate or late calls are harmless.

        None: no plan is needed any more, none can be executed (people get the reasons), or planning failed. Raises
        StoreError.
        """
        with suppress(StoreConflict):  # still due: the next tick tries again
            incident = retry_on_conflict(lambda: self._claimed(partition, incident_id, at.domain))
            change = self._planned(incident, at.domain) if incident else None
            if change is not None:
                return retry_on_conflict(lambda: self._answered(partition, change, at))
        return None

    def _planned(self, incident: Incident, now: datetime) -> Change | None:
        request = PlanRequest(None, new_id(), incident.id)
        try:
            return self.propose.planned(request, incident, now, "snatbot", request.id)
        except SnatbotError as error:
            log.warning("%s: could not propose a plan: %s", incident.cluster_name, error)
            return None

    def _claimed(self, partition: str, incident_id: str, now: datetime) -> Incident | None:
        """The incident, if it needs a plan now and no other worker makes one."""
        stored = self.records.incident_in(partition, incident_id)
        if stored is None or not _is_due(stored.value, now) or self._is_answered(partition):
            return None
        claimed = replace(stored.value, plan_due_at=now + TRY_AGAIN_AFTER)
        self.records.commit_in(partition, [Put(claimed, stored.etag)])
        return claimed

    def _answered(self, partition: str, change: Change, at: Instant) -> Change | None:
        """The proposal or advice, unless the incident ended or got a plan meanwhile."""
        stored = self.records.incident_in(partition, change.incident_id or "")
        if stored is None or stored.value.plan_due_at is None or self._is_answered(partition):
            return None
        record = self.records.cluster(change.cluster_id)
        if record is None or record.value.is_silenced(at.domain):
            return None  # due again later
        self.records.commit_in(partition, self._writes(partition, change, stored, record, at))
        return change if change.plan.is_executable else None

    def _writes(
        self, partition: str, change: Change, incident: Stored[Incident], record: Stored[ClusterRecord], at: Instant
    ) -> list[Put]:
        done = Put(replace(incident.value, plan_due_at=None), incident.etag)
        if not change.plan.is_executable:
            message = incident_messages.incident_advised(incident.value, change.plan)
            return [done, *self.outbox.rows(change.cluster_name, message, at.wall)]
        message = change_messages.change_proposed(change, self.links.page(change))
        return [
            done,
            *proposal_writes(change, record, "snatbot", at.domain),
            *retire_proposals(self.records, partition, change),
            *self.outbox.rows(change.cluster_name, message, at.wall),
        ]

    def _is_answered(self, partition: str) -> bool:
        return any(change.state in IN_FLIGHT for change in self.records.changes(partition))


def _is_due(incident: Incident, now: datetime) -> bool:
    is_open = incident.state is IncidentState.OPEN
    return is_open and incident.plan_due_at is not None and incident.plan_due_at <= now
