"""Which resources a plan's steps write, and which of them do not exist yet."""

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from ...model.network import NetworkFacts
from ...model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    CreateStep,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from ...model.resource_id import ArmId


def written_id(step: Step) -> ArmId | None:
    """The resource that is created, changed or deleted; None for a gate."""
    match step:
        case AddPublicIps():
            return step.nat_gateway_id
        case AssociateSubnet():
            return step.subnet_id
        case ObserveEgress():
            return None
    return step.id


def new_resources(steps: Iterable[Step], facts: NetworkFacts) -> tuple[CreateStep, ...]:
    """Steps that create a resource that does not exist yet."""
    there = {ip.id for ip in facts.group_ips} | {gateway.id for gateway in facts.nat_gateways}
    return tuple(step for step in steps if isinstance(step, CreateStep) and step.id not in there)


def existing_ids(steps: Sequence[Step], facts: NetworkFacts) -> tuple[ArmId, ...]:
    """Resources that the steps would create and that exist already, such as reserved addresses."""
    new = new_resources(steps, facts)
    return tuple(step.id for step in steps if isinstance(step, CreateStep) and step not in new)


def new_types(steps: Iterable[Step], facts: NetworkFacts) -> frozenset[str]:
    """Resource types that the steps create, in lower case."""
    return frozenset(step.id.type.lower() for step in new_resources(steps, facts))


def count_new(steps: Iterable[CreateStep]) -> tuple[int, int]:
    """Number of public IPs, with all addresses of prefixes, and of NAT gateways."""
    found = tuple(steps)
    return sum(step.address_count for step in found), sum(isinstance(step, CreateNatGateway) for step in found)


def planned_ip_ids(steps: Iterable[Step], facts: NetworkFacts) -> tuple[ArmId, ...]:
    """Every public IP and prefix that the nodes would use for egress, with those that an existing gateway has."""
    return tuple(dict.fromkeys(ip_id for step in steps for ip_id in _egress_ids(step, facts)))


def _egress_ids(step: Step, facts: NetworkFacts) -> Iterator[ArmId]:
    match step:
        case CreatePublicIp() | CreatePublicIpPrefix():
            yield step.id
        case CreateNatGateway():
            yield from step.egress_ids
        case AddPublicIps():
            yield from (*step.after_ids, *step.after_prefix_ids)
        case ObserveEgress():
            gateway = facts.gateway(step.nat_gateway_id)
            yield from gateway.egress_ids if gateway else ()
        case AssociateSubnet() | DeleteCreated():
            pass
        case _:
            assert_never(step)
