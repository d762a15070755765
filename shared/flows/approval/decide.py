"""A person's decision on one exact plan: checked, signed, and stored in one transaction."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...auth.signing import LinkTarget, Signer, decision_content
from ...chat import change_messages, outcome_messages
from ...chat.message import Message
from ...chat.outcome_messages import with_receipt
from ...clock import Instant
from ...core.approval.policy import MatchedRules, Place
from ...core.remediation.state_machine import Event, WrongState, next_state
from ...errors import NotFoundHere, Refused
from ...formatting import listed
from ...ids import cluster_key
from ...model.audit import GIVEN_UP, RESUMED, now_is
from ...model.change import Action, Approval, Change, ChangeState, Decision, JournalEntry, Outcome, StepState, Verdict
from ...model.identity import Approver, Person
from ...model.text import Text
from ...store.errors import StoreConflict, retry_on_conflict
from ...store.records import Put, PutJournal, Records, Stored
from ...store.vnet_lock import VnetLock, is_dead
from ..notification.outbox import Outbox, audit
from .actions import Actions, AlreadyDecided, overtaken

log = logging.getLogger("snatbot.approval")
_START_WITHIN = timedelta(minutes=60)
_WRITE_WITHIN = timedelta(hours=24)
_EVENTS = {
    Action.APPROVE: Event.APPROVE,
    Action.DENY: Event.DENY,
    Action.STOP: Event.STOP,
    Action.RESUME: Event.RESUME,
    Action.GIVE_UP: Event.FAIL,
}
_AUDITED = {Action.RESUME: RESUMED, Action.GIVE_UP: GIVEN_UP}
_TRIES = 5  # a worker may write at the same time


@dataclass(frozen=True, slots=True)
class ChangeAndJournal:
    """What the page shows."""

    change: Change
    journal: tuple[JournalEntry, ...]  # oldest step first
    follow_ups: tuple[Change, ...] = ()  # later changes that roll back or delete what it did, or that replace it


@dataclass(frozen=True, slots=True)
class Decide:
    records: Records
    vnet_lock: VnetLock
    signer: Signer
    outbox: Outbox
    links: Callable[[], Links]  # called only if a message needs a link, because it needs a signing key
    actions: Actions

    def view(self, target: LinkTarget) -> ChangeAndJournal:
        """Raises NotFoundHere, or Refused if the link is for another plan of this change."""
        change = self._find(target).value
        journal = self.records.journal(target.partition, target.change_id)
        later = {other.id: other for other in (*self.actions.follow_ups(change), *self.actions.replacements(change))}
        return ChangeAndJournal(change, tuple(journal[step].value for step in sorted(journal)), tuple(later.values()))

    def decide(
        self, target: LinkTarget, action: str, approver: Approver, at: Instant, place: Place = Place.PAGE
    ) -> Change:
        """``action`` is approve, deny, stop, resume or give_up. Raises Refused with what the person should know.

        Where the policy wants two people, the first approval leaves the change proposed.
        """
        if action not in _EVENTS:
            raise Refused(
                Text("{given} is no decision; {decisions} are", given=repr(action), decisions=listed(list(_EVENTS)))
            )
        try:
            return retry_on_conflict(lambda: self._decide(target, Action(action), approver, at, place), _TRIES)
        except StoreConflict:
            raise Refused(
                Text("This change is being written to just now, and nothing was decided. Try again.")
            ) from None

    def _decide(self, target: LinkTarget, action: Action, approver: Approver, at: Instant, place: Place) -> Change:
        stored, now = self._find(target), at.domain
        change = stored.value
        if (reason := self.actions.why_not(change, now)) is not None:
            raise Refused(reason)
        if action is Action.GIVE_UP and change.state is not ChangeState.STOPPED:
            raise AlreadyDecided(change)
        try:
            state = next_state(change.state, _EVENTS[action])
        except WrongState:
            raise AlreadyDecided(change) from None
        if action in (Action.APPROVE, Action.RESUME):
            self._refuse_if_busy(change, at.wall)
        rules = self.actions.permission.require(change, action, approver, place)
        earlier = self._earlier_approvals(change, rules) if action is Action.APPROVE else ()
        if action is Action.APPROVE and len(earlier) + 1 < rules.people:
            return self._half_approved(stored, approver, rules, at)
        who = " and ".join((*(approval.approver for approval in earlier), str(approver)))
        changed = self._decided(replace(change, state=state), action, who, approver, rules, now)
        halted = self._halted_step(change, action)
        if halted:
            changed = self.records.with_journal(target.partition, changed, halted)
        writes = [
            Put(changed, stored.etag),
            audit(now, who, _AUDITED.get(action, now_is(state)), change.id, change.plan.summary),
            *self.outbox.rows(change.cluster_name, self._message(changed, action, now), at.wall),
        ]
        if action is Action.APPROVE:
            writes += overtaken(self.records, changed, now)
        self.records.commit_in(target.partition, [*writes, *halted])
        log.info("change %s: %s", change.id, state.value)
        return changed

    def _earlier_approvals(self, change: Change, rules: MatchedRules) -> tuple[Approval, ...]:
        """Those that still count: not the ones under other rules. Raises DecisionForged."""
        for approval in change.approvals:
            self.signer.verify_approval(change, approval)
        return tuple(approval for approval in change.approvals if approval.policy == str(rules))

    def _half_approved(self, stored: Stored[Change], approver: Approver, rules: MatchedRules, at: Instant) -> Change:
        """Records the first of two approvals. The rules let no holder of a link be one of two people."""
        change = stored.value
        if isinstance(approver, str):
            raise Refused(Text("Two people must approve this, and who holds a link is unknown."))
        unsigned = Approval(approver.object_id.lower(), str(approver), str(rules), at.domain, "", approver.signed_in_at)
        changed = replace(change, approvals=(self.signer.approval(change, unsigned),))
        writes = [
            Put(changed, stored.etag),
            audit(at.domain, str(approver), "change approved by 1 of 2", change.id, change.plan.summary),
            *self.outbox.rows(
                change.cluster_name, change_messages.change_half_approved(changed, self.links().page(changed)), at.wall
            ),
        ]
        self.records.commit_in(cluster_key(change.cluster_id), writes)
        log.info("change %s: 1 of 2 approvals", change.id)
        return changed

    def _decided(
        self, change: Change, action: Action, who: str, approver: Approver, rules: MatchedRules, now: datetime
    ) -> Change:
        """``who``: the approver, and who approved before."""
        match action:
            case Action.STOP:
                return replace(change, due_at=None, stop_reason=Text("stopped by {who}", who=who), waits_for=Text(""))
            case Action.RESUME:
                # The decision that approved the plan stays; resuming never extends it.
                return replace(change, due_at=now, stop_reason=Text(""), stop_commands=(), waits_for=Text(""))
            case Action.GIVE_UP:
                reason = Text.plural(
                    "given up by {who} after {done} of {count} step; it had stopped: {reason}",
                    "given up by {who} after {done} of {count} steps; it had stopped: {reason}",
                    count=len(change.plan.steps),
                    who=who,
                    done=change.step,
                    reason=change.stop_reason or Text("no reason was recorded"),
                )
                outcome = Outcome(Verdict.GIVEN_UP, reason, commands=change.stop_commands)
                return replace(change, due_at=None, outcome=outcome)
            case _:
                starts_at = rules.starts_from(now) if action is Action.APPROVE else now
                if starts_at is None:
                    raise Refused(Text("Nothing was approved: {rules} never lets a change start.", rules=rules.named))
                waits_for = rules.held_until(starts_at) if starts_at > now else Text("")
                due_at = starts_at if action is Action.APPROVE else None
                unsigned = _decision(change, action, who, rules, now, starts_at)
                if isinstance(approver, Person):
                    object_id, role_as_of = approver.object_id.lower(), approver.signed_in_at
                    unsigned = replace(unsigned, object_id=object_id, role_as_of=role_as_of)
                decision = replace(unsigned, signature=self.signer.sign_decision(decision_content(unsigned)))
                return replace(change, due_at=due_at, decision=decision, waits_for=waits_for)

    def _halted_step(self, change: Change, action: Action) -> Sequence[PutJournal]:
        """Mark the step that ran when a person stopped the change: after resuming, its time limit starts again.

        This happens on resuming, because until then a worker may still record what the step did.
        """
        is_resumed = action is Action.RESUME
        journal = self.records.journal(cluster_key(change.cluster_id), change.id) if is_resumed else {}
        entry = journal.get(change.step)
        if entry is None or entry.value.state is not StepState.STARTED:
            return ()
        halted = replace(entry.value, state=StepState.STOPPED, note=change.stop_reason)
        return (PutJournal(change.id, halted, entry.etag),)

    def _message(self, changed: Change, action: Action, now: datetime) -> Message:
        page_url = self.links().page(changed)
        if action is Action.STOP:
            return change_messages.change_stopped(changed, page_url)
        if action is Action.GIVE_UP:
            finished = outcome_messages.change_finished(changed, page_url)
            return with_receipt(finished, self.links().receipt(changed), self.records.newest_root(now))
        return change_messages.change_decided(changed, page_url)

    def _find(self, target: LinkTarget) -> Stored[Change]:
        stored = self.records.change(target.partition, target.change_id)
        if stored is None:
            raise NotFoundHere(Text("This change is not known here. Its records may have been deleted."))
        if stored.value.plan.digest != target.digest:
            raise Refused(Text("The plan has changed since this link was made. Open the newest message's link."))
        return stored

    def _refuse_if_busy(self, change: Change, wall: datetime) -> None:
        holder = self.vnet_lock.vnet_holder(change.plan.vnet_id) if change.plan.vnet_id else None
        if holder is None or is_dead(self.records, holder, wall):
            return
        if holder.change_id not in (change.id, change.plan.of_change_id):
            raise Refused(
                Text(
                    "Change {change} is running on this virtual network. Nothing was approved; decide again when it "
                    "has ended.",
                    change=holder.change_id,
                )
            )


def _decision(
    change: Change, action: Action, who: str, rules: MatchedRules, now: datetime, starts_at: datetime
) -> Decision:
    """Not signed yet."""
    return Decision(
        change_id=change.id,
        digest=change.plan.digest,
        action=action,
        approver=who,
        policy=str(rules),
        decided_at=now,
        decide_by=change.expires_at,
        start_by=starts_at + _START_WITHIN,
        write_until=starts_at + _WRITE_WITHIN,
        signature="",
    )
