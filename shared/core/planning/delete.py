"""Plan to delete unused resources that the bot created. It needs its own approval, because the addresses are lost."""

from collections.abc import Sequence

from ...formatting import listed, marked, public_ips_of
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.plan import DeleteCreated, Plan, PlanKind
from ...model.resource_id import ArmId
from ...model.text import Text
from ..checks import CheckBuilder, sort_checks
from . import preflight
from .egress import egress_now
from .naming import is_ours
from .plan_builder import Outline, build_plan


def plan_deletion(applied: Plan, facts: NetworkFacts, of_change_id: str) -> Plan:
    """Delete NAT gateways, then public IPs: those of an applied plan, and others that snatbot created and nothing uses.

    A plan may use resources that another plan created before it stopped, so the records decide which plan owns them.
    """
    named = {*(step.id for step in applied.create_steps), applied.nat_gateway_id}
    gateways = [
        gateway
        for gateway in facts.nat_gateways
        if gateway.id in named or (is_ours(gateway, facts) and not gateway.subnet_ids)
    ]
    deleted_ids = {None, *(gateway.id for gateway in gateways)}
    ips = [ip for ip in facts.group_ips if ip.id in named or (is_ours(ip, facts) and ip.attached_to_id in deleted_ids)]
    owner = facts.cluster.name
    steps = (
        *(DeleteCreated(gateway.id, owner) for gateway in gateways),
        *(DeleteCreated(ip.id, owner, (ip.address,) if ip.address else ()) for ip in ips),
    )
    outline = Outline(
        PlanKind.DELETE_NAT_GATEWAY,
        _summary(gateways, ips),
        checks=_checks(steps, facts),
        steps=steps,
        egress_then=egress_now(facts),
        rollback_text=Text("there is none: Azure gives other addresses next time"),
        of_change_id=of_change_id,
    )
    return build_plan(outline, facts)


def _summary(gateways: Sequence[NatGateway], ips: Sequence[PublicIp]) -> Text:
    lost, number = listed([ip.address for ip in ips if ip.address], 16) or Text("no address"), public_ips_of(len(ips))
    if not gateways:
        return Text("delete {ips}; lost for good ({addresses})", ips=number, addresses=lost)
    names = listed([gateway.name for gateway in gateways])
    return Text(
        "delete NAT gateway {gateways} and {ips}; lost for good ({addresses})",
        gateways=names,
        ips=number,
        addresses=lost,
    )


def check_steps(plan: Plan, facts: NetworkFacts, done: int = 0) -> tuple[Check, ...]:
    """Repeat the checks before deleting, or before resuming after ``done`` steps; a deleted resource needs none."""
    resources = _resources(facts)
    left = [step for step in plan.steps if isinstance(step, DeleteCreated) and step.id in resources]
    return _checks(left, facts) if left or not done else ()


def _resources(facts: NetworkFacts) -> dict[ArmId, NatGateway | PublicIp]:
    gateways: dict[ArmId, NatGateway | PublicIp] = {gateway.id: gateway for gateway in facts.nat_gateways}
    return gateways | {ip.id: ip for ip in facts.group_ips}


def _checks(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> tuple[Check, ...]:
    checks = [
        CheckBuilder(CheckId.RESOURCES, "natGateways LIST; publicIPAddresses LIST").requires(
            bool(steps),
            Text("resources of this change still there: {number}", number=len(steps)),
            Text("nothing of this change is there any more"),
            Text("there is nothing to do"),
        ),
        _not_used(steps, facts),
        _ours(steps, facts),
        preflight.shared_ownership.managed_as_code(facts),
    ]
    if facts.access is not None:
        checks += [preflight.refusals.permissions(facts, steps), preflight.refusals.locks_for_deletion(facts, steps)]
    return sort_checks(checks)


def _not_used(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> Check:
    deleted_ids = {step.id for step in steps}
    users = [
        subnet_id.name
        for gateway in facts.nat_gateways
        if gateway.id in deleted_ids
        for subnet_id in gateway.subnet_ids
    ]
    users += [
        ip.name
        for ip in facts.group_ips
        if ip.id in deleted_ids and ip.attached_to_id and ip.attached_to_id not in deleted_ids
    ]
    return CheckBuilder(CheckId.USE, "natGateways GET, subnets; publicIPAddresses GET").requires(
        not users,
        Text("nothing uses the gateway or its public IPs"),
        Text("still in use: {users}", users=listed(users)),
        Text("roll the change back first, or take it off by hand"),
    )


def _ours(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> Check:
    """Whether both the tag and the records say that snatbot created the resource."""
    resources = _resources(facts)
    foreign = [
        step.id.name for step in steps if (resource := resources.get(step.id)) is None or not is_ours(resource, facts)
    ]
    return CheckBuilder(CheckId.OWNERSHIP, "natGateways GET and publicIPAddresses GET, tags; snatbot records").requires(
        not foreign,
        Text("snatbot created all of it for this cluster"),
        Text("not marked as created by snatbot for this cluster: {names}", names=marked(foreign)),
        Text("delete it by hand if it is yours"),
    )
