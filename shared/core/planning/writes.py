"""What a plan's steps write, and what of it does not exist yet."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.network import NetworkFacts
from ...model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from ...model.resource_id import ResourceId, same_id

_MADE = (CreatePublicIp, CreatePublicIpPrefix, CreateNatGateway)


def written_ids(steps: Sequence[Step]) -> tuple[str, ...]:
    """The resources that are created, changed or deleted, each once."""
    found: dict[str, None] = {}
    for step in steps:
        match step:
            case CreatePublicIp() | CreatePublicIpPrefix() | CreateNatGateway() | DeleteCreated():
                found[step.id] = None
            case AddPublicIps():
                found[step.nat_gateway_id] = None
            case AssociateSubnet():
                found[step.subnet_id] = None
            case ObserveEgress():
                continue
    return tuple(found)


def new_resources(steps: Sequence[Step], facts: NetworkFacts) -> tuple[Step, ...]:
    """Steps whose resource is not there yet; a step for what exists does nothing when it is applied."""
    there = {one.id.lower() for one in facts.group_ips} | {one.id.lower() for one in facts.nat_gateways}
    return tuple(step for step in steps if isinstance(step, _MADE) and step.id.lower() not in there)


def existing_ids(steps: Sequence[Step], facts: NetworkFacts) -> tuple[str, ...]:
    """What creating steps name and is there already, as addresses that were reserved."""
    new = {one.lower() for one in written_ids(new_resources(steps, facts))}
    made = tuple(step for step in steps if isinstance(step, _MADE))
    return tuple(one for one in written_ids(made) if one.lower() not in new)


def new_types(steps: Sequence[Step], facts: NetworkFacts) -> frozenset[str]:
    """Resource types of what is not there yet, in lower case."""
    return frozenset(ResourceId.parse(one).type.lower() for one in written_ids(new_resources(steps, facts)))


def new_counts(steps: Sequence[Step], facts: NetworkFacts) -> tuple[int, int]:
    """Public IPs, those of prefixes counted one by one, and NAT gateways that are not there yet."""
    ips = gateways = 0
    for step in new_resources(steps, facts):
        match step:
            case CreatePublicIp():
                ips += 1
            case CreatePublicIpPrefix():
                ips += 2 ** (32 - step.length)
            case CreateNatGateway():
                gateways += 1
    return ips, gateways


def planned_ip_ids(steps: Sequence[Step], facts: NetworkFacts) -> tuple[str, ...]:
    """Every public IP or prefix that nodes would leave from, those of a gateway that is there already included."""
    found: dict[str, None] = {}
    for step in steps:
        match step:
            case CreatePublicIp() | CreatePublicIpPrefix():
                found[step.id.lower()] = None
            case CreateNatGateway():
                found.update(dict.fromkeys(one.lower() for one in (*step.public_ip_ids, *step.public_ip_prefix_ids)))
            case AddPublicIps():
                found.update(dict.fromkeys(one.lower() for one in (*step.after_ids, *step.after_prefix_ids)))
            case ObserveEgress():
                gateways = [one for one in facts.nat_gateways if same_id(one.id, step.nat_gateway_id)]
                found.update({ip.lower(): None for one in gateways for ip in one.egress_ids})
    return tuple(found)
