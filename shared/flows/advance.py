"""Bring an approved change forward: a reconcile loop that may be stopped and started again at any point.

Called again and again, by a queue message or by the next tick, until the change is final. What is acted on is
verified each time: storage is not trusted, so the plan's digest is computed again and the decision's signature checked.
A worker holds the virtual network's claim while it writes; when it loses the claim it makes no further call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..approval.errors import DecisionForged, RemediationOff
from ..approval.signing import Signer
from ..chat import compose
from ..chat.message import Message
from ..clock import Clock
from ..core.changes import Event, after
from ..core.digest import digest
from ..core.incidents import close
from ..errors import Refused, SnatbotError
from ..ids import new_id
from ..model.change import Change, ChangeState, JournalEntry, Outcome
from ..model.incident import IncidentState
from ..model.plan import AssociateSubnet, CreateNatGateway, CreatePublicIp, ObserveEgress, PlanKind, Step
from ..model.resource_id import ResourceId
from ..store.errors import StoreConflict
from ..store.records import Put, PutJournal, Records, Stored
from ..store.signs import HeldClaim, Signs, VnetBusy
from . import steps
from .links import Links
from .outbox import Outbox, audit
from .planning import Planning
from .propose import Propose
from .prove import Prove
from .steps import Done, NetworkWriter, Result, Stop, Wait
from .world import whats_different

log = logging.getLogger("snatbot.advance")
_NEXT_LOOK = timedelta(minutes=1)
_VERDICT_EVENTS = {"fixed": Event.PROVEN, "not fixed": Event.DISPROVEN, "can't tell": Event.UNPROVEN}


@dataclass(frozen=True, slots=True)
class AdvancePolicy:
    """``invocation_seconds``: how long one call may go on. ``sleep_seconds``: waits up to this are slept out."""

    is_remediation_on: bool
    wait_limit: timedelta
    pause_between_subnets: timedelta
    invocation_seconds: float = 240.0
    sleep_seconds: float = 15.0


class Advance:
    def __init__(
        self,
        records: Records,
        signs: Signs,
        signer: Signer,
        outbox: Outbox,
        links: Links,
        planning: Planning,
        propose: Propose,
        prove: Prove,
        network_of: Callable[[str], NetworkWriter],
        clock: Clock,
        policy: AdvancePolicy,
    ) -> None:
        self._records = records
        self._signs = signs
        self._signer = signer
        self._outbox = outbox
        self._links = links
        self._planning = planning
        self._propose = propose
        self._prove = prove
        self._network_of = network_of
        self._clock = clock
        self._policy = policy

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
                    self._end(partition, stored, Event.EXPIRE, None)
                case ChangeState.APPROVED | ChangeState.APPLYING:
                    self._apply(partition, stored)
                case ChangeState.VERIFYING:
                    self._verify(partition, stored)
                case _:
                    log.warning("change %s is %s and was due", change.id, change.state.value)
        except StoreConflict:
            log.info("change %s: another worker, or a person, wrote in between; it goes on from there", change_id)
        found = self._records.change(partition, change_id)
        return found.value if found else None

    def _apply(self, partition: str, stored: Stored[Change]) -> None:
        change = stored.value
        vnet_id = change.plan.vnet_id
        try:
            self._authorize(change)
            if vnet_id is None:
                raise Refused("the plan names no virtual network")
        except Refused as refusal:
            self._fail(partition, stored, str(refusal))
            return
        try:
            claim = self._signs.claim_vnet(vnet_id, change.id, new_id(), self._clock.wall())
        except VnetBusy as busy:
            log.info("change %s waits: %s", change.id, busy)
            if busy.claim.change_id != change.id:
                later = replace(change, due_at=self._clock.now() + _NEXT_LOOK)
                self._records.commit_in(partition, [Put(later, stored.etag)])
            return
        if change.state is ChangeState.APPROVED and not self._start(partition, stored, claim):
            return
        network = self._network_of(ResourceId.parse(vnet_id).subscription)
        _Run(self, partition, change.id, claim, network).go()

    def _authorize(self, change: Change) -> None:
        """Raises Refused unless exactly this plan was approved, by this app's signature, and acting is on."""
        if not self._policy.is_remediation_on:
            raise RemediationOff
        decision = self._signer.verify_decision(change)
        if digest(change.plan.kind, change.plan.cluster_id, change.plan.steps) != decision.digest:
            raise DecisionForged
        if change.state is ChangeState.APPROVED and self._clock.now() >= decision.expires_at:
            raise Refused("the approval expired before the change could start")

    def _start(self, partition: str, stored: Stored[Change], claim: HeldClaim) -> bool:
        """The last look before the first write. A world that changed goes back to planning, and is asked again."""
        change, now = stored.value, self._clock.now()
        facts = self._planning.facts(change.cluster_id, now)
        different = whats_different(change.plan, facts)
        if not different:
            started = replace(change, state=after(change.state, Event.START), due_at=now)
            self._records.commit_in(
                partition, [Put(started, stored.etag), audit(now, "snatbot", "change started", change.id)]
            )
            return True
        reason = f"the world changed after approval, nothing was written: {'; '.join(different)}"
        self._fail(partition, stored, reason)
        claim.release()
        try:
            self._propose.propose(change.cluster_id, now, self._clock.wall(), "snatbot", change.incident_id)
        except SnatbotError as error:
            log.warning("change %s: no new plan could be offered: %s", change.id, error)
        return False

    def _verify(self, partition: str, stored: Stored[Change]) -> None:
        change, now = stored.value, self._clock.now()
        outcome = self._prove.verdict(change, now)
        if outcome is None:
            self._records.commit_in(partition, [Put(replace(change, due_at=now + _NEXT_LOOK), stored.etag)])
            return
        self._end(partition, stored, _VERDICT_EVENTS[outcome.verdict], outcome)

    def _fail(self, partition: str, stored: Stored[Change], reason: str) -> None:
        log.error("change %s failed: %s", stored.value.id, reason)
        self._end(partition, stored, Event.FAIL, Outcome("failed", reason))

    def _end(self, partition: str, stored: Stored[Change], event: Event, outcome: Outcome | None) -> None:
        """Into a final state, with the message that tells it."""
        now = self._clock.now()
        ended = replace(stored.value, state=after(stored.value.state, event), due_at=None, outcome=outcome)
        writes: list[Put] = [
            Put(ended, stored.etag),
            audit(now, "snatbot", f"change {ended.state.value}", ended.id, outcome.reason if outcome else ""),
        ]
        if ended.state is ChangeState.FIXED:
            writes += self._closed_incident(ended, now)
        message = None if event is Event.EXPIRE else compose.change_finished(ended, self._links.page(ended))
        writes += self._outbox.rows(ended.cluster_name, message, self._clock.wall())
        self._records.commit_in(partition, writes)
        log.info("change %s: %s", ended.id, ended.state.value)

    def _closed_incident(self, change: Change, now: datetime) -> list[Put]:
        found = self._records.incident(change.cluster_id, change.incident_id) if change.incident_id else None
        if found is None or found.value.state is not IncidentState.OPEN:
            return []
        return [
            Put(close(found.value, now, f"fixed by change {change.id}"), found.etag),
            audit(now, "snatbot", "incident cleared", found.value.id, f"fixed by change {change.id}"),
        ]


class _Run:
    """One worker's hold on one applying change."""

    def __init__(self, flow: Advance, partition: str, change_id: str, claim: HeldClaim, network: NetworkWriter) -> None:
        self._flow = flow
        self._partition = partition
        self._change_id = change_id
        self._claim = claim
        self._network = network
        self._clock = flow._clock
        self._deadline = self._clock.wall() + timedelta(seconds=flow._policy.invocation_seconds)

    def go(self) -> None:
        """Step after step until the plan is done, something must be waited for, or somebody must look."""
        while True:
            stored = self._flow._records.change(self._partition, self._change_id)
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
        flag = self._flow._signs.stop_flag()
        if flag.is_set:
            self._stop(stored, entry, f"all changes were stopped by {flag.by}: {flag.reason}")
            return False
        result = steps.with_azure_trouble(lambda: self._perform(stored.value, step, entry))
        match result:
            case Done():
                return self._done(stored, step, result)
            case Stop():
                self._stop(stored, self._entry(stored.value, step), result.reason)
                return False
            case Wait():
                return self._wait(stored, self._entry(stored.value, step), result)

    def _perform(self, change: Change, step: Step, entry: Stored[JournalEntry]) -> Result:
        network = self._network
        match step:
            case CreatePublicIp():
                return steps.create_public_ip(step, network, self._may_write)
            case CreateNatGateway():
                return steps.create_nat_gateway(step, network, self._may_write)
            case AssociateSubnet():
                return steps.associate_subnet(step, network, self._may_write)
            case ObserveEgress():
                before = (entry.value.before or {}).get("ready")
                is_through, note = self._flow._prove.gate(
                    step, change.plan, entry.value.started_at, self._clock.now(), before
                )
                if is_through is None:
                    return Wait(_NEXT_LOOK.total_seconds(), note)
                return Done(note) if is_through else Stop(note)

    def _may_write(self) -> None:
        """Right before a write: the claim must still be ours, and nobody may have said stop."""
        if self._flow._signs.stop_flag().is_set:
            raise StoreConflict("stopped right before a write")
        self._claim.renew(self._clock.wall())

    def _entry(self, change: Change, step: Step) -> Stored[JournalEntry]:
        """The step's journal row, written before anything else is done for it."""
        found = self._flow._records.journal(self._partition, change.id).get(change.step)
        if found is not None:
            return found
        now = self._clock.now()
        before = None
        if isinstance(step, AssociateSubnet):
            before = {**step.properties_before, "ready": self._ready(change)}
        elif isinstance(step, ObserveEgress):
            previous = self._flow._records.journal(self._partition, change.id).get(change.step - 1)
            before = {"ready": (previous.value.before or {}).get("ready")} if previous else None
        entry = JournalEntry(step=change.step, state="started", started_at=now, updated_at=now, before=before)
        self._claim.renew(self._clock.wall())
        self._flow._records.commit_in(self._partition, [PutJournal(change.id, entry)])
        return self._flow._records.journal(self._partition, change.id)[change.step]

    def _ready(self, change: Change) -> int | None:
        return self._flow._prove.ready_nodes(change.cluster_id, self._clock.now())

    def _done(self, stored: Stored[Change], step: Step, result: Done) -> bool:
        now = self._clock.now()
        entry = self._entry(stored.value, step)
        done = replace(entry.value, state="done", updated_at=now, after=result.after, note=result.note)
        pause = self._flow._policy.pause_between_subnets if isinstance(step, ObserveEgress) else timedelta(0)
        is_last = stored.value.step + 1 >= len(stored.value.plan.steps)
        due_at = now if is_last else now + pause
        changed = replace(stored.value, step=stored.value.step + 1, due_at=due_at)
        told = compose.change_progress(changed, done) if isinstance(step, AssociateSubnet) else None
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
        if now - entry.value.started_at >= self._flow._policy.wait_limit:
            minutes = self._flow._policy.wait_limit.total_seconds() / 60
            self._stop(stored, entry, f"waited {minutes:.0f} minutes: {result.note}")
            return False
        noted = replace(entry.value, updated_at=now, note=result.note, attempts=entry.value.attempts + 1)
        is_short = result.seconds <= self._flow._policy.sleep_seconds
        if is_short and wall + timedelta(seconds=result.seconds) < self._deadline:
            if noted.note != entry.value.note:
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
            compose.change_stopped(stopped, self._flow._links.page(stopped)),
        )
        log.error("change %s stopped: %s", stopped.id, reason)
        self._claim.release()

    def _finish(self, stored: Stored[Change]) -> None:
        if stored.value.plan.kind is PlanKind.DETACH_NAT_GATEWAY:
            outcome = Outcome("rolled back", "every subnet is without the NAT gateway again, read back from Azure")
            self._claim.renew(self._clock.wall())
            self._flow._end(self._partition, stored, Event.DETACHED, outcome)
        else:
            now = self._clock.now()
            applied = replace(
                stored.value,
                state=after(stored.value.state, Event.APPLIED),
                applied_at=now,
                verify_from=now,
                due_at=now + _NEXT_LOOK,
            )
            self._commit([Put(applied, stored.etag), audit(now, "snatbot", "change applied", applied.id)])
        self._claim.release()

    def _commit(self, writes: list[Put | PutJournal], cluster_name: str = "", message: Message | None = None) -> None:
        """Renews the claim first: a worker that lost it writes nothing."""
        wall = self._clock.wall()
        self._claim.renew(wall)
        rows = self._flow._outbox.rows(cluster_name, message, wall)
        self._flow._records.commit_in(self._partition, [*writes, *rows])
