"""The egress addresses of a plan: those that are there and ours, and those that are created."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..model.network import NatGateway, NetworkFacts, PublicIp
from ..model.plan import CreatePublicIp, CreatePublicIpPrefix
from ..model.resource_id import ResourceId, same_id
from .naming import PRODUCT_TAG, free_names, network_id, tags_for
from .plan_policy import PlanPolicy

SHORTEST_PREFIX, LONGEST_PREFIX = 28, 31  # what a NAT gateway takes (Azure docs: nat-gateway-resource)


@dataclass(frozen=True, slots=True)
class Egress:
    """``steps`` create what is missing; one for what exists already does nothing when it is applied.

    ``shown`` are addresses where they are known, else the names of what will be created.
    """

    steps: tuple[CreatePublicIp | CreatePublicIpPrefix, ...]
    shown: tuple[str, ...]
    new_ips: int
    ip_ids: tuple[str, ...] = ()
    prefix_ids: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.ip_ids, *self.prefix_ids)


@dataclass(frozen=True, slots=True)
class _Making:
    facts: NetworkFacts
    policy: PlanPolicy
    taken: set[str] = field(default_factory=set)

    def id_of(self, kind: Literal["pip", "ippre"], resource_type: str) -> str:
        name = next(free_names(kind, self.facts.cluster, self.policy.name_template, self.taken))
        self.taken.add(name.lower())
        return network_id(self.facts.nat_group_id, resource_type, name)


def choose_egress(facts: NetworkFacts, wanted: int, policy: PlanPolicy) -> Egress:
    """``wanted`` public IPs as the owner wants them: single addresses, a new prefix, or a prefix that was given."""
    making = _Making(facts, policy, {name.lower() for name in facts.taken_names})
    if policy.nat_ips == "addresses":
        return _addresses(making, wanted)
    if policy.nat_ips == "prefix":
        return _new_prefix(making, wanted)
    return _given_prefix(facts, wanted)


def _addresses(making: _Making, wanted: int) -> Egress:
    """Reserved ones first, all of them: partners may have been told of each."""
    facts = making.facts
    reserved = reserved_addresses(facts, "publicIPAddresses")
    location, tags = facts.vnet_location or "", tags_for(facts.cluster, making.policy.tags)
    old = [CreatePublicIp(ip.id, location, ip.zones, dict(ip.tags or {})) for ip in reserved]
    new = [
        CreatePublicIp(making.id_of("pip", "publicIPAddresses"), location, (), tags)
        for _ in range(wanted - len(reserved))
    ]
    return Egress(
        steps=(*old, *new),
        shown=(*(ip.address for ip in reserved), *(ResourceId.parse(step.id).name for step in new)),
        new_ips=len(new),
        ip_ids=tuple(step.id for step in (*old, *new)),
    )


def _new_prefix(making: _Making, wanted: int) -> Egress:
    facts = making.facts
    length = prefix_length(wanted)
    location, tags = facts.vnet_location or "", tags_for(facts.cluster, making.policy.tags)
    for prefix in reserved_addresses(facts, "publicIPPrefixes"):
        if _size(prefix) >= wanted:
            length = int(prefix.address.rpartition("/")[2])
            step = CreatePublicIpPrefix(prefix.id, location, length, prefix.zones, dict(prefix.tags or {}))
            return Egress((step,), (prefix.address,), 0, prefix_ids=(prefix.id,))
    step = CreatePublicIpPrefix(making.id_of("ippre", "publicIPPrefixes"), location, length, (), tags)
    shown = f"{ResourceId.parse(step.id).name} (/{length}, {2 ** (32 - length)} addresses)"
    return Egress((step,), (shown,), 2 ** (32 - length), prefix_ids=(step.id,))


def _given_prefix(facts: NetworkFacts, wanted: int) -> Egress:
    prefix = facts.given_prefix
    if prefix is None:
        return Egress((), (), 0, problem="the public IP prefix named in NAT_IPS could not be read")
    problem = ""
    if _size(prefix) < wanted:
        problem = f"the public IP prefix {prefix.name} holds {_size(prefix)} addresses; {wanted} are needed"
    elif prefix.attached_to_id:
        problem = f"the public IP prefix {prefix.name} is used by {ResourceId.parse(prefix.attached_to_id).name}"
    return Egress((), (prefix.address,), 0, prefix_ids=(prefix.id,), problem=problem)


def prefix_length(wanted: int) -> int:
    """The longest prefix with that many addresses: 2 → /31, 3 → /30, 16 → /28."""
    length = LONGEST_PREFIX
    while 2 ** (32 - length) < wanted and length > SHORTEST_PREFIX:
        length -= 1
    return length


def reserved_addresses(facts: NetworkFacts, resource_type: str) -> tuple[PublicIp, ...]:
    """Addresses that this bot created for the cluster and nothing uses: its tag and its records both say so."""
    return tuple(
        ip
        for ip in facts.group_ips
        if ResourceId.parse(ip.id).type.lower().endswith(f"/{resource_type.lower()}")
        and ip.id.lower() in facts.ours.created_ids
        and (ip.tags or {}).get(PRODUCT_TAG) == facts.cluster.name
        and ip.attached_to_id is None
        and ip.address
    )


def our_gateway(facts: NetworkFacts) -> NatGateway | None:
    """The gateway that this bot created for the cluster and that its subnets use, or else one that nothing uses."""
    candidates = [
        gateway
        for gateway in facts.nat_gateways
        if gateway.id.lower() in facts.ours.created_ids
        and (gateway.tags or {}).get(PRODUCT_TAG) == facts.cluster.name
        and gateway.location.lower() == (facts.vnet_location or "").lower()
    ]
    used = [one for one in candidates if any(same_id(subnet.nat_gateway_id, one.id) for subnet in facts.subnets)]
    idle = [one for one in candidates if not one.subnet_ids]
    return next(iter(used or idle), None)


def addresses_of(gateway: NatGateway, known: Sequence[PublicIp]) -> tuple[str, ...]:
    """Addresses of a gateway where they are known, else names."""
    by_id = {ip.id.lower(): ip.address for ip in known}
    ids = (*gateway.public_ip_ids, *gateway.public_ip_prefix_ids)
    return tuple(by_id.get(one.lower()) or ResourceId.parse(one).name for one in ids)


def _size(prefix: PublicIp) -> int:
    length = prefix.address.rpartition("/")[2]
    return int(2 ** (32 - int(length))) if length.isdigit() else 0
