"""Whether the world still is as the plan was approved for."""

from __future__ import annotations

from ..core.detachment import way_back
from ..core.preflight import check_all
from ..model.network import NetworkFacts
from ..model.plan import AssociateSubnet, Check, CheckResult, Plan, PlanKind
from ..model.resource_id import ResourceId, same_id
from .steps import changed_properties


def whats_different(plan: Plan, facts: NetworkFacts) -> tuple[str, ...]:
    """What now forbids the plan, one sentence each; empty when it may start."""
    found = [check.message for check in _checks(plan, facts) if check.result in _STOPS]
    by_id = {subnet.id.lower(): subnet for subnet in facts.subnets}
    for step in plan.steps:
        if not isinstance(step, AssociateSubnet):
            continue
        name = ResourceId.parse(step.subnet_id).name
        subnet = by_id.get(step.subnet_id.lower())
        if subnet is None:
            found.append(f"subnet {name} is gone, or belongs to no node pool any more")
            continue
        if changed := changed_properties(step.properties_before, subnet.properties):
            found.append(f"subnet {name}: {', '.join(changed)} changed")
        if not same_id(subnet.nat_gateway_id, step.before):
            found.append(f"subnet {name}: its NAT gateway is {subnet.nat_gateway_id or 'none'} now")
    return tuple(found)


_STOPS = (CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK)


def _checks(plan: Plan, facts: NetworkFacts) -> tuple[Check, ...]:
    if plan.kind is PlanKind.DETACH_NAT_GATEWAY:
        return (way_back(facts),)
    return check_all(facts)
