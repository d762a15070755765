"""The answer to an incident: an exact plan to decide on, or why there is none. Made after the alarm is out.

A plan takes many requests to Azure, so it has a turn of its own, and no alarm and no other cluster waits for it. An
incident that wants one says when (``plan_due_at``). Whoever works on it first puts that off, so that others leave it
alone and a failure comes up again; the next tick hands out what is still due.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...chat import change_messages, incident_messages
from ...core.planning.request import PlanRequest
from ...errors import SnatbotError
from ...ids import new_id
from ...model.change import IN_FLIGHT, Change
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...store.errors import StoreConflict
from ...store.records import Put, Records, Stored
from ...store.retry import retry_on_conflict
from ..notification.outbox import Outbox, audit
from ..planning.plan import Planner
from .propose import Propose, planned, refuse_too_many, retire_proposals

log = logging.getLogger("snatbot.approval")
TRY_AGAIN_AFTER = timedelta(minutes=5)  # when no plan could be made


class IncidentProposer:
    def __init__(self, planner: Planner, propose: Propose, records: Records, outbox: Outbox, links: Links) -> None:
        self._planner = planner
        self._propose = propose
        self._records = records
        self._outbox = outbox
        self._links = links

    def run(self, partition: str, incident_id: str, now: datetime, wall: datetime) -> Change | None:
        """Plans against one incident, and tells people. Doubled or late calls do no harm.

        None: no plan is wanted any more, none can be carried out (which is told, with the reasons), or none could be
        made just now. Raises StoreError.
        """
        with suppress(StoreConflict):  # others write all the time: due still, and the next tick asks again
            incident = retry_on_conflict(lambda: self._claimed(partition, incident_id, now))
            change = self._planned(partition, incident, now) if incident else None
            if change is not None:
                return retry_on_conflict(lambda: self._told(partition, change, now, wall))
        return None

    def _planned(self, partition: str, incident: Incident, now: datetime) -> Change | None:
        request, others = PlanRequest(None, new_id(), incident.id), self._records.changes(partition)
        try:
            plan = self._planner.plan_cluster(incident.cluster_id, now, request)
            change = self._propose.new_change(plan, now, "snatbot", incident, request.id)
            refuse_too_many(others, change, now)
        except SnatbotError as error:
            log.warning("%s: no plan could be offered: %s", incident.cluster_name, error)
            return None
        return change

    def _claimed(self, partition: str, incident_id: str, now: datetime) -> Incident | None:
        """The incident, if it wants a plan now and nobody else is making it."""
        stored = self._records.incident_in(partition, incident_id)
        if stored is None or not _is_due(stored.value, now) or self._is_answered(partition):
            return None
        claimed = replace(stored.value, plan_due_at=now + TRY_AGAIN_AFTER)
        self._records.commit_in(partition, [Put(claimed, stored.etag)])
        return claimed

    def _told(self, partition: str, change: Change, now: datetime, wall: datetime) -> Change | None:
        """The proposal, or why there is none, unless the incident has ended or been answered meanwhile."""
        stored = self._records.incident_in(partition, change.incident_id or "")
        if stored is None or stored.value.plan_due_at is None or self._is_answered(partition):
            return None
        record = self._records.cluster(change.cluster_id)
        if record is None or record.value.is_silenced(now):
            return None  # due again in a while
        self._records.commit_in(partition, self._writes(partition, change, stored, record, now, wall))
        return change if change.plan.is_executable else None

    def _writes(
        self,
        partition: str,
        change: Change,
        incident: Stored[Incident],
        record: Stored[ClusterRecord],
        now: datetime,
        wall: datetime,
    ) -> list[Put]:
        done = Put(replace(incident.value, plan_due_at=None), incident.etag)
        if not change.plan.is_executable:
            message = incident_messages.incident_advised(incident.value, change.plan)
            return [done, *self._outbox.rows(change.cluster_name, message, wall)]
        message = change_messages.change_proposed(change, self._links.page(change))
        return [
            done,
            Put(change),
            Put(planned(record.value, change), record.etag),
            audit(now, "snatbot", "change proposed", change.id, change.plan.summary),
            *retire_proposals(self._records, partition, change),
            *self._outbox.rows(change.cluster_name, message, wall),
        ]

    def _is_answered(self, partition: str) -> bool:
        return any(change.state in IN_FLIGHT for change in self._records.changes(partition))


def _is_due(incident: Incident, now: datetime) -> bool:
    is_open = incident.state is IncidentState.OPEN
    return is_open and incident.plan_due_at is not None and incident.plan_due_at <= now
