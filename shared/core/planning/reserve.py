"""Reserve the public IPs now, switch later: partners and the API server's list can know them before anything moves."""

from __future__ import annotations

from collections.abc import Sequence

from ...formatting import count, listed
from ...model.network import NetworkFacts
from ...model.plan import Check, CheckResult, Demand, Plan, PlanKind
from ..az_cli import by_hand, undo_commands
from . import preflight
from .cost import monthly_cost
from .digest import with_digest
from .egress import Egress, egress_now
from .plan_options import PlanOptions


def why_not_the_switch(facts: NetworkFacts, blocker: Check, planned_ip_ids: Sequence[str]) -> Check:
    """What forbids the switch, as a warning of the reservation that comes before it, with what to do next."""
    read = [facts.known_ips.get(one.lower()) for one in planned_ip_ids]
    known = [ip.address for ip in read if ip is not None and ip.address]
    later = (
        "once these public IPs are made, the result of this plan names them and gives the command with the whole list"
    )
    now = f"add {listed(known, 16)} to the authorized IP ranges; " if known else ""
    return Check(
        blocker.name,
        CheckResult.WARN,
        f"why this is not the switch yet: {blocker.message}",
        f"{now}{later}; then ask for a new plan",
        blocker.source,
        commands=(preflight.authorize_command(facts.cluster, known),) if known else (),
    )


def plan_reservation(
    facts: NetworkFacts, egress: Egress, demand: Demand, options: PlanOptions, more_checks: tuple[Check, ...] = ()
) -> Plan | None:
    """Creates the public IPs that ``egress`` wants and nothing else; None when all of them are there already."""
    new = [step for step in egress.steps if not any(ip.id.lower() == step.id.lower() for ip in facts.group_ips)]
    if not new or not egress.is_possible:
        return None
    steps = tuple(new)
    cluster = facts.cluster
    plan = Plan(
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
                *more_checks,
                preflight.vnet_ownership(facts),
                preflight.subnets_readable(facts),
                preflight.managed_as_code(facts),
                *preflight.check_access(facts, steps),
            ]
        ),
        egress_now=egress_now(facts),
        egress_then=egress_now(facts),
        rollback_text="delete the public IPs again: nothing uses them",
        digest="",
        demand=demand,
        commands=tuple(by_hand(steps)),
        rollback_commands=tuple(undo_commands(steps)),
        planned_at=facts.at,
        notes=(
            "When the addresses are known, give them to partners whose firewalls list the old ones, and add them to "
            "the API server's authorized IP ranges if it has any. Then ask for a new plan: it uses these addresses.",
        ),
        cost=monthly_cost(steps, [step.id for step in steps], options.prices),
    )
    return with_digest(plan)
