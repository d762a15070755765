"""A new plan after a change ended without effect: for the same incident and the present network."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace

from ...auth.links import Links
from ...chat import waiting_messages
from ...clock import Clock, Instant
from ...core.planning.request import PlanRequest, request_of
from ...core.remediation.state_machine import Event, next_state
from ...errors import Refused, SnatbotError
from ...ids import cluster_key
from ...model.change import IN_FLIGHT, Change
from ...model.incident import Incident
from ...model.plan import CURES, PlanKind
from ...model.text import Text
from ...store.errors import StoreConflict, retry_on_conflict
from ...store.records import Put, Records, Stored
from ..notification.outbox import Outbox, audit
from .propose import Propose, made_by, open_incident, proposal_writes

log = logging.getLogger("snatbot.approval")


@dataclass(frozen=True, slots=True)
class PlanRenewer:
    records: Records
    propose: Propose
    outbox: Outbox
    links: Links
    clock: Clock

    def offer_again(self, partition: str, change: Change) -> None:
        """Propose a new plan for the same incident; it needs its own approval. If planning fails, log why."""
        try:
            self.plan_again(partition, change, "snatbot")
        except SnatbotError as error:
            log.warning("change %s: could not propose a new plan: %s", change.id, error)

    def renew_expired(self, partition: str, stored: Stored[Change]) -> bool:
        """Replace an expired proposal while its incident is open, in the same post.

        The plan is for the same request: if nothing changed, its digest is the same. False, without any effect: no new
        plan is needed, or planning failed. Raises StoreError.
        """
        change, now = stored.value, self.clock.now()
        incident, record = open_incident(self.records, partition, change), self.records.cluster_in(partition)
        if incident is None or record is None or record.value.is_silenced(now) or change.plan.kind not in CURES:
            return False
        if any(other.state in IN_FLIGHT for other in self.records.changes(partition)):
            return False
        kind = change.plan.kind if change.plan.is_requested else None
        request = PlanRequest(kind, request_of(change.plan) or change.id, incident.value.id)
        try:
            new = self.propose.planned(request, incident.value, now, change.requested_by)
        except SnatbotError as error:
            log.warning("change %s: expired; could not propose a new plan: %s", change.id, error)
            return False
        if not new.plan.is_executable:
            return False
        reason = Text("nobody decided in time; renewed as change {change}", change=new.id)
        ended = replace(change, state=next_state(change.state, Event.EXPIRE), due_at=None, stop_reason=reason)
        message = waiting_messages.change_renewed(change, new, self.links.page(new))
        writes = [
            Put(ended, stored.etag),
            *proposal_writes(new, record, "snatbot", now),
            Put(replace(incident.value, plan_due_at=None), incident.etag),
            audit(now, "snatbot", "change expired", change.id, reason),
            *self.outbox.rows(change.cluster_name, message, self.clock.wall()),
        ]
        self.records.commit_in(partition, writes)
        return True

    def plan_for(self, incident: Incident, requested_by: str) -> Change:
        """A new plan against an open incident, instead of one that waits. Raises Refused if there can be none now."""
        if not incident.is_open:
            raise Refused(Text("This incident is over: there is nothing to plan against."))
        change = self.propose.propose(incident.cluster_id, Instant.of(self.clock), requested_by, incident.id)
        self._clear_due(cluster_key(incident.cluster_id), change)
        return change

    def plan_again(self, partition: str, change: Change, requested_by: str) -> Change:
        """The proposed new change. Raises Refused with the reason if there can be none now."""
        at = Instant.of(self.clock)
        match change.plan.kind:
            case PlanKind.DETACH_NAT_GATEWAY:
                return self.propose.propose_rollback(made_by(self.records, partition, change), at, requested_by)
            case PlanKind.DELETE_NAT_GATEWAY:
                return self.propose.propose_deletion(made_by(self.records, partition, change), at, requested_by)
            case kind:
                is_same_kind = change.plan.is_requested or kind is PlanKind.RESERVE_PUBLIC_IPS
                incident = open_incident(self.records, partition, change)
                incident_id = incident.value.id if incident else None
                wanted = kind if is_same_kind else None
                renewed = self.propose.propose(change.cluster_id, at, requested_by, incident_id, kind=wanted)
                self._clear_due(partition, change)
                return renewed

    def _clear_due(self, partition: str, change: Change) -> None:
        """Clear ``plan_due_at``, because the incident has its new plan."""

        def note() -> None:
            found = open_incident(self.records, partition, change)
            if found is not None and found.value.plan_due_at is not None:
                self.records.commit_in(partition, [Put(replace(found.value, plan_due_at=None), found.etag)])

        with suppress(StoreConflict):
            retry_on_conflict(note)
