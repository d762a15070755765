"""Apply one approved plan, step after step, under the virtual network's claim.

Every step has a journal row, written before anything else is done for it. Each write to Azure comes right after the
claim was renewed and the stop flag was looked at; whoever loses the claim makes no further call. (Azure cannot check
that claim: between the renewal and the arrival of the write a narrow window remains.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..chat import compose
from ..chat.message import Message
from ..clock import Clock
from ..core.changes import Event, after
from ..model.change import Change, ChangeState, JournalEntry
from ..model.plan import AddPublicIps, AssociateSubnet, ObserveEgress, Step
from ..store.errors import StoreConflict
from ..store.records import Put, PutJournal, Records, Stored
from ..store.signs import HeldClaim, Signs
from .ending import Ending, finish
from .links import Links
from .outbox import Outbox, audit
from .perform import perform
from .prove import NEXT_LOOK, Prove
from .steps import Done, Leave, NetworkWriter, Stop, Wait, with_azure_trouble

log = logging.getLogger("snatbot.advance")


@dataclass(frozen=True, slots=True)
class AdvancePolicy:
    """``invocation_seconds``: how long one call may go on. ``sleep_seconds``: waits up to this are slept out."""

    is_remediation_on: bool
    wait_limit: timedelta
    pause_between_subnets: timedelta
    invocation_seconds: float = 240.0
    sleep_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What applying works with."""

    records: Records
    signs: Signs
    outbox: Outbox
    links: Links
    prove: Prove
    ending: Ending
    clock: Clock
    policy: AdvancePolicy


class Apply:
    """One worker's hold on one applying change."""

    def __init__(self, tools: Tools, partition: str, change_id: str, claim: HeldClaim, network: NetworkWriter) -> None:
        self._tools = tools
        self._partition = partition
        self._change_id = change_id
        self._claim = claim
        self._network = network
        self._clock = tools.clock
        self._policy = tools.policy
        self._records = tools.records
        self._signs = tools.signs
        self._deadline = self._clock.wall() + timedelta(seconds=tools.policy.invocation_seconds)

    def go(self) -> None:
        """Step after step until the plan is done, something must be waited for, or somebody must look."""
        while True:
            stored = self._records.change(self._partition, self._change_id)
            if stored is None or stored.value.state is not ChangeState.APPLYING:
                self._claim.release()
                return
            change = stored.value
            if change.step >= len(change.plan.steps):
                self._finish(stored)
                return
            if not self._take_step(stored, change.plan.steps[change.step]):
                return

    def _take_step(self, stored: Stored[Change], step: Step) -> bool:
        """Whether to go on in this invocation."""
        entry = self._entry(stored.value, step)
        flag = self._signs.stop_flag()
        if flag.is_set:
            self._stop(stored, entry, f"all changes were stopped by {flag.by}: {flag.reason}")
            return False
        leave = Leave(self._may_write, entry.value.writes, entry.value.attempts > 0)
        result = with_azure_trouble(
            lambda: perform(stored.value, step, entry.value, self._network, leave, self._tools.prove, self._clock.now())
        )
        match result:
            case Done():
                return self._done(stored, step, result)
            case Stop():
                self._stop(stored, self._entry(stored.value, step), result.reason)
                return False
            case Wait():
                return self._wait(stored, self._entry(stored.value, step), result)

    def _may_write(self) -> None:
        """Right before a write: the claim must still be ours, and nobody may have said stop."""
        if self._signs.stop_flag().is_set:
            raise StoreConflict("stopped right before a write")
        self._claim.renew(self._clock.wall())

    def _entry(self, change: Change, step: Step) -> Stored[JournalEntry]:
        """The step's journal row, written before anything else is done for it."""
        found = self._records.journal(self._partition, change.id).get(change.step)
        if found is not None and found.value.state != "stopped":
            return found
        now = self._clock.now()
        if found is not None:
            # Resumed by a person: the step's waiting time begins anew, what was there before it stands.
            entry = replace(found.value, state="started", started_at=now, updated_at=now, writes=0)
        else:
            before = self._before(change, step)
            entry = JournalEntry(step=change.step, state="started", started_at=now, updated_at=now, before=before)
        self._claim.renew(self._clock.wall())
        self._records.commit_in(self._partition, [PutJournal(change.id, entry, found.etag if found else None)])
        return self._records.journal(self._partition, change.id)[change.step]

    def _before(self, change: Change, step: Step) -> dict[str, Any] | None:
        """What the step will be held against: the subnet as it was, and how many nodes were Ready."""
        if isinstance(step, AssociateSubnet):
            return {**step.properties_before, "ready_nodes": self._ready(change)}
        if isinstance(step, ObserveEgress):
            previous = self._records.journal(self._partition, change.id).get(change.step - 1)
            return {"ready_nodes": (previous.value.before or {}).get("ready_nodes")} if previous else None
        return None

    def _ready(self, change: Change) -> list[str] | None:
        return self._tools.prove.ready_nodes(change.cluster_id, self._clock.now())

    def _done(self, stored: Stored[Change], step: Step, result: Done) -> bool:
        now = self._clock.now()
        entry = self._entry(stored.value, step)
        done = replace(entry.value, state="done", updated_at=now, after=result.after, note=result.note)
        pause = self._policy.pause_between_subnets if isinstance(step, ObserveEgress) else timedelta(0)
        is_last = stored.value.step + 1 >= len(stored.value.plan.steps)
        due_at = now if is_last else now + pause
        changed = replace(stored.value, step=stored.value.step + 1, due_at=due_at)
        told = compose.change_progress(changed, done) if isinstance(step, AssociateSubnet | AddPublicIps) else None
        self._commit(
            [
                Put(changed, stored.etag),
                PutJournal(changed.id, done, entry.etag),
                audit(now, "snatbot", f"step {entry.value.step + 1} done", changed.id, result.note),
            ],
            changed.cluster_name,
            told,
        )
        log.info("change %s: step %d done: %s", changed.id, done.step + 1, done.note)
        if due_at > now:
            self._claim.pause(self._clock.wall())
            return False
        return True

    def _wait(self, stored: Stored[Change], entry: Stored[JournalEntry], result: Wait) -> bool:
        now, wall = self._clock.now(), self._clock.wall()
        if now - entry.value.started_at >= self._policy.wait_limit:
            minutes = self._policy.wait_limit.total_seconds() / 60
            self._stop(stored, entry, f"waited {minutes:.0f} minutes: {result.note}")
            return False
        noted = replace(
            entry.value,
            updated_at=now,
            note=result.note,
            attempts=entry.value.attempts + 1,
            writes=entry.value.writes + result.has_written,
        )
        is_short = result.seconds <= self._policy.sleep_seconds
        if is_short and wall + timedelta(seconds=result.seconds) < self._deadline:
            if noted.note != entry.value.note or result.has_written:
                self._commit([PutJournal(stored.value.id, noted, entry.etag)])
            else:
                self._claim.renew(wall)
            self._clock.sleep(result.seconds)
            return True
        later = replace(stored.value, due_at=now + timedelta(seconds=result.seconds))
        self._commit([Put(later, stored.etag), PutJournal(later.id, noted, entry.etag)])
        self._claim.pause(self._clock.wall())
        return False

    def _stop(self, stored: Stored[Change], entry: Stored[JournalEntry], reason: str) -> None:
        now = self._clock.now()
        state = after(stored.value.state, Event.STOP)
        stopped = replace(stored.value, state=state, due_at=None, stop_reason=reason)
        noted = replace(entry.value, state="stopped", updated_at=now, note=reason)
        self._commit(
            [
                Put(stopped, stored.etag),
                PutJournal(stopped.id, noted, entry.etag),
                audit(now, "snatbot", "change stopped", stopped.id, reason),
            ],
            stopped.cluster_name,
            compose.change_stopped(stopped, self._tools.links.page(stopped)),
        )
        log.error("change %s stopped: %s", stopped.id, reason)
        self._claim.release()

    def _finish(self, stored: Stored[Change]) -> None:
        now = self._clock.now()
        journal = self._records.journal(self._partition, self._change_id)
        end = finish(stored.value, [journal[step].value for step in sorted(journal)], self._tools.prove.authorized)
        if end is None:
            applied = replace(
                stored.value,
                state=after(stored.value.state, Event.APPLIED),
                applied_at=now,
                verify_from=now,
                due_at=now + NEXT_LOOK,
            )
            self._commit([Put(applied, stored.etag), audit(now, "snatbot", "change applied", applied.id)])
        else:
            wall = self._clock.wall()
            self._claim.renew(wall)
            self._tools.ending.end(self._partition, stored, *end, now, wall)
        self._claim.release()

    def _commit(self, writes: list[Put | PutJournal], cluster_name: str = "", message: Message | None = None) -> None:
        """Renews the claim first: a worker that lost it writes nothing."""
        wall = self._clock.wall()
        self._claim.renew(wall)
        rows = self._tools.outbox.rows(cluster_name, message, wall)
        self._records.commit_in(self._partition, [*writes, *rows])
