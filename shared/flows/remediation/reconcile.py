"""Bring an approved change forward: a reconcile loop that may be stopped and started again at any point.

Called again and again, by a queue message or by the next tick, until the change is final. Storage is not trusted: what
is acted on is verified each time, here and right before each write (``authority``).
A worker holds the virtual network's claim while it writes; when it loses the claim it makes no further call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ...auth.errors import ApprovalTooOld, NotAuthorized, RemediationOff
from ...chat import change_messages
from ...cloud.errors import AzureError
from ...core.remediation.state_machine import Event, next_state
from ...errors import Refused
from ...formatting import count, utc
from ...ids import new_id
from ...model.change import Change, ChangeState, Outcome
from ...model.plan import AssociateSubnet, PlanKind
from ...model.resource_id import ArmId
from ...retry_after import plausible_wait_seconds
from ...store.errors import StoreConflict
from ...store.records import Put, PutJournal, Stored
from ...store.vnet_lock import HeldClaim, VnetBusy, give_up_dead_claim
from ..approval.renew import PlanRenewer
from ..notification.outbox import audit
from ..planning.plan import Planner
from .authority import Authority
from .concurrent_writes import ConcurrentWriteAudit, Seen, alarm, alarm_commands, mark_reported
from .drift import find_drift
from .execute import WORTH_TELLING, ExecutionContext, PlanExecutor
from .gate import NEXT_LOOK
from .steps import NetworkWriter
from .subnet_step import taken_back

log = logging.getLogger("snatbot.remediation")
_VERDICT_EVENTS = {"fixed": Event.VERIFIED, "not fixed": Event.REFUTED, "can't tell": Event.INCONCLUSIVE}


class Reconciler:
    def __init__(
        self,
        context: ExecutionContext,
        authority: Authority,
        planner: Planner,
        renewer: PlanRenewer,
        network_of: Callable[[str], NetworkWriter],
        write_audit: ConcurrentWriteAudit,
    ) -> None:
        """``network_of`` maps a subscription to its writing side, under the identity that may write."""
        self._context = context
        self._authority = authority
        self._planner = planner
        self._renewer = renewer
        self._network_of = network_of
        self._write_audit = write_audit
        self._records = context.records
        self._vnet_lock = context.vnet_lock
        self._clock = context.clock

    def run(self, partition: str, change_id: str) -> Change | None:
        """The change as it stands afterwards; None when it is not known. Doubled or late calls do no harm."""
        stored = self._records.change(partition, change_id)
        if stored is None:
            return None
        change = stored.value
        if change.due_at is None or change.due_at > self._clock.now():
            return change
        try:
            match change.state:
                case ChangeState.PROPOSED:
                    if not (self._authority.is_on and self._renewer.renew_expired(partition, stored)):
                        self._end(partition, stored, Event.EXPIRE, None)
                case ChangeState.APPROVED | ChangeState.APPLYING:
                    self._apply(partition, change_id, stored)
                case ChangeState.VERIFYING:
                    self._verify(partition, stored)
                case ChangeState.ROLLED_BACK:
                    self._look_back(partition, stored)
                case _:
                    log.warning("change %s is %s and was due", change.id, change.state.value)
        except StoreConflict:
            log.info("change %s: another worker, or a person, wrote in between; it goes on from there", change_id)
        found = self._records.change(partition, change_id)
        return found.value if found else None

    def _apply(self, partition: str, change_id: str, stored: Stored[Change]) -> None:
        change = stored.value
        try:
            self._authority.check(partition, change_id, change, self._clock.now())
        except Refused as refusal:
            self._refuse(partition, stored, refusal)
            return
        vnet_id = str(change.plan.vnet_id)
        try:
            claim = self._vnet_lock.claim_vnet(vnet_id, change.id, new_id(), self._clock.wall(), partition)
        except VnetBusy as busy:
            log.info("change %s waits: %s", change.id, busy)
            if busy.claim.change_id != change.id:
                give_up_dead_claim(self._records, self._vnet_lock, busy.claim, self._clock.wall())
                self._wait(partition, stored, f"change {busy.claim.change_id} is at work on the virtual network")
            return
        try:
            if change.state is ChangeState.APPROVED and not self._start(partition, stored, claim):
                return
        except AzureError as error:
            asked = timedelta(seconds=plausible_wait_seconds(error.retry_after_seconds or 0.0))
            waiting = replace(change, not_before=self._clock.now() + asked) if asked else change
            self._wait(partition, replace(stored, value=waiting), f"Azure can't be read now: {error}")
            claim.release()
            return
        network = self._network_of(ArmId.parse(vnet_id).subscription)
        try:
            PlanExecutor(self._context, self._authority, partition, change.id, claim, network).go()
        except NotAuthorized as refusal:
            latest = self._records.change(partition, change.id)
            if latest is not None:
                self._refuse(partition, latest, refusal)
            claim.release()

    def _refuse(self, partition: str, stored: Stored[Change], refusal: Refused) -> None:
        """The end of a change that may not write. What was approved and came too late is asked about again."""
        match refusal:
            case ApprovalTooOld():
                self._hand_back(partition, stored, str(refusal), is_late=True)
            case RemediationOff() if stored.value.is_begun:
                self._stop(partition, stored, str(refusal))  # half applied: a person goes on, or takes it back
            case _:
                self._fail(partition, stored, str(refusal))

    def _start(self, partition: str, stored: Stored[Change], claim: HeldClaim) -> bool:
        """The last look before the first write, and before the next one of a change that had stopped.

        A world that changed goes back to planning, and is asked again.
        """
        change, now = stored.value, self._clock.now()
        if change.not_before is not None and change.not_before > now:
            is_too_long = change.is_begun and change.not_before > now + self._context.policy.wait_limit
            wait = self._stop if is_too_long else self._wait  # half applied: a person must know
            wait(partition, stored, f"Azure asks for no write before {utc(change.not_before)}")
            claim.release()
            return False
        facts = self._planner.read_facts(change.cluster_id, now)
        is_under_way = change.step in self._records.journal(partition, change.id)
        drift = find_drift(change.plan, facts, change.step, is_under_way=is_under_way)
        if drift.pending:
            self._wait(partition, stored, "; ".join(drift.pending))
            claim.release()
            return False
        if not drift.blocking:
            start, line = self._authority.start(change, now)
            state = next_state(change.state, Event.START)
            started = replace(change, state=state, due_at=now, start=start, waits_for="")
            self._records.commit_in(partition, [Put(started, stored.etag), line])
            return True
        reason = "; ".join(drift.blocking)
        if change.is_begun and change.plan.kind is PlanKind.DETACH_NAT_GATEWAY:
            self._stop(partition, stored, f"it did not go on: {reason}")
        elif change.is_begun:
            done = f"{change.step} of {count(len(change.plan.steps), 'step')}"
            self._hand_back(partition, stored, f"the world changed since it stopped, {done} stay done: {reason}")
        else:
            self._hand_back(partition, stored, f"the world changed after approval, nothing was written: {reason}")
        claim.release()
        return False

    def _wait(self, partition: str, stored: Stored[Change], reason: str) -> None:
        """Looks again soon. People are told once when that takes longer than a moment."""
        change, now = stored.value, self._clock.now()
        log.warning("change %s does not start yet: %s", change.id, reason)
        since = change.decision.decided_at if change.decision else now
        later, rows = replace(change, due_at=now + NEXT_LOOK), []
        if not change.waits_for and now - since >= WORTH_TELLING:
            later = replace(later, waits_for=reason)
            told = change_messages.change_waiting(later, reason, self._context.links.page(later))
            rows = self._context.outbox.rows(change.cluster_name, told, self._clock.wall())
        self._records.commit_in(partition, [Put(later, stored.etag), *rows])

    def _hand_back(self, partition: str, stored: Stored[Change], reason: str, *, is_late: bool = False) -> None:
        """Ends the change, and asks for a decision on what would be right now."""
        change = stored.value
        if is_late and change.state is ChangeState.APPROVED and not change.is_begun:
            reason = f"{reason}; nothing was changed"
            log.error("change %s expired: %s", change.id, reason)
            self._end(partition, stored, Event.EXPIRE, Outcome("expired", reason))
        else:
            self._fail(partition, stored, reason)
        self._renewer.offer_again(partition, change)

    def _verify(self, partition: str, stored: Stored[Change]) -> None:
        change, now = stored.value, self._clock.now()
        is_measurable = self._context.verify.is_measurable(change, now)
        if is_measurable and (undone := self._undone(change)):
            self._stop(partition, stored, *undone)
            return
        outcome = self._context.verify.verdict(change, now)
        if outcome is None:
            self._look_later(partition, stored, now + NEXT_LOOK)
            return
        journal = self._records.journal(partition, change.id)
        seen = self._write_audit.look(change, [entry.value for entry in journal.values()], now)
        if seen.overlaps:
            entries = mark_reported(change, journal, seen.overlaps)
            self._stop(partition, stored, alarm(seen.overlaps), alarm_commands(seen.overlaps), entries)
            return
        if seen.again_at:
            self._look_later(partition, stored, seen.again_at)
            return
        outcome = seen.added_to(outcome)
        event = _VERDICT_EVENTS[outcome.verdict]
        little = self._context.verify.little_left(change, now) if event is Event.VERIFIED else ""
        if little:
            outcome = replace(outcome, advice=(f"{little}: a plan that adds public IPs is offered.",))
        self._end(partition, stored, event, outcome)
        if little:
            self._renewer.offer_again(partition, change)

    def _undone(self, change: Change) -> tuple[str, tuple[str, ...]] | None:
        """Why the subnets are not any more as this change left them, with commands; None when they are, or can't be
        read now."""
        if change.plan.vnet_id is None:
            return None
        network = self._network_of(ArmId.parse(change.plan.vnet_id).subscription)
        try:
            found = [taken_back(step, network) for step in change.plan.steps if isinstance(step, AssociateSubnet)]
        except AzureError as error:
            log.warning("change %s: its subnets could not be read: %s", change.id, error)
            return None
        stops = [stop for stop in found if stop]
        commands = tuple(command for stop in stops for command in stop.commands)
        return ("; ".join(stop.reason for stop in stops), commands) if stops else None

    def _look_back(self, partition: str, stored: Stored[Change]) -> None:
        """A roll-back is over when its steps are; that nobody else's write was lost in it is known later.

        What it took back may never have been looked at: it was not proven any more.
        """
        change, now = stored.value, self._clock.now()
        taken = self._records.change(partition, change.plan.of_change_id) if change.plan.of_change_id else None
        found: list[Seen] = []
        for one in (change, taken.value if taken else None):
            if one is not None and one.state in (ChangeState.ROLLED_BACK, ChangeState.SUPERSEDED):
                journal = self._records.journal(partition, one.id)
                found.append(self._write_audit.look(one, [entry.value for entry in journal.values()], now))
        again = [seen.again_at for seen in found if seen.again_at]
        if again:
            self._look_later(partition, stored, min(again))
            return
        self._looked_back(partition, stored, found)

    def _looked_back(self, partition: str, stored: Stored[Change], found: Sequence[Seen]) -> None:
        change, now = stored.value, self._clock.now()
        outcome = found[0].added_to(change.outcome) if change.outcome else None
        ended = replace(change, due_at=None, outcome=outcome)
        overlapping = [overlap for seen in found for overlap in seen.overlaps]
        message, lines = None, []
        if overlapping:
            reason = alarm(overlapping)
            commands = alarm_commands(overlapping)
            message = change_messages.concurrent_write_found(ended, reason, self._context.links.page(ended), commands)
            lines = [audit(now, "snatbot", "another writer in between", change.id, reason)]
            if outcome is not None:
                ended = replace(ended, outcome=replace(outcome, advice=(*outcome.advice, reason), commands=commands))
            log.error("change %s: %s", change.id, reason)
        rows = self._context.outbox.rows(change.cluster_name, message, self._clock.wall())
        self._records.commit_in(partition, [Put(ended, stored.etag), *lines, *rows])

    def _look_later(self, partition: str, stored: Stored[Change], at: datetime) -> None:
        self._records.commit_in(partition, [Put(replace(stored.value, due_at=at), stored.etag)])

    def _stop(
        self,
        partition: str,
        stored: Stored[Change],
        reason: str,
        commands: tuple[str, ...] = (),
        entries: Sequence[PutJournal] = (),
    ) -> None:
        """Nothing more is done until a person has looked. The steps that were taken stay as they are."""
        now = self._clock.now()
        state = next_state(stored.value.state, Event.STOP)
        stopped = replace(stored.value, state=state, due_at=None, stop_reason=reason, stop_commands=commands)
        message = change_messages.change_stopped(stopped, self._context.links.page(stopped))
        line = audit(now, "snatbot", "change stopped", stopped.id, reason)
        rows = self._context.outbox.rows(stopped.cluster_name, message, self._clock.wall())
        self._records.commit_in(partition, [Put(stopped, stored.etag), *entries, line, *rows])
        log.error("change %s stopped: %s", stopped.id, reason)

    def _end(self, partition: str, stored: Stored[Change], event: Event, outcome: Outcome | None) -> None:
        self._context.finisher.end(partition, stored, event, outcome, self._clock.now(), self._clock.wall())

    def _fail(self, partition: str, stored: Stored[Change], reason: str) -> None:
        log.error("change %s failed: %s", stored.value.id, reason)
        self._end(partition, stored, Event.FAIL, Outcome("failed", reason))
