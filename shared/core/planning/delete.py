"""Deleting what the bot created, when nothing uses it any more: a plan of its own, because each address is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...formatting import count, listed, marked
from ...model.network import NetworkFacts
from ...model.plan import (
    Check,
    CheckResult,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    Plan,
    PlanKind,
)
from ...model.resource_id import ResourceId
from ..az_cli import by_hand
from . import preflight
from .digest import with_digest
from .egress import egress_now
from .naming import PRODUCT_TAG


def plan_deletion(made: Plan, facts: NetworkFacts, of_change_id: str) -> Plan:
    """Deletes gateways, then public IPs: those of a plan that was applied, and what else of ours nothing uses.

    A plan often uses what another one created before it stopped, so the records decide whose it is, not the plan alone.
    """
    cluster = facts.cluster
    named = {
        step.id.lower()
        for step in made.steps
        if isinstance(step, CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway)
    }
    named |= {made.nat_gateway_id.lower()} if made.nat_gateway_id else set()

    def is_ours(resource_id: str, tags: Mapping[str, str] | None) -> bool:
        return resource_id.lower() in facts.ours.created_ids and (tags or {}).get(PRODUCT_TAG) == cluster.name

    gateways = [
        one
        for one in facts.nat_gateways
        if one.id.lower() in named or (is_ours(one.id, one.tags) and not one.subnet_ids)
    ]
    going = {one.id.lower() for one in gateways}
    ips = [
        ip
        for ip in facts.group_ips
        if ip.id.lower() in named
        or (is_ours(ip.id, ip.tags) and (ip.attached_to_id is None or ip.attached_to_id.lower() in going))
    ]
    steps = (
        *(DeleteCreated(gateway.id, cluster.name) for gateway in gateways),
        *(DeleteCreated(ip.id, cluster.name, (ip.address,) if ip.address else ()) for ip in ips),
    )
    gateway_words = f"NAT gateway {listed([one.name for one in gateways])} and " if gateways else ""
    lost = tuple(ip.address for ip in ips if ip.address)
    plan = Plan(
        kind=PlanKind.DELETE_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=(
            f"delete {gateway_words}{count(len(ips), 'public IP')}; lost for good ({listed(lost, 16) or 'no address'})"
        ),
        steps=steps,
        checks=_checks(steps, facts),
        egress_now=egress_now(facts),
        egress_then=egress_now(facts),
        rollback_text="there is none: Azure gives other addresses next time",
        digest="",
        commands=tuple(by_hand(steps)),
        of_change_id=of_change_id,
        planned_at=facts.at,
        notes=tuple(f"Public IP {ip.name} ({ip.address}) is lost for good." for ip in ips if ip.address),
    )
    return with_digest(plan)


def check_steps(plan: Plan, facts: NetworkFacts, done: int = 0) -> tuple[Check, ...]:
    """The same checks again, right before deleting or going on after ``done`` steps; what is gone needs none."""
    there = {one.id.lower() for one in facts.nat_gateways} | {one.id.lower() for one in facts.group_ips}
    left = [step for step in plan.steps if isinstance(step, DeleteCreated) and step.id.lower() in there]
    return _checks(left, facts) if left or not done else ()


def _checks(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> tuple[Check, ...]:
    found = [_something_there(steps), _not_used(steps, facts), _ours(steps, facts), preflight.managed_as_code(facts)]
    if facts.access is not None:
        found += [preflight.permissions(facts, steps), preflight.locks_for_deletion(facts, steps)]
    return preflight.sorted_checks(found)


def _something_there(steps: Sequence[DeleteCreated]) -> Check:
    name, source = "resources", "natGateways LIST; publicIPAddresses LIST"
    if steps:
        return Check(
            name, CheckResult.PASS, f"{count(len(steps), 'resource')} of this change still there", source=source
        )
    return Check(name, CheckResult.BLOCK, "nothing of this change is there any more", "there is nothing to do", source)


def _not_used(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> Check:
    name, source = "use", "natGateways GET, subnets; publicIPAddresses GET"
    going = {step.id.lower() for step in steps}
    users = [
        ResourceId.parse(one).name
        for gateway in facts.nat_gateways
        if gateway.id.lower() in going
        for one in gateway.subnet_ids
    ]
    users += [
        ip.name
        for ip in facts.group_ips
        if ip.id.lower() in going and ip.attached_to_id and ip.attached_to_id.lower() not in going
    ]
    if not users:
        return Check(name, CheckResult.PASS, "nothing uses the gateway or its public IPs", source=source)
    return Check(
        name,
        CheckResult.BLOCK,
        f"still in use: {listed(users)}",
        "roll the change back first, or take it off by hand",
        source,
    )


def _ours(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> Check:
    """Both the tag and the records must say so."""
    name, source = "ownership", "tags, and snatbot's own records"
    tags = {gateway.id.lower(): gateway.tags or {} for gateway in facts.nat_gateways}
    tags |= {ip.id.lower(): ip.tags or {} for ip in facts.group_ips}
    foreign = [
        ResourceId.parse(step.id).name
        for step in steps
        if step.id.lower() not in facts.ours.created_ids
        or tags.get(step.id.lower(), {}).get(PRODUCT_TAG) != facts.cluster.name
    ]
    if not foreign:
        return Check(name, CheckResult.PASS, "snatbot created all of it for this cluster", source=source)
    message = f"not marked as created by snatbot for this cluster: {marked(foreign)}"
    return Check(name, CheckResult.BLOCK, message, "delete it by hand if it is yours", source)
