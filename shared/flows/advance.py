"""Bring an approved change forward: a reconcile loop that may be stopped and started again at any point.

Called again and again, by a queue message or by the next tick, until the change is final. What is acted on is
verified each time: storage is not trusted, so the plan's digest is computed again and the decision's signature checked.
A worker holds the virtual network's claim while it writes; when it loses the claim it makes no further call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from ..approval.errors import DecisionForged, RemediationOff
from ..approval.signing import Signer
from ..core.changes import Event, after
from ..core.digest import digest
from ..errors import Refused, SnatbotError
from ..ids import new_id
from ..model.change import Change, ChangeState, Outcome
from ..model.plan import PlanKind
from ..model.resource_id import ResourceId
from ..store.errors import StoreConflict
from ..store.records import Put, Stored
from ..store.signs import HeldClaim, VnetBusy
from .apply import Apply, Tools
from .holding import give_up_dead_claim
from .outbox import audit
from .planning import Planning
from .propose import Propose
from .prove import NEXT_LOOK
from .steps import NetworkWriter
from .world import whats_different

log = logging.getLogger("snatbot.advance")
_VERDICT_EVENTS = {"fixed": Event.PROVEN, "not fixed": Event.DISPROVEN, "can't tell": Event.UNPROVEN}


class Advance:
    def __init__(
        self,
        tools: Tools,
        signer: Signer,
        planning: Planning,
        propose: Propose,
        network_of: Callable[[str], NetworkWriter],
    ) -> None:
        """``network_of`` maps a subscription to its writing side, under the identity that may write."""
        self._tools = tools
        self._signer = signer
        self._planning = planning
        self._propose = propose
        self._network_of = network_of
        self._records = tools.records
        self._signs = tools.signs
        self._clock = tools.clock

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
            claim = self._signs.claim_vnet(vnet_id, change.id, new_id(), self._clock.wall(), partition)
        except VnetBusy as busy:
            log.info("change %s waits: %s", change.id, busy)
            if busy.claim.change_id != change.id:
                give_up_dead_claim(self._records, self._signs, busy.claim, self._clock.wall())
                later = replace(change, due_at=self._clock.now() + NEXT_LOOK)
                self._records.commit_in(partition, [Put(later, stored.etag)])
            return
        if change.state is ChangeState.APPROVED and not self._start(partition, stored, claim):
            return
        network = self._network_of(ResourceId.parse(vnet_id).subscription)
        Apply(self._tools, partition, change.id, claim, network).go()

    def _authorize(self, change: Change) -> None:
        """Raises Refused unless exactly this plan was approved, by this app's signature, and acting is on."""
        if not self._tools.policy.is_remediation_on:
            raise RemediationOff
        decision = self._signer.verify_decision(change)
        if not change.plan.steps:
            raise Refused("the plan is advice for a person: there is nothing to apply")
        if digest(change.plan.kind, change.plan.cluster_id, change.plan.steps) != decision.digest:
            raise DecisionForged
        if change.state is ChangeState.APPROVED and self._clock.now() >= decision.expires_at:
            raise Refused("the approval expired before the change could start")

    def _start(self, partition: str, stored: Stored[Change], claim: HeldClaim) -> bool:
        """The last look before the first write. A world that changed goes back to planning, and is asked again."""
        change, now = stored.value, self._clock.now()
        facts = self._planning.facts(change.cluster_id, now)
        different = whats_different(change.plan, facts)
        if different.unclear:
            log.warning("change %s does not start yet: %s", change.id, "; ".join(different.unclear))
            self._records.commit_in(partition, [Put(replace(change, due_at=now + NEXT_LOOK), stored.etag)])
            claim.release()
            return False
        if not different.forbids:
            started = replace(change, state=after(change.state, Event.START), due_at=now)
            self._records.commit_in(
                partition, [Put(started, stored.etag), audit(now, "snatbot", "change started", change.id)]
            )
            return True
        reason = f"the world changed after approval, nothing was written: {'; '.join(different.forbids)}"
        self._fail(partition, stored, reason)
        claim.release()
        if change.plan.kind in (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.ADD_PUBLIC_IPS, PlanKind.RESERVE_PUBLIC_IPS):
            self._offer_again(change)
        return False

    def _offer_again(self, change: Change) -> None:
        """A new plan for the same trouble, which needs its own approval."""
        now, wall = self._clock.now(), self._clock.wall()
        is_the_same = change.plan.is_wished or change.plan.kind is PlanKind.RESERVE_PUBLIC_IPS
        kind = change.plan.kind if is_the_same else None
        try:
            self._propose.propose(change.cluster_id, now, wall, "snatbot", change.incident_id, kind=kind)
        except SnatbotError as error:
            log.warning("change %s: no new plan could be offered: %s", change.id, error)

    def _verify(self, partition: str, stored: Stored[Change]) -> None:
        change, now = stored.value, self._clock.now()
        outcome = self._tools.prove.verdict(change, now)
        if outcome is None:
            self._records.commit_in(partition, [Put(replace(change, due_at=now + NEXT_LOOK), stored.etag)])
            return
        event = _VERDICT_EVENTS[outcome.verdict]
        little = self._tools.prove.little_left(change, now) if event is Event.PROVEN else ""
        if little:
            outcome = replace(outcome, advice=(f"{little}: a plan that adds public IPs is offered.",))
        self._end(partition, stored, event, outcome)
        if little:
            self._offer_again(change)

    def _end(self, partition: str, stored: Stored[Change], event: Event, outcome: Outcome | None) -> None:
        self._tools.ending.end(partition, stored, event, outcome, self._clock.now(), self._clock.wall())

    def _fail(self, partition: str, stored: Stored[Change], reason: str) -> None:
        log.error("change %s failed: %s", stored.value.id, reason)
        self._end(partition, stored, Event.FAIL, Outcome("failed", reason))
