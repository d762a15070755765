"""What a person may do with a change now: the buttons of its page."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ...auth.errors import RemediationOff, StepUpNeeded
from ...chat.labels import state_label
from ...core.approval.policy import Place
from ...core.planning.detach import written_subnets
from ...errors import Refused
from ...ids import cluster_key
from ...model.audit import now_is
from ...model.change import FINAL_STATES, Action, Change, ChangeState
from ...model.identity import Approver
from ...model.plan import PlanKind
from ...model.text import Text
from ...store.records import Put, Records
from ..notification.outbox import audit
from .permission import Permission
from .propose import superseded

_JUDGED = (ChangeState.VERIFYING, ChangeState.FIXED, ChangeState.NOT_FIXED, ChangeState.CANT_TELL)
_UNDONE = (ChangeState.ROLLED_BACK, ChangeState.DONE)
_TO_NOTHING = (ChangeState.DENIED, ChangeState.EXPIRED, ChangeState.SUPERSEDED, ChangeState.FAILED)
NOTHING_TO_APPROVE = Text("This is for a person to do: snatbot changes nothing here, and there is nothing to approve.")
_KINDS = {Action.ROLL_BACK: PlanKind.DETACH_NAT_GATEWAY, Action.DELETE: PlanKind.DELETE_NAT_GATEWAY}


class Offer(NamedTuple):
    """What a person may do with a change, and why not the rest."""

    actions: tuple[Action, ...]
    notice: Text | None
    needs_step_up: bool


@dataclass(frozen=True, slots=True)
class Actions:
    records: Records
    is_remediation_on: bool
    permission: Permission

    def why_not(self, change: Change, now: datetime) -> Text | None:
        """Why nobody can decide on this change now; None if somebody can."""
        if not self.is_remediation_on:
            return RemediationOff().text
        if not change.plan.steps:
            return NOTHING_TO_APPROVE
        if change.state is ChangeState.PROPOSED and now >= change.expires_at:
            return Text("This plan has expired: it was never approved, and nothing was changed.")
        return None

    def offered(self, change: Change, approver: Approver, now: datetime, place: Place = Place.PAGE) -> Offer:
        refusals = {action: self.permission.refusal(change, action, approver, place) for action in self.of(change, now)}
        errors = [error for error in refusals.values() if error]
        reason = self.why_not(change, now) or next((error.text for error in errors), None)
        possible = tuple(action for action, error in refusals.items() if error is None)
        return Offer(possible, reason, any(isinstance(error, StepUpNeeded) for error in errors))

    def of(self, change: Change, now: datetime) -> tuple[Action, ...]:
        """In the order of the buttons."""
        if self.why_not(change, now) is not None:
            return ()
        match change.state:
            case ChangeState.PROPOSED:
                return (Action.APPROVE, Action.DENY)
            case ChangeState.APPROVED | ChangeState.APPLYING:
                return (Action.STOP,)
            case ChangeState.VERIFYING:
                return (Action.STOP, *self._undoing(change))
            case ChangeState.STOPPED:
                return (Action.RESUME, *self._undoing(change), Action.GIVE_UP)
            case ChangeState.DENIED | ChangeState.EXPIRED:
                return self._again(change)
            case ChangeState.FAILED | ChangeState.SUPERSEDED:
                return self._undoing(change) or self._again(change)
            case _:
                return self._undoing(change)

    def refuse_unless_possible(self, change: Change, action: Action, approver: Approver, now: datetime) -> None:
        """Raises Refused if this person may not ask for this rollback, deletion or new plan now."""
        self.permission.require(change, action, approver)
        if action not in self.of(change, now):
            raise Refused(self.why_not(change, now) or _impossible(action, change))

    def follow_ups(self, change: Change) -> tuple[Change, ...]:
        """Later changes that roll back or delete what this change did, or what the one did that it rolls back."""
        about = change.plan.of_change_id or change.id
        others = self.records.changes(cluster_key(change.cluster_id))
        found = [
            other
            for other in others
            if other.plan.of_change_id == about and other.id != change.id and other.proposed_at >= change.proposed_at
        ]
        return tuple(sorted(found, key=lambda other: other.proposed_at))

    def replacements(self, change: Change) -> tuple[Change, ...]:
        """Open changes on the cluster after this one ended without effect, usually its renewal."""
        if change.state not in _TO_NOTHING:
            return ()
        others = self.records.changes(cluster_key(change.cluster_id))
        return tuple(
            other for other in others if other.state not in FINAL_STATES and other.proposed_at > change.proposed_at
        )

    def _undoing(self, change: Change) -> tuple[Action, ...]:
        """Empty while a later change is about to do it, and after it did."""
        wanted = (
            (Action.ROLL_BACK, self._has_something_to_take_back(change)),
            (Action.DELETE, change.leaves_something),
        )
        possible = [action for action, is_possible in wanted if is_possible]
        later = self.follow_ups(change) if possible else ()
        if any(other.state not in FINAL_STATES for other in later):
            return ()
        done = {other.plan.kind for other in later if other.state in _UNDONE}
        return tuple(action for action in possible if _KINDS[action] not in done)

    def _has_something_to_take_back(self, change: Change) -> bool:
        if change.state in _JUDGED:
            return change.plan.kind is PlanKind.ATTACH_NAT_GATEWAY
        if change.plan.kind is PlanKind.DETACH_NAT_GATEWAY:
            return change.state is ChangeState.FAILED  # partly rolled back
        is_half_done = change.state in (ChangeState.STOPPED, ChangeState.FAILED, ChangeState.SUPERSEDED)
        if not is_half_done or change.plan.kind is not PlanKind.ATTACH_NAT_GATEWAY or not change.is_begun:
            return False
        journal = self.records.journal(cluster_key(change.cluster_id), change.id)
        return bool(written_subnets(change.plan, {step: entry.value for step, entry in journal.items()}))

    def _again(self, change: Change) -> tuple[Action, ...]:
        """Only if no other change of the cluster is open, and no later change did the same."""
        others = self.records.changes(cluster_key(change.cluster_id))
        is_done = any(other.state in _UNDONE for other in self.follow_ups(change))
        return (Action.ASK_AGAIN,) if not is_done and all(other.state in FINAL_STATES for other in others) else ()


def _impossible(action: Action, change: Change) -> Text:
    match action:
        case Action.ROLL_BACK:
            return Text("This change can't be rolled back now: it is {state}.", state=state_label(change.state))
        case Action.DELETE:
            return Text("There is nothing here that may be deleted.")
    return Text("Another change of this cluster is open: see that one.")


class AlreadyDecided(Refused):
    """The answer to the second of two clicks, or to a late click."""

    def __init__(self, change: Change) -> None:
        state, decision = state_label(change.state), change.decision
        if decision is None or change.state is ChangeState.STOPPED:
            said = Text("This change is {state}; that decision does not fit any more.", state=state)
        elif decision.action is Action.APPROVE:
            said = Text(
                "Already decided: approved by {who} at {at}; the change is {state}. Your click changed nothing.",
                who=decision.approver,
                at=decision.decided_at,
                state=state,
            )
        else:
            said = Text(
                "Already decided: denied by {who} at {at}. Your click changed nothing.",
                who=decision.approver,
                at=decision.decided_at,
            )
        super().__init__(said)


def overtaken(records: Records, approved: Change, now: datetime) -> list[Put]:
    """End other stopped changes on this cluster: nobody may resume them after this one.

    A rollback or a deletion also ends the change that it is about, if that is still verifying. Raises Refused if
    that change was resumed since: two changes must not write at once.
    """
    partition, writes = cluster_key(approved.cluster_id), list[Put]()
    for stored in records.stored_changes(partition):
        known, state = stored.value, stored.value.state
        is_subject = known.id == approved.plan.of_change_id
        if is_subject and state in (ChangeState.APPROVED, ChangeState.APPLYING):
            raise Refused(
                Text(
                    "The change to take back goes on again ({state}). Nothing was approved; wait until it ends.",
                    state=state_label(state),
                )
            )
        is_stopped = state is ChangeState.STOPPED and known.id != approved.id
        if is_stopped or (is_subject and state is ChangeState.VERIFYING):
            ended = superseded(known, approved.id)
            # The audit line prevents restoring the ended change.
            line = audit(now, "snatbot", now_is(ended.state), ended.id, ended.stop_reason)
            writes += [Put(ended, stored.etag), line]
    return writes
