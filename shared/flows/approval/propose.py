"""Propose an exact plan for approval: a change that expires, with a message to people."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...auth.errors import DecisionForged
from ...auth.links import Links
from ...chat import change_messages
from ...chat.labels import state_label
from ...clock import Instant
from ...core.az_cli import script_lines
from ...core.planning.digest import digest
from ...core.planning.request import PlanRequest
from ...core.remediation.state_machine import Event, next_state
from ...errors import NotFoundHere, Refused, TooMany
from ...formatting import sentences
from ...ids import cluster_key, new_id
from ...model.change import FINAL_STATES, Change, ChangeState
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...model.plan import CURES, Plan, PlanKind
from ...model.text import Text, arranged
from ...store.active_clusters import ActiveClusterIndex
from ...store.records import Put, Records, Stored
from ..notification.outbox import Outbox, audit
from ..planning.plan import Planner

MOST_AN_HOUR = 10  # proposals for one cluster, because people read a message for each
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Propose:
    planner: Planner
    records: Records
    active_clusters: ActiveClusterIndex
    outbox: Outbox
    links: Links
    lifetime: timedelta  # how long a proposal waits for a decision

    def _new_change(
        self, plan: Plan, now: datetime, requested_by: str, incident: Incident | None = None, change_id: str = ""
    ) -> Change:
        """A proposed change that expires by itself. ``change_id``: of the request that it was planned for."""
        expires_at = now + self.lifetime
        return Change(
            id=change_id or new_id(),
            cluster_id=plan.cluster_id,
            cluster_name=plan.cluster_name,
            state=ChangeState.PROPOSED,
            plan=plan,
            proposed_at=now,
            expires_at=expires_at,
            requested_by=requested_by,
            incident_id=incident.id if incident else None,
            due_at=expires_at,
            reason=incident,
        )

    def planned(
        self, request: PlanRequest, incident: Incident, now: datetime, requested_by: str, change_id: str = ""
    ) -> Change:
        """A change for an incident, not stored yet. Raises SnatbotError if there can be none now."""
        plan = self.planner.plan_cluster(incident.cluster_id, now, request)
        change = self._new_change(plan, now, requested_by, incident, change_id)
        refuse_too_many(self.records.changes(cluster_key(incident.cluster_id)), change, now)
        return change

    def propose(
        self,
        cluster_id: str,
        at: Instant,
        requested_by: str,
        incident_id: str | None = None,
        *,
        kind: PlanKind | None = None,
    ) -> Change:
        """Plan and propose; an open proposal is replaced. ``kind`` as in PlanRequest.

        Raises Refused if the plan can't be executed, TooMany after ten in an hour, StoreConflict if somebody else wrote
        meanwhile: of concurrent requests one succeeds.
        """
        request = PlanRequest(kind, new_id(), incident_id or "")
        plan = self.planner.plan_cluster(cluster_id, at.domain, request)
        return self._propose(plan, at, requested_by, incident_id, request.id)

    def propose_deletion(self, change: Change, at: Instant, requested_by: str) -> Change:
        """Propose to delete what ``change`` created; the plan names each address that is lost.

        Raises Refused while anything uses it.
        """
        if change.state not in FINAL_STATES:
            raise Refused(
                Text("this change still needs what it created: it is {state}", state=state_label(change.state))
            )
        self._refuse_forged(change)
        plan = self.planner.plan_deletion(change, at.domain)
        return self._propose(plan, at, requested_by, change.incident_id)

    def propose_rollback(self, change: Change, at: Instant, requested_by: str) -> Change:
        """Propose to roll back what ``change`` did; this needs its own approval.

        Raises Refused if there is nothing to roll back, or if nodes would be without egress.
        """
        if change.plan.kind is not PlanKind.ATTACH_NAT_GATEWAY:
            raise Refused(Text("only a change that attached a NAT gateway can be rolled back"))
        if change.state in (ChangeState.PROPOSED, ChangeState.APPROVED, ChangeState.APPLYING):
            raise Refused(
                Text(
                    "this change can't be rolled back yet, stop it first: it is {state}",
                    state=state_label(change.state),
                )
            )
        self._refuse_forged(change)
        stored = self.records.verified_journal(cluster_key(change.cluster_id), change)
        journal = {step: entry.value for step, entry in stored.items()}
        plan = self.planner.plan_rollback(change, journal, at.domain)
        return self._propose(plan, at, requested_by, change.incident_id)

    def _refuse_forged(self, change: Change) -> None:
        """What it wrote, and where, is believed because it was approved. Raises DecisionForged or KeyMissing."""
        if self.links.signer.verify_decision(change).digest != digest(change.plan):
            raise DecisionForged

    def _propose(
        self, plan: Plan, at: Instant, requested_by: str, incident_id: str | None, change_id: str = ""
    ) -> Change:
        if not plan.is_executable:
            raise Refused(why_not(plan))
        found = self.records.incident(plan.cluster_id, incident_id) if incident_id else None
        change = self._new_change(plan, at.domain, requested_by, found.value if found else None, change_id)
        key = cluster_key(change.cluster_id)
        # Read before the changes and written after them, so that a concurrent proposal makes this write fail.
        record = self.records.cluster(change.cluster_id)
        refuse_too_many(self.records.changes(key), change, at.domain)
        message = change_messages.change_proposed(change, self.links.page(change))
        writes = [
            *proposal_writes(change, record, requested_by, at.domain),
            *self.outbox.rows(change.cluster_name, message, at.wall),
            *retire_proposals(self.records, key, change),
        ]
        # The index entry comes first: without it nobody would watch a change that no incident requested.
        self.active_clusters.add_if_absent(key)
        self.records.commit_in(key, writes)
        return change


def refuse_too_many(changes: Iterable[Change], new: Change, now: datetime) -> None:
    """Raises TooMany. Rollbacks are counted separately, so that other proposals never prevent a rollback."""
    is_rollback = new.plan.kind is PlanKind.DETACH_NAT_GATEWAY
    proposed = sorted(
        change.proposed_at
        for change in changes
        if now - change.proposed_at < _HOUR and (change.plan.kind is PlanKind.DETACH_NAT_GATEWAY) == is_rollback
    )
    if len(proposed) >= MOST_AN_HOUR:
        raise TooMany(
            Text(
                "{number} changes of {cluster} were proposed within an hour; at most {most} are. Decide on the "
                "newest, or ask again after {at}",
                number=len(proposed),
                cluster=new.cluster_name,
                most=MOST_AN_HOUR,
                at=proposed[-MOST_AN_HOUR] + _HOUR,
            )
        )


def why_not(plan: Plan) -> Text:
    """Why a plan can't be executed: its blockers, or the advice."""
    reasons = sentences(*(part for check in plan.blockers for part in (check.message, check.remedy)))
    commands = [*(command for check in plan.blockers for command in check.commands), *plan.commands]
    by_hand = [arranged("`{line}`", line=line) for line in script_lines(commands)]
    why = reasons or sentences(plan.summary, *plan.notes)
    return arranged("{lines:lines}", lines=(why, *[Text("By hand:")] * bool(by_hand), *by_hand))


def proposal_writes(change: Change, record: Stored[ClusterRecord] | None, actor: str, now: datetime) -> list[Put]:
    """The proposal, the cluster's record that refers to it, and its audit line."""
    known = record.value if record else ClusterRecord(change.cluster_id, change.cluster_name)
    return [
        Put(change),
        Put(replace(known, change_id=change.id), record.etag if record else None),
        audit(now, actor, "change proposed", change.id, change.plan.summary),
    ]


def made_by(records: Records, partition: str, change: Change) -> Change:
    """The change that this one rolls back or deletes, else the change itself. Raises NotFoundHere."""
    of_change = change.plan.of_change_id
    stored = records.change(partition, of_change) if of_change else None
    if of_change and stored is None:
        raise NotFoundHere(Text("Change {change} is not known here any more.", change=of_change))
    return stored.value if stored else change


def open_incident(records: Records, partition: str, change: Change) -> Stored[Incident] | None:
    """The incident of the change, while it is open."""
    found = records.incident_in(partition, change.incident_id) if change.incident_id else None
    return found if found is not None and found.value.state is IncidentState.OPEN else None


def retire_proposals(records: Records, partition: str, new: Change) -> list[Put]:
    """Writes that supersede every open proposal."""
    return [Put(superseded(stored.value, new.id), stored.etag) for stored in _open_proposals(records, partition)]


def withdraw_proposals(records: Records, partition: str, incident: Incident, now: datetime) -> list[Put]:
    """Writes that withdraw the proposals for an incident that ended, with the reason.

    Proposals that a person requested without the incident remain, and so do rollbacks and deletions.
    """
    reason = Text("withdrawn: the incident that it was for is over since {at}", at=incident.cleared_at or now)
    if incident.closing_note:
        reason = arranged("{reason} ({note})", reason=reason, note=incident.closing_note)
    writes = []
    for stored in _open_proposals(records, partition):
        change = stored.value
        if change.incident_id == incident.id and change.plan.kind in CURES:
            ended = replace(change, state=next_state(change.state, Event.SUPERSEDE), due_at=None, stop_reason=reason)
            writes += [Put(ended, stored.etag), audit(now, "snatbot", "change withdrawn", change.id, reason)]
    return writes


def _open_proposals(records: Records, partition: str) -> list[Stored[Change]]:
    return [stored for stored in records.stored_changes(partition) if stored.value.state is ChangeState.PROPOSED]


def superseded(change: Change, by: str) -> Change:
    """``change`` ended because ``by`` replaces it. Raises WrongState if it can't be superseded."""
    state = next_state(change.state, Event.SUPERSEDE)
    return replace(change, state=state, due_at=None, stop_reason=Text("superseded by change {change}", change=by))
