"""The one place that makes a Plan: from facts and steps, or from advice, which has no steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...model.check import Check
from ...model.network import NetworkFacts
from ...model.plan import CURES, Baseline, Cost, Demand, Plan, PlanKind, RelatedPlan, Step
from ..az_cli import az_commands, az_undo_commands
from ..checks import sort_checks
from .digest import with_digest
from .egress import egress_now as read_egress_now
from .shape import shape_of
from .writes import existing_ids


@dataclass(frozen=True, slots=True)
class Advice:
    """``summary`` is the answer in one sentence; ``commands`` are for a person, none where a check forbids them.

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
        """Without its commands when a check forbids them: nobody should copy them then."""
        checks = sort_checks(self.checks)
        blocker = next((check for check in checks if check.is_blocking), None)
        if blocker is None:
            return replace(self, checks=checks)
        return Advice(self.kind, f"not for this cluster now: {blocker.message}", checks=checks)

    @property
    def as_related(self) -> tuple[RelatedPlan, ...]:
        """What a plan beside it says of it; nothing when there is nothing to run."""
        return (RelatedPlan(self.kind, self.summary, self.commands),) if self.commands else ()


def build_plan(
    facts: NetworkFacts,
    kind: PlanKind,
    summary: str,
    steps: Sequence[Step],
    checks: Sequence[Check],
    *,
    egress_then: Sequence[str],
    rollback_text: str,
    notes: Sequence[str] = (),
    egress_now: Sequence[str] | None = None,
    egress_count: int = 0,
    demand: Demand | None = None,
    baseline: Baseline | None = None,
    cost: Cost | None = None,
    of_change_id: str | None = None,
) -> Plan:
    """With the steps as ``az`` commands, and its digest. ``egress_now`` None: as the facts show."""
    plan = Plan(
        kind=kind,
        cluster_id=facts.cluster.id,
        cluster_name=facts.cluster.name,
        vnet_id=facts.vnet_id,
        summary=summary,
        steps=tuple(steps),
        checks=sort_checks(checks),
        egress_now=read_egress_now(facts) if egress_now is None else tuple(egress_now),
        egress_then=tuple(egress_then),
        rollback_text=rollback_text,
        digest="",
        demand=demand,
        baseline=baseline,
        of_change_id=of_change_id,
        planned_at=facts.at,
        notes=tuple(notes),
        cost=cost,
        egress_count=egress_count,
        existing_ids=existing_ids(steps, facts),
        shape=shape_of(facts.cluster) if steps and kind in CURES else None,
    )
    new = plan.new_steps()
    return with_digest(replace(plan, commands=az_commands(new), rollback_commands=az_undo_commands(new)))


def build_advice(
    advice: Advice,
    facts: NetworkFacts,
    demand: Demand,
    baseline: Baseline | None,
    related: tuple[RelatedPlan, ...] = (),
) -> Plan:
    """The same object as an executable plan, without steps."""
    plan = build_plan(
        facts,
        advice.kind,
        advice.summary,
        (),
        advice.checks,
        egress_then=advice.egress_then,
        rollback_text=advice.rollback_text,
        notes=advice.notes,
        demand=replace(demand, arithmetic=advice.arithmetic) if advice.arithmetic else demand,
        baseline=baseline,
    )
    return replace(
        plan,
        commands=advice.commands,
        rollback_commands=advice.rollback_commands,
        irreversible=advice.irreversible,
        related=related,
    )
