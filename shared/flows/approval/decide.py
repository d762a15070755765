"""A person's decision on one exact plan: checked, signed, and stored in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...auth.signing import LinkTarget, Signer, decision_content
from ...chat import change_messages
from ...chat.message import Message
from ...core.remediation.state_machine import Event, WrongState, next_state
from ...errors import NotFoundHere, Refused
from ...formatting import count
from ...ids import cluster_key
from ...model.audit import now_is
from ...model.change import GIVEN_UP, Change, ChangeState, Decision, JournalEntry, Outcome
from ...store.errors import StoreConflict
from ...store.records import Put, PutJournal, Records, Stored
from ...store.retry import retry_on_conflict
from ...store.vnet_lock import VnetLock, is_dead
from ..notification.outbox import Outbox, audit
from .actions import APPROVE, DENY, GIVE_UP, RESUME, ROLL_BACK, STOP, Actions
from .propose import superseded

log = logging.getLogger("snatbot.approval")
_START_WITHIN = timedelta(minutes=60)
_WRITE_WITHIN = timedelta(hours=24)
_DONE = {APPROVE: "approved", DENY: "denied"}
_AUDITED = {RESUME: "resumed", GIVE_UP: "given up"}
_EVENTS = {APPROVE: Event.APPROVE, DENY: Event.DENY, STOP: Event.STOP, RESUME: Event.RESUME, GIVE_UP: Event.FAIL}
_TRIES = 5  # a worker may write at the same moment


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What the page shows: a change with its journal, oldest step first, and the later changes that take back or
    delete what it did, or that are open in its place, oldest first."""

    change: Change
    journal: tuple[JournalEntry, ...]
    follow_ups: tuple[Change, ...] = ()


class Decide:
    def __init__(
        self,
        records: Records,
        vnet_lock: VnetLock,
        signer: Signer,
        outbox: Outbox,
        links: Callable[[], Links],
        *,
        is_remediation_on: bool,
        approval_mode: str,
    ) -> None:
        """``links`` is asked for only where a message needs one: it needs a signing key."""
        self._records = records
        self._vnet_lock = vnet_lock
        self._signer = signer
        self._outbox = outbox
        self._links = links
        self._mode = approval_mode
        self._actions = Actions(records, is_remediation_on=is_remediation_on, approval_mode=approval_mode)

    def view(self, target: LinkTarget) -> ChangeView:
        """Raises NotFoundHere, or Refused when the link was made for another plan of this change."""
        change = self._find(target).value
        journal = self._records.journal(target.partition, target.change_id)
        later = {one.id: one for one in (*self._actions.follow_ups(change), *self._actions.in_its_place(change))}
        return ChangeView(change, tuple(journal[step].value for step in sorted(journal)), tuple(later.values()))

    def why_not(self, change: Change, now: datetime) -> str | None:
        """Why nobody can decide on this change now; None when somebody can."""
        return self._actions.why_not(change, now)

    def actions(self, change: Change, now: datetime) -> tuple[str, ...]:
        """What a person may do with this change now, in the order of the buttons."""
        return self._actions.of(change, now)

    def refuse_unless_open(self, change: Change, now: datetime) -> None:
        """Raises Refused when nobody may roll this change back now."""
        if ROLL_BACK not in self.actions(change, now):
            raise Refused(self.why_not(change, now) or f"A change that is {change.state.value} can't be rolled back.")

    def made_by(self, target: LinkTarget) -> Change:
        """The change whose work may be taken back or deleted from this one's page: itself, or the one it is about.

        Raises Refused when nobody may ask for that now.
        """
        change = self._find(target).value
        if change.plan.of_change_id is None:
            return change
        stored = self._records.change(target.partition, change.plan.of_change_id)
        if stored is None:
            raise NotFoundHere("The change that was taken back is not known here any more.")
        return stored.value

    def decide(self, target: LinkTarget, action: str, approver: str, now: datetime, wall: datetime) -> Change:
        """``action`` is approve, deny, stop, resume or give_up. Raises Refused with what the person should know.

        ``approver`` is whoever the web room says it is: with APPROVAL_MODE=link an unverified holder of the link.
        """
        if action not in _EVENTS:
            raise Refused(f"{action!r} is no decision; approve, deny, stop, resume and give_up are")
        try:
            return retry_on_conflict(lambda: self._decide(target, action, approver, now, wall), _TRIES)
        except StoreConflict:
            raise Refused("This change is being written to all the time, and nothing was decided. Try again.") from None

    def _decide(self, target: LinkTarget, action: str, approver: str, now: datetime, wall: datetime) -> Change:
        stored = self._find(target)
        change = stored.value
        if (reason := self.why_not(change, now)) is not None:
            raise Refused(reason)
        if action == GIVE_UP and change.state is not ChangeState.STOPPED:
            raise Refused(_already(change))
        try:
            state = next_state(change.state, _EVENTS[action])
        except WrongState:
            raise Refused(_already(change)) from None
        if action in (APPROVE, RESUME):
            self._refuse_if_busy(change, wall)
        changed = self._decided(change, action, state, approver, now)
        writes = [
            Put(changed, stored.etag),
            audit(now, approver, f"change {_AUDITED.get(action, state.value)}", change.id, change.plan.summary),
            *self._outbox.rows(change.cluster_name, self._told(changed, action), wall),
        ]
        if action == APPROVE:
            writes += [*self._retired(changed, now), *self._superseded(changed, now)]
        self._records.commit_in(target.partition, [*writes, *self._halted_step(change, action)])
        log.info("change %s: %s", change.id, state.value)
        return changed

    def _decided(self, change: Change, action: str, state: ChangeState, approver: str, now: datetime) -> Change:
        if action == STOP:
            return replace(change, state=state, due_at=None, stop_reason=f"stopped by {approver}", waits_for="")
        if action == RESUME:
            # The decision stays the one that approved the plan; resuming never widens it.
            return replace(change, state=state, due_at=now, stop_reason="", stop_commands=(), waits_for="")
        if action == GIVE_UP:
            reason = f"given up by {approver} after {change.step} of {count(len(change.plan.steps), 'step')}"
            said = f"{reason}; it had stopped: {change.stop_reason or 'no reason was recorded'}"
            outcome = Outcome(GIVEN_UP, said, commands=change.stop_commands)
            return replace(change, state=state, due_at=None, outcome=outcome)
        due_at = now if action == APPROVE else None
        return replace(change, state=state, due_at=due_at, decision=self._signed(change, action, approver, now))

    def _halted_step(self, change: Change, action: str) -> Sequence[PutJournal]:
        """The step that was under way when a person stopped the change: resumed, its waiting time begins anew.

        Not noted when stopping: a worker in the middle of it still writes down what it did.
        """
        journal = self._records.journal(cluster_key(change.cluster_id), change.id) if action == RESUME else {}
        entry = journal.get(change.step)
        if entry is None or entry.value.state != "started":
            return ()
        return (PutJournal(change.id, replace(entry.value, state="stopped", note=change.stop_reason), entry.etag),)

    def _told(self, changed: Change, action: str) -> Message:
        if action in (APPROVE, RESUME):
            return change_messages.change_decided(changed)
        tell = {
            DENY: change_messages.change_decided,
            STOP: change_messages.change_stopped,
            GIVE_UP: change_messages.change_finished,
        }[action]
        return tell(changed, self._links().page(changed))

    def _find(self, target: LinkTarget) -> Stored[Change]:
        stored = self._records.change(target.partition, target.change_id)
        if stored is None:
            raise NotFoundHere("This change is not known here. Its records may have been deleted.")
        if stored.value.plan.digest != target.digest:
            raise Refused("The plan has changed since this link was made. Open the newest message's link.")
        return stored

    def _signed(self, change: Change, action: str, approver: str, now: datetime) -> Decision:
        unsigned = Decision(
            change_id=change.id,
            digest=change.plan.digest,
            action=action,
            approver=approver,
            policy=f"approval mode {self._mode}",
            decided_at=now,
            decide_by=change.expires_at,
            start_by=now + _START_WITHIN,
            write_until=now + _WRITE_WITHIN,
            signature="",
        )
        return replace(unsigned, signature=self._signer.sign_decision(decision_content(unsigned)))

    def _refuse_if_busy(self, change: Change, wall: datetime) -> None:
        holder = self._vnet_lock.vnet_holder(change.plan.vnet_id) if change.plan.vnet_id else None
        if holder is None or is_dead(self._records, holder, wall):
            return
        if holder.change_id not in (change.id, change.plan.of_change_id):
            raise Refused(
                f"Change {holder.change_id} is running on this virtual network. Nothing was approved; "
                "decide again when it has ended."
            )

    def _retired(self, rollback: Change, now: datetime) -> Sequence[Put]:
        """Approving a roll-back or a deletion ends the change that it is about, if that is not final yet.

        Raises Refused when that change was resumed since: two changes must not write at once.
        """
        if rollback.plan.of_change_id is None:
            return ()
        stored = self._records.change(cluster_key(rollback.cluster_id), rollback.plan.of_change_id)
        if stored is None:
            return ()
        state = stored.value.state
        if state in (ChangeState.APPROVED, ChangeState.APPLYING):
            raise Refused(f"The change to take back is {state.value} again. Nothing was approved; wait until it ends.")
        if state not in (ChangeState.STOPPED, ChangeState.VERIFYING):
            return ()
        return _overtaken(stored, rollback.id, now)

    def _superseded(self, approved: Change, now: datetime) -> Sequence[Put]:
        """What stopped on this cluster was planned for another world: nobody may resume it after this one."""
        partition, others = cluster_key(approved.cluster_id), (approved.id, approved.plan.of_change_id)
        ids = [one.id for one in self._records.changes(partition) if one.state is ChangeState.STOPPED]
        found = [self._records.change(partition, one) for one in ids if one not in others]
        return [
            write
            for one in found
            if one is not None and one.value.state is ChangeState.STOPPED
            for write in _overtaken(one, approved.id, now)
        ]


def _overtaken(stored: Stored[Change], by: str, now: datetime) -> tuple[Put, Put]:
    """The line in the audit keeps what ended from being put back."""
    ended = superseded(stored.value, by)
    return Put(ended, stored.etag), audit(now, "snatbot", now_is(ended.state), ended.id, ended.stop_reason)


def _already(change: Change) -> str:
    """What the loser of a double click, or a late one, is told."""
    if change.decision is not None and change.state is not ChangeState.STOPPED:
        decided = f"{_DONE[change.decision.action]} by {change.decision.approver}"
        return f"Already decided: {decided}; the change is {change.state.value}."
    return f"This change is {change.state.value}; that decision does not fit any more."
