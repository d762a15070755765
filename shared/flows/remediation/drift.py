"""What changed in Azure since the plan was approved: checked before the first write, and again when resuming.

Only the remaining steps are checked: for them everything must be as approved. While Azure or AKS updates what the plan
writes, the change waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.planning import delete, preflight
from ...core.planning.detach import check_load_balancer_egress
from ...core.planning.shape import new_in
from ...core.remediation.concurrent_writes import changed_properties
from ...formatting import listed
from ...model.check import Check, CheckResult
from ...model.cluster import Cluster
from ...model.network import NetworkFacts, Subnet
from ...model.plan import AssociateSubnet, ObserveEgress, Plan, PlanKind, Step
from ...model.resource_id import same_id
from ...model.text import Text
from ...model.unreadable import Unreadable, UnreadableKind

_AT_REST = ("succeeded", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Drift:
    """Sentences for people. If both are empty, the plan may start or resume."""

    blocking: tuple[Text, ...] = ()  # changes since the approval
    pending: tuple[Text, ...] = ()  # what could not be read, or is busy


def find_drift(plan: Plan, facts: NetworkFacts, done: int = 0, *, is_under_way: bool = False) -> Drift:
    """Facts that could not be read never count as deleted. ``done``: the number of finished steps.

    ``is_under_way``: the next step began, so its write may exist, complete or failed.
    """
    if done >= len(plan.steps):
        return Drift()  # no write is left, and verifying reads its own facts
    if unread := _unread(plan, facts):
        return Drift(pending=tuple(entry.text for entry in unread))
    if is_under_way:
        facts = _without_our_failure(plan.steps[done : done + 1], facts)
    is_moving = plan.kind not in (PlanKind.DETACH_NAT_GATEWAY, PlanKind.DELETE_NAT_GATEWAY)
    if is_moving and (busy := _busy(facts)):
        return Drift(pending=(busy,))
    # Comes before the pending checks, because new nodes may be the reason why these could not be made.
    is_writing_left = is_writing(plan, done)
    if is_moving and is_writing_left and (new := tuple(new_in(plan, facts))):
        return Drift(blocking=new)
    checks = _checks(plan, facts, done)
    blocking: list[Text] = [check.message for check in checks if check.result is CheckResult.BLOCK]
    pending = [check.message for check in checks if check.is_blocking and check.result is CheckResult.COULD_NOT_CHECK]
    if not pending:
        blocking += _changed_subnets(plan, facts, done, is_under_way)
        blocking += _new_subnets(plan, facts) if is_writing_left else []
    return Drift(tuple(blocking), tuple(pending))


def busy_text(cluster: Cluster) -> Text:
    """Which AKS operations are in progress; empty if none."""
    states = {cluster.name: cluster.provisioning_state}
    states |= {Text("pool {pool}", pool=pool.name): pool.provisioning_state for pool in cluster.pools}
    running = _running(states)
    return Text("waiting for AKS: {operations}", operations=running) if running else Text("")


def _busy(facts: NetworkFacts) -> Text:
    if aks := busy_text(facts.cluster):
        return aks
    running = _running({_named(subnet.name): subnet.provisioning_state for subnet in facts.subnets})
    return Text("waiting for Azure: {operations}", operations=running) if running else Text("")


def _running(states: Mapping[str, str]) -> tuple[Text, ...]:
    return tuple(
        # Translators: {state} is Azure's word, such as Updating.
        Text("{resource} is {state}", resource=name, state=state)
        for name, state in states.items()
        if state.lower() not in _AT_REST
    )


def _named(subnet: str) -> Text:
    return Text("subnet {subnet}", subnet=subnet)


def _without_our_failure(current: Sequence[Step], facts: NetworkFacts) -> NetworkFacts:
    """A subnet that the step's own write left in state Failed does not block: the step writes it again."""
    ids = {step.subnet_id for step in current if isinstance(step, AssociateSubnet)}

    def settled(subnet: Subnet) -> Subnet:
        is_ours = subnet.id in ids and subnet.provisioning_state.lower() in ("failed", "canceled")
        return replace(subnet, provisioning_state="Succeeded") if is_ours else subnet

    return replace(facts, subnets=tuple(settled(subnet) for subnet in facts.subnets))


def _unread(plan: Plan, facts: NetworkFacts) -> tuple[Unreadable, ...]:
    """A rollback needs fewer facts, and waits only for those."""
    if plan.kind is not PlanKind.DETACH_NAT_GATEWAY:
        return facts.needed_unreadable
    return facts.unreadable_of(UnreadableKind.LOAD_BALANCER, UnreadableKind.SUBNET)


def _changed_subnets(plan: Plan, facts: NetworkFacts, done: int, is_under_way: bool) -> list[Text]:
    found = []
    by_id = {subnet.id: subnet for subnet in facts.subnets}
    for index, step in enumerate(plan.steps):
        if not isinstance(step, AssociateSubnet):
            continue
        name = step.subnet_id.name
        subnet = by_id.get(step.subnet_id)
        if subnet is None:
            found.append(Text("subnet {subnet} is gone, or belongs to no node pool any more", subnet=name))
            continue
        # Other properties of a moved subnet may change.
        changed = changed_properties(step.properties_before, subnet.properties) if index >= done else []
        if changed:
            found.append(Text("subnet {subnet}: {properties} changed", subnet=name, properties=tuple(changed)))
        expected = [step.after] if index < done else [step.before]
        if index == done and is_under_way:
            expected = [step.before, step.after]
        if not any(same_id(subnet.nat_gateway_id, gateway_id) for gateway_id in expected):
            gateway = subnet.nat_gateway_id or Text("none")
            found.append(Text("subnet {subnet}: its NAT gateway is {gateway} now", subnet=name, gateway=gateway))
    return found


def _new_subnets(plan: Plan, facts: NetworkFacts) -> list[Text]:
    """Subnets that no step names: their nodes would stay on the load balancer."""
    if plan.kind is not PlanKind.ATTACH_NAT_GATEWAY:
        return []
    named = {step.subnet_id for step in plan.steps if isinstance(step, AssociateSubnet)}
    new = [
        subnet.name
        for subnet in facts.subnets
        if subnet.id not in named and not same_id(subnet.nat_gateway_id, plan.nat_gateway_id)
    ]
    return [Text("nodes use {subnets} now, which the plan does not name", subnets=listed(new))] if new else []


def _checks(plan: Plan, facts: NetworkFacts, done: int) -> tuple[Check, ...]:
    if not is_writing(plan, done):
        return ()
    match plan.kind:
        case PlanKind.DETACH_NAT_GATEWAY:
            return (check_load_balancer_egress(facts),)
        case PlanKind.DELETE_NAT_GATEWAY:
            return delete.check_steps(plan, facts, done)
        case PlanKind.RESERVE_PUBLIC_IPS:
            return (preflight.cluster.vnet_ownership(facts), *preflight.check_access(facts, plan.steps))
        case _:
            return preflight.check_all(facts, plan.steps)


def is_writing(plan: Plan, done: int) -> bool:
    """Whether a write is left after ``done`` steps."""
    return not all(isinstance(step, ObserveEgress) for step in plan.steps[done:])
