"""Reserve the public IPs now, switch later: partners and the API server's list can know them before anything moves."""

from __future__ import annotations

from ..model.network import NetworkFacts
from ..model.plan import Check, Demand, Plan, PlanKind
from ..texts import count
from . import preflight
from .commands import by_hand, undo_by_hand
from .cost import monthly_cost
from .digest import digest
from .egress import Egress
from .plan_policy import PlanPolicy


def plan_reservation(
    facts: NetworkFacts, egress: Egress, demand: Demand, policy: PlanPolicy, demand_checks: tuple[Check, ...] = ()
) -> Plan | None:
    """Creates the public IPs that ``egress`` wants and nothing else; None when all of them are there already."""
    new = [step for step in egress.steps if not any(ip.id.lower() == step.id.lower() for ip in facts.group_ips)]
    if not new or not egress.is_possible:
        return None
    steps = tuple(new)
    cluster = facts.cluster
    return Plan(
        kind=PlanKind.RESERVE_PUBLIC_IPS,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=(
            f"reserve {count(egress.new_ips, 'public IP')} for {cluster.name}; no traffic moves, "
            "switching to them is a plan of its own"
        ),
        steps=steps,
        checks=preflight.sorted_checks(
            [
                *demand_checks,
                preflight.vnet_ownership(facts),
                preflight.subnets_readable(facts),
                *preflight.check_access(facts, steps),
            ]
        ),
        egress_now=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        egress_then=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        way_back="delete the public IPs again: nothing uses them",
        digest=digest(PlanKind.RESERVE_PUBLIC_IPS, cluster.id, steps),
        demand=demand,
        commands=tuple(by_hand(steps)),
        way_back_commands=tuple(undo_by_hand(steps)),
        planned_at=facts.at,
        notes=(
            "When the addresses are known, give them to partners whose firewalls list the old ones, and add them to "
            "the API server's authorized IP ranges if it has any. Then ask for a new plan: it uses these addresses.",
        ),
        cost=monthly_cost(steps, [step.id for step in steps], policy.prices),
    )
