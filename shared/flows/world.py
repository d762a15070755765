"""Whether the world still is as the plan was approved for."""

from __future__ import annotations

from dataclasses import dataclass

from ..core import deletion, preflight
from ..core.detachment import way_back
from ..model.network import NetworkFacts
from ..model.plan import AssociateSubnet, Check, CheckResult, Plan, PlanKind
from ..model.resource_id import ResourceId, same_id
from .subnet_step import changed_properties


@dataclass(frozen=True, slots=True)
class Difference:
    """``forbids`` say what changed, one sentence each; ``unclear`` what could not be looked at just now."""

    forbids: tuple[str, ...]
    unclear: tuple[str, ...]


def whats_different(plan: Plan, facts: NetworkFacts) -> Difference:
    """Nothing in either: the plan may start. What was not read is never taken for gone."""
    unread = _unread(plan, facts)
    if unread:
        return Difference((), unread)
    checks = _checks(plan, facts)
    forbids = [check.message for check in checks if check.result is CheckResult.BLOCK]
    unclear = [check.message for check in checks if check.is_blocking and check.result is CheckResult.COULD_NOT_CHECK]
    if not unclear:
        forbids += _changed_subnets(plan, facts)
    return Difference(tuple(forbids), tuple(unclear))


def _unread(plan: Plan, facts: NetworkFacts) -> tuple[str, ...]:
    """The way back needs less than the way there, and must not wait for what it does not need."""
    if plan.kind is not PlanKind.DETACH_NAT_GATEWAY:
        return facts.unreadable
    return tuple(one for one in facts.unreadable if one.startswith(("load balancer", "subnet")))


def _changed_subnets(plan: Plan, facts: NetworkFacts) -> list[str]:
    found = []
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
    return found


def _checks(plan: Plan, facts: NetworkFacts) -> tuple[Check, ...]:
    match plan.kind:
        case PlanKind.DETACH_NAT_GATEWAY:
            return (way_back(facts),)
        case PlanKind.DELETE_NAT_GATEWAY:
            return deletion.check_steps(plan, facts)
        case PlanKind.RESERVE_PUBLIC_IPS:
            return (preflight.vnet_ownership(facts), *preflight.check_access(facts, plan.steps))
        case _:
            return preflight.check_all(facts, plan.steps)
