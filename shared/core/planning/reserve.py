"""Reserve public IPs now and attach the gateway later: partners and the API server's list can allow them first."""

from collections.abc import Sequence
from dataclasses import replace

from ...formatting import public_ips_of
from ...model.check import Check, CheckResult
from ...model.network import NetworkFacts
from ...model.plan import Demand, Plan, PlanKind
from ...model.resource_id import ArmId
from ...model.text import Text
from . import preflight
from .cost import monthly_cost
from .egress import Egress, egress_now
from .plan_builder import Outline, build_plan
from .request import PlanOptions
from .writes import count_new, new_resources


def why_not_the_switch(facts: NetworkFacts, blocker: Check, planned_ip_ids: Sequence[ArmId]) -> Check:
    """The checks that block the attachment, as a warning of the reservation that comes first, with what to do next."""
    known = preflight.cluster.known_addresses(facts, planned_ip_ids)
    return replace(
        blocker,
        result=CheckResult.WARN,
        message=Text("why this is not the switch yet: {reason}", reason=blocker.message),
        remedy=Text("the result of this plan gives the command with all addresses; then ask for a new plan"),
        commands=(preflight.cluster.authorize_command(facts.cluster, known),) if known else (),
    )


def plan_reservation(
    facts: NetworkFacts, egress: Egress, demand: Demand, options: PlanOptions, more_checks: tuple[Check, ...] = ()
) -> Plan | None:
    """Create only the public IPs that ``egress`` wants; None if all of them exist."""
    steps = new_resources(egress.steps, facts)
    if not steps or not egress.is_possible:
        return None
    outline = Outline(
        PlanKind.RESERVE_PUBLIC_IPS,
        Text(
            "reserve {ips} for {cluster}; no traffic moves, switching to them is a plan of its own",
            ips=public_ips_of(count_new(steps)[0]),
            cluster=facts.cluster.name,
        ),
        notes=(
            Text(
                "When the addresses are known, give them to partners whose firewalls list the old ones, and add them "
                "to the API server's authorized IP ranges if it has any. Then ask for a new plan: it uses these "
                "addresses."
            ),
        ),
        checks=(
            *more_checks,
            preflight.cluster.vnet_ownership(facts),
            preflight.subnets.subnets_readable(facts),
            preflight.shared_ownership.managed_as_code(facts),
            *preflight.check_access(facts, steps),
        ),
        steps=steps,
        egress_then=egress_now(facts),
        cost=monthly_cost(steps, options.prices),
        rollback_text=Text("delete the public IPs again: nothing uses them"),
    )
    return build_plan(outline, facts, demand)
