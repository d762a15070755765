"""Deleting what the bot created, when nothing uses it any more: a plan of its own, because each address is lost."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.network import NetworkFacts
from ..model.plan import (
    Check,
    CheckResult,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    Plan,
    PlanKind,
)
from ..model.resource_id import ResourceId
from ..texts import count, listed
from . import preflight
from .commands import by_hand
from .digest import digest
from .naming import PRODUCT_TAG


def plan_deletion(made: Plan, facts: NetworkFacts, of_change_id: str) -> Plan:
    """Deletes the gateway, then the public IPs, of a plan that was applied, as far as they are there and ours."""
    created = [step for step in made.steps if isinstance(step, CreatePublicIp | CreatePublicIpPrefix)]
    gateway_id = next((step.id for step in made.steps if isinstance(step, CreateNatGateway)), None)
    cluster = facts.cluster
    there = {gateway.id.lower(): gateway for gateway in facts.nat_gateways}
    gateway = there.get(gateway_id.lower()) if gateway_id else None
    ips = [ip for ip in facts.group_ips if any(ip.id.lower() == step.id.lower() for step in created)]
    if gateway is not None:
        more = {one.lower() for one in gateway.public_ip_ids}
        ips += [ip for ip in facts.group_ips if ip.id.lower() in more & facts.ours.created_ids and ip not in ips]
    steps = (
        *((DeleteCreated(gateway.id, cluster.name),) if gateway is not None else ()),
        *(DeleteCreated(ip.id, cluster.name, (ip.address,) if ip.address else ()) for ip in ips),
    )
    lost = tuple(ip.address for ip in ips if ip.address)
    return Plan(
        kind=PlanKind.DELETE_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=(
            f"delete {f'NAT gateway {gateway.name} and ' if gateway else ''}{count(len(ips), 'public IP')}; "
            f"lost for good: {listed(lost, 16) or 'no address'}"
        ),
        steps=steps,
        checks=_checks(steps, facts),
        egress_now=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        egress_then=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        way_back="there is none: Azure gives other addresses next time",
        digest=digest(PlanKind.DELETE_NAT_GATEWAY, cluster.id, steps),
        commands=tuple(by_hand(steps)),
        of_change_id=of_change_id,
        planned_at=facts.at,
        notes=tuple(f"Public IP {ip.name} ({ip.address}) is lost for good." for ip in ips if ip.address),
    )


def check_steps(plan: Plan, facts: NetworkFacts) -> tuple[Check, ...]:
    """The same checks again, right before deleting."""
    return _checks(tuple(step for step in plan.steps if isinstance(step, DeleteCreated)), facts)


def _checks(steps: Sequence[DeleteCreated], facts: NetworkFacts) -> tuple[Check, ...]:
    found = [_something_there(steps), _not_used(steps, facts), _ours(steps, facts)]
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
    message = f"{listed(foreign)} is not marked as created by snatbot for this cluster"
    return Check(name, CheckResult.BLOCK, message, "delete it by hand if it is yours", source)
