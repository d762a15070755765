"""Apply one approved plan step by step, while holding the virtual network's claim.

A step's journal row is written before anything else. Right before each write to Azure the worker renews the claim,
reads the stop switch and verifies the approval again; a worker that lost the claim makes no further call. (Azure can't
check the claim, so a short interval remains between the renewal and the arrival of the write.)
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from ...chat import change_messages
from ...clock import Instant
from ...cloud.network import Network
from ...core.remediation.state_machine import Event, next_state
from ...formatting import clauses
from ...ids import write_id
from ...model.audit import step_done
from ...model.change import Change, ChangeState, JournalEntry, StepState
from ...model.plan import AddPublicIps, AssociateSubnet, ObserveEgress
from ...model.text import Text
from ...store.errors import StoreConflict
from ...store.records import PutJournal, Stored
from ...store.vnet_lock import HeldClaim
from ..notification.outbox import audit
from .change_run import ChangeRun
from .context import ExecutionContext
from .dispatch import dispatch
from .finish import outcome_without_verifying
from .journal import StepJournal
from .step_result import RECHECK_AFTER, Done, Stop, Wait, WritePermit, with_azure_trouble
from .waiting import NOTIFY_AFTER, WAIT_LIMIT, next_check, not_before, too_long

log = logging.getLogger("snatbot.remediation")
_SLEEP_SECONDS = 15.0  # a shorter wait is slept through
_INVOCATION = timedelta(seconds=240)


class PlanExecutor:
    """One worker's run of one applying change."""

    def __init__(self, context: ExecutionContext, run: ChangeRun, claim: HeldClaim, network: Network) -> None:
        self._context = context
        self._partition = run.partition
        self._change_id = run.change.id
        self._claim = claim
        self._network = network
        self._clock = context.clock
        self._deadline = context.clock.wall() + _INVOCATION
        self._journal = StepJournal(context, run, claim)

    def execute(self) -> None:
        """Run until the plan is done, must wait, or needs a person.

        Raises NotAuthorized if the approval is not valid right before a write.
        """
        while True:
            stored = self._context.records.change(self._partition, self._change_id)
            if stored is None or stored.value.state is not ChangeState.APPLYING:
                self._claim.release()
                return
            run = self._journal.run = ChangeRun(self._partition, self._change_id, stored)
            if run.change.step >= len(run.change.plan.steps):
                self._finish(run)
                return
            if self._is_switched_off(run):
                return
            if run.change.not_before is not None and run.change.not_before > self._clock.now():
                self._hold(run, run.change.not_before)
                return
            if not self._take_step(run):
                return

    def _is_switched_off(self, run: ChangeRun) -> bool:
        flag = self._context.stop_switch.stop_flag()
        if flag.is_set:
            entry = self._journal.current(run.change)
            reason = Text("all changes were stopped by {who}: {reason}", who=flag.by, reason=flag.reason)
            self._stop(self._journal.run, entry, reason)
        return flag.is_set

    def _hold(self, run: ChangeRun, until: datetime) -> None:
        """Write nothing before ``until``; the step's time limit applies as usual."""
        change, now = run.change, self._clock.now()
        seconds = (until - now).total_seconds()
        if change.step in self._journal.entries:
            entry = self._journal.current(change)
            self._wait(self._journal.run, entry, Wait(seconds, entry.value.note))
        else:  # the pause before a step: nothing of it has begun
            self._journal.commit([], replace(change, due_at=next_check(seconds, now)))
            self._claim.pause(self._clock.wall())

    def _take_step(self, run: ChangeRun) -> bool:
        """Whether to continue in this invocation."""
        change, context = run.change, self._context
        before = self._journal.current(change).value
        permit = WritePermit(
            lambda: self._acquire(change),
            self._clock.wall,
            write_id(self._change_id, before.step),
            before.writes,
            before.attempts > 0,
        )
        gate, read_network, now = context.gate, context.planner.read_network, self._clock.now()
        result = with_azure_trouble(lambda: dispatch(change, before, self._network, permit, gate, read_network, now))
        entry, run = self._journal.entries[before.step], self._journal.run
        if run.change.state is not ChangeState.APPLYING:
            raise StoreConflict(Text("a person stopped it"))
        match result:
            case Done():
                self._done(run, entry, result)
                return True
            case Stop():
                # If Azure refuses the first attempt, nothing was written.
                noted = replace(entry.value, may_be_written=before.was_written or result.may_be_written)
                self._stop(run, replace(entry, value=noted), result.reason, result.commands)
                return False
            case Wait():
                return self._wait(run, entry, result)

    def _acquire(self, change: Change) -> None:
        """Right before a write, the claim must be held, the stop switch off, and the approval valid.

        The journal records a step's first write before it is sent, so that a rollback knows of it even if the worker
        dies.
        """
        is_switched_off = self._context.stop_switch.stop_flag().is_set
        latest = self._context.records.change(self._partition, self._change_id)
        if is_switched_off or latest is None or latest.value.state is not ChangeState.APPLYING:
            raise StoreConflict(Text("stopped right before a write"))
        self._context.authority.check_journal(self._partition, latest.value)
        entry = self._journal.current(change)
        # Checked before the journal, so that it records no forbidden write, and after it, because storage takes time.
        self._context.authority.check_write(change, self._clock.now())
        if entry.value.was_written:
            self._claim.renew(self._clock.wall())
        else:
            first = PutJournal(change.id, replace(entry.value, may_be_written=True), entry.etag)
            self._journal.commit([first], self._journal.run.change)
        self._context.authority.check_write(change, self._clock.now())

    def _done(self, run: ChangeRun, entry: Stored[JournalEntry], result: Done) -> None:
        change, step, now, context = run.change, run.change.current_step, self._clock.now(), self._context
        done = replace(entry.value, state=StepState.DONE, updated_at=now, after=result.after, note=result.note)
        is_last = change.step + 1 >= len(change.plan.steps)
        is_pausing = isinstance(step, ObserveEgress) and not is_last
        pause = context.pause_between_subnets.total_seconds() if is_pausing else 0.0
        changed = replace(
            change, step=change.step + 1, due_at=now, not_before=not_before(change.not_before, pause, now)
        )
        is_news = isinstance(step, AssociateSubnet | AddPublicIps)
        self._journal.commit(
            [PutJournal(change.id, done, entry.etag)],
            changed,
            [audit(now, "snatbot", step_done(done.step), change.id, result.note)],
            change_messages.change_progress(changed, done, context.links.page(changed)) if is_news else None,
        )
        log.info("change %s: step %d done: %s", change.id, done.step + 1, done.note)

    def _wait(self, run: ChangeRun, entry: Stored[JournalEntry], result: Wait) -> bool:
        """Whether to continue in this invocation, after sleeping."""
        change, known, now = run.change, entry.value, self._clock.now()
        until = not_before(change.not_before, result.asked_seconds, now)
        if reason := too_long(known, result, result.limit or WAIT_LIMIT, until, now):
            waiting = replace(run.stored, value=replace(change, not_before=until))
            self._stop(replace(run, stored=waiting), entry, reason)
            return False
        is_news = now - known.started_at >= NOTIFY_AFTER and not known.is_wait_notified
        noted = replace(
            known,
            updated_at=now,
            note=result.note,
            attempts=known.attempts + 1,
            writes=known.writes + result.has_written,
            is_wait_notified=known.is_wait_notified or is_news,
            exposed_seconds=_longest(known.exposed_seconds, result.exposed_seconds),
        )
        journal = PutJournal(change.id, noted, entry.etag)
        ends_at = self._clock.wall() + timedelta(seconds=result.seconds)
        if result.seconds <= _SLEEP_SECONDS and not is_news and ends_at < self._deadline:
            if result.asked_seconds:
                self._journal.commit([journal], replace(change, not_before=until))
            elif noted.note != known.note or result.has_written:
                self._journal.commit([journal])
            else:
                self._claim.renew(self._clock.wall())
            self._clock.sleep(result.seconds)
            return True
        later = replace(change, due_at=next_check(result.seconds, now), not_before=until)
        message = None
        if is_news:
            held = Text("nothing is written before {at}", at=until) if until and until > now else Text("")
            note = clauses(result.note, held)
            message = change_messages.change_waiting(later, note, self._context.links.page(later))
        self._journal.commit([journal], later, message=message)
        self._claim.pause(self._clock.wall())
        return False

    def _stop(self, run: ChangeRun, entry: Stored[JournalEntry], reason: Text, commands: tuple[str, ...] = ()) -> None:
        at = Instant.of(self._clock)
        noted = replace(entry.value, state=StepState.STOPPED, updated_at=at.domain, note=reason)
        self._claim.renew(at.wall)
        self._context.finisher.stop(run, at, reason, commands, [PutJournal(run.change.id, noted, entry.etag)])
        self._claim.release()

    def _finish(self, run: ChangeRun) -> None:
        at = Instant.of(self._clock)
        journal = [entry.value for _, entry in sorted(self._journal.entries.items())]
        outcome = outcome_without_verifying(run.change, journal, self._context.verify.authorize_command)
        if outcome is not None:
            self._claim.renew(at.wall)
            self._context.finisher.end(run, outcome, at)
        else:
            state, due_at = next_state(run.change.state, Event.APPLIED), at.domain + RECHECK_AFTER
            applied = replace(run.change, state=state, applied_at=at.domain, verify_from=at.domain, due_at=due_at)
            message = change_messages.change_proving(applied, self._context.links.page(applied))
            line = audit(at.domain, "snatbot", "change applied", applied.id)
            self._journal.commit([], applied, [line], message)
        self._claim.release()


def _longest(known: float | None, seconds: float | None) -> float | None:
    return known if seconds is None else max(known or 0.0, seconds)
