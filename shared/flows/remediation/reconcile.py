"""Advance an approved change: a reconcile loop that can stop and resume at any point.

A queue message or the next tick calls it until the change is final. Storage is not trusted: ``authority`` verifies the
approval here and right before each write. A worker holds the virtual network's claim while it writes; if it loses the
claim, it makes no further call.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ...auth.errors import ApprovalTooOld, NotAuthorized, RemediationOff
from ...clock import Instant
from ...cloud.errors import AzureError
from ...cloud.network import Network
from ...core.remediation.state_machine import Event, next_state
from ...errors import KeyMissing, Refused, RowForged
from ...formatting import clauses
from ...ids import new_id
from ...model.change import Change, ChangeState, Outcome, Verdict
from ...model.plan import PlanKind
from ...model.resource_id import ArmId
from ...model.text import Text
from ...retry_after import plausible_wait_seconds
from ...store.errors import StoreConflict
from ...store.vnet_lock import VnetBusy
from ..approval.renew import PlanRenewer
from .change_run import ChangeRun
from .concurrent_writes import AuditResult, ConcurrentWriteAudit, mark_reported
from .context import ExecutionContext
from .drift import find_drift
from .execute import PlanExecutor
from .outcomes import ChangeOutcomes
from .step_result import RECHECK_AFTER, Stop
from .subnet_step import stop_if_reassociated
from .waiting import WAIT_LIMIT

log = logging.getLogger("snatbot.remediation")


class Reconciler(ChangeOutcomes):
    def __init__(
        self,
        context: ExecutionContext,
        renewer: PlanRenewer,
        network_of: Callable[[str], Network],
        write_audit: ConcurrentWriteAudit,
    ) -> None:
        """``network_of`` maps a subscription to the client that writes there with the remediator's identity."""
        super().__init__(context, renewer)
        self._network_of = network_of
        self._write_audit = write_audit

    def run(self, partition: str, change_id: str) -> Change | None:
        """The change afterwards; None if it does not exist. Duplicate or late calls are harmless."""
        stored = self._records.change(partition, change_id)
        if stored is None or stored.value.due_at is None or stored.value.due_at > self._clock.now():
            return stored.value if stored else None
        try:
            self._reconcile(ChangeRun(partition, change_id, stored))
        except StoreConflict:
            log.info("change %s: another worker or a person updated it; continuing from the stored state", change_id)
        found = self._records.change(partition, change_id)
        return found.value if found else None

    def _reconcile(self, run: ChangeRun) -> None:
        match run.change.state:
            case ChangeState.PROPOSED:
                is_on = self._context.authority.is_on
                if not (is_on and self._renewer.renew_expired(run.partition, run.stored)):
                    self._context.finisher.end(run, None, Instant.of(self._clock))
            case ChangeState.APPROVED | ChangeState.APPLYING:
                self._apply(run)
            case ChangeState.VERIFYING:
                try:
                    self._verify(run)
                except RowForged as forged:
                    self._end(run, Outcome(Verdict.CANT_TELL, forged.text))
                except KeyMissing as missing:
                    self._wait_for_key(run, missing)
            case ChangeState.ROLLED_BACK:
                self._check_rolled_back(run)
            case state:
                log.warning("change %s was due in state %s, which needs no work", run.change.id, state.value)

    def _apply(self, run: ChangeRun) -> None:
        change, context = run.change, self._context
        try:
            context.authority.check(run, self._clock.now())
        except Refused as refusal:
            self._refuse(run, refusal)
            return
        vnet_id = ArmId(change.plan.vnet_id or "")
        try:
            claim = context.vnet_lock.claim_vnet(vnet_id, change.id, new_id(), self._clock.wall(), run.partition)
        except VnetBusy as busy:
            log.info("change %s waits: %s", change.id, busy)
            if busy.claim.change_id != change.id:
                context.vnet_lock.give_up_dead_claim(self._records, busy.claim, self._clock.wall())
                self._wait(run, Text("change {change} is at work on the virtual network", change=busy.claim.change_id))
            return
        if change.state is ChangeState.APPROVED and not self._start(run):
            claim.release()
            return
        network = self._network_of(vnet_id.subscription)
        try:
            PlanExecutor(context, run, claim, network).execute()
        except (RowForged, KeyMissing) as doubt:
            # Another worker may have written since the change was read: the next look reads both anew, and decides.
            log.warning("change %s: %s", change.id, doubt)
            claim.release()
        except NotAuthorized as refusal:
            latest = self._records.change(run.partition, change.id)
            if latest is not None:
                self._refuse(replace(run, stored=latest), refusal)
            claim.release()

    def _refuse(self, run: ChangeRun, refusal: Refused) -> None:
        """End a change that may not write. A change whose approval is too old gets a new plan."""
        change = run.change
        match refusal:
            case ApprovalTooOld() if change.state is ChangeState.APPROVED and not change.is_begun:
                self._replan(run, Verdict.EXPIRED, clauses(refusal.text, Text("nothing was changed")))
            case ApprovalTooOld():
                self._replan(run, Verdict.FAILED, refusal.text)
            case KeyMissing():
                self._wait_for_key(run, refusal)
            case RemediationOff() if change.is_begun:
                self._stop(run, refusal.text)  # partly applied: a person resumes it or rolls it back
            case _:
                self._end(run, Outcome(Verdict.FAILED, refusal.text))

    def _start(self, run: ChangeRun) -> bool:
        """Check drift and start the run, before the first write and when a stopped change resumes.

        False: nothing may be written, and the change waits, has stopped, or has ended with a new plan.
        """
        change, now = run.change, self._clock.now()
        if change.not_before is not None and change.not_before > now:
            is_too_long = change.is_begun and change.not_before > now + WAIT_LIMIT
            hold = self._stop if is_too_long else self._wait  # partly applied: a person must know
            hold(run, Text("Azure asks for no write before {at}", at=change.not_before))
            return False
        try:
            if not change.is_begun and self._is_held(run, now):
                return False
            facts = self._context.planner.read_facts(change.cluster_id, now, plan=change.plan)
        except AzureError as error:
            asked = timedelta(seconds=plausible_wait_seconds(error.retry_after_seconds or 0.0))
            self._wait(run, Text("Azure can't be read now: {error}", error=error.text), now + asked if asked else None)
            return False
        is_under_way = change.step in self._records.journal(run.partition, change.id)
        drift = find_drift(change.plan, facts, change.step, is_under_way=is_under_way)
        if drift.pending:
            self._wait(run, clauses(*drift.pending))
            return False
        if drift.blocking:
            self._drifted(run, clauses(*drift.blocking))
            return False
        start, line = self._context.authority.start(change, now)
        state = next_state(change.state, Event.START)
        known = self._records.with_journal(run.partition, change)
        started = replace(known, state=state, due_at=now, start=start, waits_for=Text(""), key_missing_since=None)
        self._records.commit_in(run.partition, [run.put(started), line])
        return True

    def _is_held(self, run: ChangeRun, now: datetime) -> bool:
        """Whether a rule of the policy lets nothing start now: read again, because storage is not trusted."""
        rules = self._context.permission.rules(run.change)
        starts_at = rules.starts_from(now)
        if starts_at == now:
            return False
        until = starts_at or now + RECHECK_AFTER
        held = replace(run.change, due_at=until, waits_for=rules.held_until(until))
        self._records.commit_in(run.partition, [run.put(held)])
        return True

    def _drifted(self, run: ChangeRun, reason: Text) -> None:
        change = run.change
        if not change.is_begun:
            text = Text("the world changed after approval, nothing was written: {reason}", reason=reason)
            self._replan(run, Verdict.FAILED, text)
        elif change.plan.kind is PlanKind.DETACH_NAT_GATEWAY:
            self._stop(run, Text("it did not go on: {reason}", reason=reason))
        else:
            text = Text.plural(
                "the world changed since it stopped, {done} of {count} step stay done: {reason}",
                "the world changed since it stopped, {done} of {count} steps stay done: {reason}",
                count=len(change.plan.steps),
                done=change.step,
                reason=reason,
            )
            self._replan(run, Verdict.FAILED, text)

    def _verify(self, run: ChangeRun) -> None:
        change, verify, now = run.change, self._context.verify, self._clock.now()
        if verify.is_measurable(change, now) and (stop := self._stop_if_reassociated(change)):
            self._stop(run, stop.reason, stop.commands)
            return
        outcome = verify.verdict(change, now)
        if outcome is None:
            self._check_later(run, now + RECHECK_AFTER)
            return
        journal = self._records.verified_journal(run.partition, change)
        found = self._write_audit.check(change, journal, now)
        if found.overlaps:
            entries = mark_reported(change, journal, found.overlaps)
            self._stop(run, found.alarm, found.commands, entries)
            return
        if found.again_at:
            self._check_later(run, found.again_at)
            return
        outcome = found.added_to(outcome)
        little = verify.little_left(change, now) if outcome.verdict is Verdict.FIXED else Text("")
        if little:
            outcome = replace(outcome, advice=(little,))
        self._context.finisher.end(run, outcome, Instant.of(self._clock))
        if little:
            self._renewer.offer_again(run.partition, change)

    def _stop_if_reassociated(self, change: Change) -> Stop | None:
        """Stops if the subnets differ from what this change wrote; None if they don't, or can't be read now."""
        if change.plan.vnet_id is None:
            return None
        try:
            return stop_if_reassociated(change.plan.steps, self._network_of(change.plan.vnet_id.subscription))
        except AzureError as error:
            log.warning("change %s: could not read its subnets: %s", change.id, error)
            return None

    def _check_rolled_back(self, run: ChangeRun) -> None:
        """A rollback ends with its last step; the activity log shows concurrent writes only later.

        The change that it rolled back is checked too: its verification may not have ended.
        """
        change, now = run.change, self._clock.now()
        taken = self._records.change(run.partition, change.plan.of_change_id) if change.plan.of_change_id else None
        found = AuditResult()
        for ended in (change, taken.value if taken else None):
            if ended is not None and ended.state in (ChangeState.ROLLED_BACK, ChangeState.SUPERSEDED):
                found += self._write_audit.check(ended, self._records.journal(run.partition, ended.id), now)
        if found.again_at:
            self._check_later(run, found.again_at)
        else:
            self._context.finisher.end_rollback(run, found, Instant.of(self._clock))
