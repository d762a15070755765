"""Apply one approved plan, step after step, under the virtual network's claim.

Every step has a journal row, written before anything else is done for it. Each write to Azure comes right after the
claim was renewed, the stop flag was looked at and the approval was verified once more; whoever loses the claim makes no
further call. (Azure cannot check that claim: between the renewal and the arrival of the write a narrow window remains.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ...auth.links import Links
from ...chat import change_messages
from ...chat.message import Message
from ...clock import Clock
from ...core.remediation.state_machine import Event, next_state
from ...formatting import utc
from ...ids import write_id
from ...model.audit import step_done
from ...model.change import Change, ChangeState, JournalEntry
from ...model.plan import AddPublicIps, AssociateSubnet, ObserveEgress, Step
from ...store.errors import StoreConflict
from ...store.records import Put, PutJournal, Records, Stored
from ...store.stop_switch import StopSwitch
from ...store.vnet_lock import HeldClaim, VnetLock
from ..notification.outbox import Outbox, audit
from .authority import Authority
from .dispatch import ReadFacts, dispatch
from .finish import ChangeFinisher, finish
from .gate import NEXT_LOOK, Gate
from .steps import Done, NetworkWriter, Stop, Wait, WritePermit, with_azure_trouble
from .verify import Verify
from .waiting import next_look, not_before, too_long

log = logging.getLogger("snatbot.remediation")
WORTH_TELLING = timedelta(minutes=10)  # a gate alone takes seven minutes


@dataclass(frozen=True, slots=True)
class ReconcilePolicy:
    """``invocation_seconds``: how long one call may go on. ``sleep_seconds``: waits up to this are slept out."""

    wait_limit: timedelta
    pause_between_subnets: timedelta
    invocation_seconds: float = 240.0
    sleep_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """What applying works with."""

    records: Records
    stop_switch: StopSwitch
    vnet_lock: VnetLock
    outbox: Outbox
    links: Links
    verify: Verify
    gate: Gate
    finisher: ChangeFinisher
    clock: Clock
    policy: ReconcilePolicy
    read_facts: ReadFacts


class PlanExecutor:
    """One worker's hold on one applying change."""

    def __init__(
        self,
        context: ExecutionContext,
        authority: Authority,
        partition: str,
        change_id: str,
        claim: HeldClaim,
        network: NetworkWriter,
    ) -> None:
        self._context = context
        self._authority = authority
        self._partition = partition
        self._change_id = change_id
        self._claim = claim
        self._network = network
        self._clock = context.clock
        self._policy = context.policy
        self._records = context.records
        self._stop_switch = context.stop_switch
        self._journal: dict[int, Stored[JournalEntry]] = {}
        self._deadline = self._clock.wall() + timedelta(seconds=context.policy.invocation_seconds)

    def go(self) -> None:
        """Step after step until the plan is done, something must be waited for, or somebody must look.

        Raises NotAuthorized when the approval does not hold right before a write.
        """
        # Read once: nobody else writes to it while the claim is held, and each commit says the rows' new ETags.
        self._journal = self._records.journal(self._partition, self._change_id)
        while True:
            stored = self._records.change(self._partition, self._change_id)
            if stored is None or stored.value.state is not ChangeState.APPLYING:
                self._claim.release()
                return
            change = stored.value
            if change.step >= len(change.plan.steps):
                self._finish(stored)
                return
            if change.not_before is not None and change.not_before > self._clock.now():
                self._hold(stored, change.plan.steps[change.step], change.not_before)
                return
            if not self._take_step(stored, change.plan.steps[change.step]):
                return

    def _hold(self, stored: Stored[Change], step: Step, until: datetime) -> None:
        """A look at which nothing is written yet: the stop flag and the limit count all the same."""
        now = self._clock.now()
        if self._is_stopped_by_flag(stored, step):
            return
        if stored.value.step in self._journal:
            entry = self._entry(stored.value, step)
            self._wait(stored, entry, Wait((until - now).total_seconds(), entry.value.note))
        else:  # the pause before a step: nothing of it has begun
            due_at = next_look((until - now).total_seconds(), now)
            self._commit([Put(replace(stored.value, due_at=due_at), stored.etag)])
            self._claim.pause(self._clock.wall())

    def _is_stopped_by_flag(self, stored: Stored[Change], step: Step) -> bool:
        flag = self._stop_switch.stop_flag()
        if flag.is_set:
            self._stop(stored, self._entry(stored.value, step), f"all changes were stopped by {flag.by}: {flag.reason}")
        return flag.is_set

    def _take_step(self, stored: Stored[Change], step: Step) -> bool:
        """Whether to go on in this invocation."""
        if self._is_stopped_by_flag(stored, step):
            return False
        entry = self._entry(stored.value, step)
        permit = WritePermit(
            lambda: self._may_write(stored.value, step),
            self._clock.wall,
            write_id(self._change_id, entry.value.step),
            entry.value.writes,
            entry.value.attempts > 0,
        )
        gate, read_facts, now = self._context.gate, self._context.read_facts, self._clock.now()
        result = with_azure_trouble(
            lambda: dispatch(stored.value, step, entry.value, self._network, permit, gate, read_facts, now)
        )
        was_written, entry = entry.value.was_written, self._journal[entry.value.step]
        match result:
            case Done():
                return self._done(stored, step, entry, result)
            case Stop():
                # What Azure refused at the first try was not written.
                noted = replace(entry.value, may_be_written=was_written or result.may_be_written)
                self._stop(stored, replace(entry, value=noted), result.reason, result.commands)
                return False
            case Wait():
                return self._wait(stored, entry, result)

    def _may_write(self, change: Change, step: Step) -> None:
        """Right before a write: the claim must still be ours, nobody may have said stop, and the approval must hold.

        The journal knows of a step's first write before Azure does: what a dying worker wrote can be taken back.
        """
        is_stopped = self._stop_switch.stop_flag().is_set
        latest = self._records.change(self._partition, self._change_id)
        if is_stopped or latest is None or latest.value.state is not ChangeState.APPLYING:
            raise StoreConflict("stopped right before a write")
        entry = self._entry(change, step)
        # First and last: no write is announced that must not come, and saying so takes time.
        self._authority.check_write(change, self._clock.now())
        if entry.value.was_written:
            self._claim.renew(self._clock.wall())
        else:
            self._commit([PutJournal(change.id, replace(entry.value, may_be_written=True), entry.etag)])
        self._authority.check_write(change, self._clock.now())

    def _entry(self, change: Change, step: Step) -> Stored[JournalEntry]:
        """The step's journal row, written before anything else is done for it."""
        found = self._journal.get(change.step)
        if found is not None and found.value.state != "stopped":
            return found
        now = self._clock.now()
        if found is not None:
            # Resumed by a person: the step's waiting time begins anew, what was there before its write stands.
            written = found.value.was_written
            entry = replace(
                found.value,
                state="started",
                started_at=now,
                updated_at=now,
                writes=0,
                may_be_written=written,
                is_wait_notified=False,
                before=found.value.before if written else self._before(change, step),
            )
        else:
            before = self._before(change, step)
            entry = JournalEntry(step=change.step, state="started", started_at=now, updated_at=now, before=before)
        self._commit([PutJournal(change.id, entry, found.etag if found else None)])
        return self._journal[change.step]

    def _before(self, change: Change, step: Step) -> dict[str, Any] | None:
        """What the step will be held against: the subnet as it was, which nodes were Ready, the gateway's rate."""
        gate, now = self._context.gate, self._clock.now()
        if isinstance(step, AssociateSubnet):
            measured: dict[str, Any] = {"ready_nodes": gate.ready_nodes(change.cluster_id, now)}
            if step.after is not None:
                measured |= {"gateway_rate": gate.gateway_rate(step.after, now)}
            return {**step.properties_before, **measured}
        if isinstance(step, ObserveEgress):
            previous = self._journal.get(change.step - 1)
            before = previous.value.before or {} if previous else {}
            return {name: before.get(name) for name in ("ready_nodes", "gateway_rate")}
        return None

    def _done(self, stored: Stored[Change], step: Step, entry: Stored[JournalEntry], result: Done) -> bool:
        now = self._clock.now()
        done = replace(entry.value, state="done", updated_at=now, after=result.after, note=result.note)
        is_last = stored.value.step + 1 >= len(stored.value.plan.steps)
        is_pausing = isinstance(step, ObserveEgress) and not is_last
        pause = Wait(0.0, "", asked_seconds=self._policy.pause_between_subnets.total_seconds() if is_pausing else 0.0)
        changed = replace(
            stored.value, step=stored.value.step + 1, due_at=now, not_before=not_before(stored.value, pause, now)
        )
        told = (
            change_messages.change_progress(changed, done) if isinstance(step, AssociateSubnet | AddPublicIps) else None
        )
        self._commit(
            [
                Put(changed, stored.etag),
                PutJournal(changed.id, done, entry.etag),
                audit(now, "snatbot", step_done(entry.value.step), changed.id, result.note),
            ],
            changed.cluster_name,
            told,
        )
        log.info("change %s: step %d done: %s", changed.id, done.step + 1, done.note)
        return True

    def _wait(self, stored: Stored[Change], entry: Stored[JournalEntry], result: Wait) -> bool:
        now, wall = self._clock.now(), self._clock.wall()
        waited, until = now - entry.value.started_at, not_before(stored.value, result, now)
        if reason := too_long(entry.value, result, result.limit or self._policy.wait_limit, until, now):
            self._stop(replace(stored, value=replace(stored.value, not_before=until)), entry, reason)
            return False
        is_worth_telling = waited >= WORTH_TELLING and not entry.value.is_wait_notified
        noted = replace(
            entry.value,
            updated_at=now,
            note=result.note,
            attempts=entry.value.attempts + 1,
            writes=entry.value.writes + result.has_written,
            is_wait_notified=entry.value.is_wait_notified or is_worth_telling,
            exposed_seconds=_longest(entry.value.exposed_seconds, result.exposed_seconds),
        )
        is_short = result.seconds <= self._policy.sleep_seconds
        if is_short and not is_worth_telling and wall + timedelta(seconds=result.seconds) < self._deadline:
            if result.asked_seconds:
                asked = Put(replace(stored.value, not_before=until), stored.etag)
                self._commit([asked, PutJournal(stored.value.id, noted, entry.etag)])
            elif noted.note != entry.value.note or result.has_written:
                self._commit([PutJournal(stored.value.id, noted, entry.etag)])
            else:
                self._claim.renew(wall)
            self._clock.sleep(result.seconds)
            return True
        later = replace(stored.value, due_at=next_look(result.seconds, now), not_before=until)
        told = None
        if is_worth_telling:
            note = f"{result.note}; nothing is written before {utc(until)}" if until and until > now else result.note
            told = change_messages.change_waiting(later, note, self._context.links.page(later))
        self._commit([Put(later, stored.etag), PutJournal(later.id, noted, entry.etag)], later.cluster_name, told)
        self._claim.pause(self._clock.wall())
        return False

    def _stop(
        self, stored: Stored[Change], entry: Stored[JournalEntry], reason: str, commands: tuple[str, ...] = ()
    ) -> None:
        now = self._clock.now()
        state = next_state(stored.value.state, Event.STOP)
        stopped = replace(stored.value, state=state, due_at=None, stop_reason=reason, stop_commands=commands)
        noted = replace(entry.value, state="stopped", updated_at=now, note=reason)
        self._commit(
            [
                Put(stopped, stored.etag),
                PutJournal(stopped.id, noted, entry.etag),
                audit(now, "snatbot", "change stopped", stopped.id, reason),
            ],
            stopped.cluster_name,
            change_messages.change_stopped(stopped, self._context.links.page(stopped)),
        )
        log.error("change %s stopped: %s", stopped.id, reason)
        self._claim.release()

    def _finish(self, stored: Stored[Change]) -> None:
        now = self._clock.now()
        journal = [self._journal[step].value for step in sorted(self._journal)]
        end = finish(stored.value, journal, self._context.verify.authorized)
        if end is None:
            applied = replace(
                stored.value,
                state=next_state(stored.value.state, Event.APPLIED),
                applied_at=now,
                verify_from=now,
                due_at=now + NEXT_LOOK,
            )
            self._commit([Put(applied, stored.etag), audit(now, "snatbot", "change applied", applied.id)])
        else:
            wall = self._clock.wall()
            self._claim.renew(wall)
            self._context.finisher.end(self._partition, stored, *end, now, wall)
        self._claim.release()

    def _commit(self, writes: list[Put | PutJournal], cluster_name: str = "", message: Message | None = None) -> None:
        """Renews the claim first: a worker that lost it writes nothing."""
        wall = self._clock.wall()
        self._claim.renew(wall)
        rows = self._context.outbox.rows(cluster_name, message, wall)
        etags = self._records.commit_in(self._partition, [*writes, *rows])
        for write, etag in zip(writes, etags, strict=False):
            if isinstance(write, PutJournal):
                self._journal[write.entry.step] = Stored(write.entry, etag)


def _longest(known: float | None, seconds: float | None) -> float | None:
    return known if seconds is None else max(known or 0.0, seconds)
