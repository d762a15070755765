"""Build a Plan from an outline and the facts, and notes that several kinds show. No other module creates plans."""

from dataclasses import dataclass, replace

from ...formatting import listed, minutes_of, public_ips_of
from ...model.check import Check
from ...model.network import NetworkFacts
from ...model.plan import CURES, Baseline, Cost, Demand, Plan, PlanKind, RelatedPlan, Step
from ...model.text import Text, verbatim
from ..az_cli import az_commands, az_undo_commands
from ..checks import sort_checks
from .digest import with_digest
from .egress import egress_now
from .shape import shape_of
from .writes import existing_ids

GOES_ON = Text("snatbot sees the change and goes on measuring.")


@dataclass(frozen=True, slots=True)
class Outline:
    """What a strategy decides; fields with the same name as in Plan mean the same.

    An outline without steps is advice: ``summary`` is the answer in one sentence, ``commands`` are for a person. With
    steps, the commands are derived from them. ``arithmetic`` replaces the sizing of the NAT gateway. ``egress_now``:
    None takes the addresses from the facts.
    """

    kind: PlanKind
    summary: Text
    commands: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()
    arithmetic: tuple[Text, ...] = ()
    egress_now: tuple[str, ...] | None = None
    egress_then: tuple[str, ...] = ()
    egress_count: int = 0
    cost: Cost | None = None
    irreversible: Text = Text("")
    rollback_text: Text = Text("nothing is changed")
    rollback_commands: tuple[str, ...] = ()
    of_change_id: str | None = None

    def unless_blocked(self) -> "Outline":
        """The outline without its commands if a check blocks, so that nobody copies them."""
        checks = sort_checks(self.checks)
        blocker = next((check for check in checks if check.is_blocking), None)
        if blocker is None:
            return replace(self, checks=checks)
        return Outline(self.kind, Text("not for this cluster now: {reason}", reason=blocker.message), checks=checks)

    @property
    def as_related(self) -> tuple[RelatedPlan, ...]:
        """The outline as a related plan of another plan; empty without commands."""
        return (RelatedPlan(self.kind, self.summary, self.commands, _texts(self.egress_then)),) if self.commands else ()


def build_plan(
    outline: Outline,
    facts: NetworkFacts,
    demand: Demand | None = None,
    baseline: Baseline | None = None,
    related: tuple[RelatedPlan, ...] = (),
) -> Plan:
    """The plan with its digest, and with its steps as ``az`` commands."""
    steps = outline.steps
    plan = Plan(
        kind=outline.kind,
        cluster_id=facts.cluster.id,
        cluster_name=facts.cluster.name,
        vnet_id=facts.vnet_id,
        summary=outline.summary,
        steps=steps,
        checks=sort_checks(outline.checks),
        egress_now=_texts(egress_now(facts) if outline.egress_now is None else outline.egress_now),
        egress_then=_texts(outline.egress_then),
        rollback_text=outline.rollback_text,
        digest="",
        demand=replace(demand, arithmetic=outline.arithmetic) if demand and outline.arithmetic else demand,
        baseline=baseline,
        commands=outline.commands,
        rollback_commands=outline.rollback_commands,
        of_change_id=outline.of_change_id,
        planned_at=facts.at,
        notes=outline.notes,
        cost=outline.cost,
        irreversible=outline.irreversible,
        related=related,
        egress_count=outline.egress_count,
        existing_ids=existing_ids(steps, facts),
        shape=shape_of(facts.cluster) if steps and outline.kind in CURES else None,
    )
    if steps:
        new = plan.new_steps()
        plan = replace(plan, commands=az_commands(new), rollback_commands=az_undo_commands(new))
    return with_digest(plan)


def _texts(addresses: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(map(verbatim, addresses))


def manual_rule_notes(facts: NetworkFacts) -> tuple[Text, ...]:
    """Outbound rules that AKS does not manage (Azure/AKS#5634)."""
    rules = facts.load_balancer.manual_outbound_rules if facts.load_balancer else ()
    return tuple(
        Text(
            "The load balancer has an outbound rule that is not known as AKS's own: {rule}, {ports} ports per node, "
            "idle timeout {minutes}, {ips}. Sizing and idle timeout take AKS's own rule, else its profile.",
            rule=rule.name,
            ports=rule.allocated_outbound_ports,
            minutes=minutes_of(rule.idle_timeout_minutes),
            ips=public_ips_of(len(rule.ip_ids)),
        )
        for rule in rules
    )


def host_snat_notes(facts: NetworkFacts) -> tuple[Text, ...]:
    """A note for Windows node pools (AKS docs: nat-gateway)."""
    pools = [pool.name for pool in facts.cluster.pools if pool.has_host_snat]
    if not pools:
        return ()
    return (
        Text(
            "Windows pools ({pools}) have OutboundNAT on, which can only be turned off when a pool is made: their "
            "nodes translate pods' addresses themselves, whatever the egress, and can run out of ports of their own.",
            pools=listed(pools),
        ),
    )
