"""What an answer without steps is made of, and the plan that carries it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ....model.network import NetworkFacts
from ....model.plan import Baseline, Check, CheckResult, Demand, Plan, PlanKind, RelatedPlan
from ..digest import with_digest


@dataclass(frozen=True, slots=True)
class Advice:
    """``summary`` is the answer in one sentence; ``commands`` are for a person, none where something forbids them.

    ``arithmetic`` takes the place of the NAT gateway's sizing where that isn't the point.
    """

    kind: PlanKind
    summary: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    arithmetic: tuple[str, ...] = ()
    egress_then: tuple[str, ...] = ()
    irreversible: str = ""
    rollback_text: str = "nothing is changed"
    rollback_commands: tuple[str, ...] = ()

    def unless_blocked(self) -> Advice:
        """Without its commands when a check forbids them: they must not be copied then."""
        blocker = next((check for check in self.checks if check.is_blocking), None)
        if blocker is None:
            return self
        return Advice(self.kind, f"not for this cluster now: {blocker.message}", checks=self.checks)

    @property
    def as_related(self) -> tuple[RelatedPlan, ...]:
        """What a plan beside it says of it; nothing when there is nothing to run."""
        return (RelatedPlan(self.kind, self.summary, self.commands),) if self.commands else ()


def plan_of(
    advice: Advice,
    facts: NetworkFacts,
    demand: Demand,
    baseline: Baseline | None,
    related: tuple[RelatedPlan, ...] = (),
) -> Plan:
    """The same object as an executable plan, without steps."""
    now = tuple(ip.address for ip in facts.outbound_ips if ip.address)
    plan = Plan(
        kind=advice.kind,
        cluster_id=facts.cluster.id,
        cluster_name=facts.cluster.name,
        vnet_id=facts.vnet_id,
        summary=advice.summary,
        steps=(),
        checks=advice.checks,
        egress_now=now,
        egress_then=advice.egress_then,
        rollback_text=advice.rollback_text,
        digest="",
        demand=replace(demand, arithmetic=advice.arithmetic) if advice.arithmetic else demand,
        baseline=baseline,
        commands=advice.commands,
        rollback_commands=advice.rollback_commands,
        planned_at=facts.at,
        notes=advice.notes,
        irreversible=advice.irreversible,
        related=related,
    )
    return with_digest(plan)


def must(name: str, is_met: bool, met: str, unmet: str, remedy: str, source: str) -> Check:
    """A precondition of an advice."""
    if is_met:
        return Check(name, CheckResult.PASS, met, source=source)
    return Check(name, CheckResult.BLOCK, unmet, remedy, source)
