"""The egress addresses of a plan: those that are there and ours, and those that are created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...formatting import count, listed
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.plan import CreatePublicIp, CreatePublicIpPrefix
from ...model.resource_id import ArmId
from ..checks import CheckBuilder
from .naming import free_names, is_ours, network_id, tags_for
from .plan_options import PlanOptions
from .prefixes import addresses_in, check_given, length_within
from .sizing import MAX_PUBLIC_IPS


@dataclass(frozen=True, slots=True)
class Egress:
    """``steps`` create what is missing; one for what exists already does nothing when it is applied.

    ``shown`` are addresses where they are known, else the names of what will be created. ``checks`` are about the
    addresses themselves.
    """

    steps: tuple[CreatePublicIp | CreatePublicIpPrefix, ...] = ()
    shown: tuple[str, ...] = ()
    new_ips: int = 0
    ip_ids: tuple[ArmId, ...] = ()
    prefix_ids: tuple[ArmId, ...] = ()
    address_count: int = 0
    checks: tuple[Check, ...] = ()

    @property
    def ids(self) -> tuple[ArmId, ...]:
        return (*self.ip_ids, *self.prefix_ids)

    @property
    def is_possible(self) -> bool:
        return not any(check.is_blocking for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Making:
    """``room`` is how many addresses more the gateway takes; ``gateway`` None when it is a new one."""

    facts: NetworkFacts
    options: PlanOptions
    room: int
    gateway: NatGateway | None
    taken: set[str] = field(default_factory=set)

    def id_of(self, kind: Literal["pip", "ippre"], resource_type: str) -> ArmId:
        name = next(free_names(kind, self.facts.cluster, self.options.name_template, self.taken))
        self.taken.add(name.lower())
        return network_id(self.facts.nat_group_id, resource_type, name)


def choose_egress(
    facts: NetworkFacts, wanted: int, options: PlanOptions, gateway: NatGateway | None = None, has: int = 0
) -> Egress:
    """``wanted`` public IPs as the owner wants them: single addresses, a new prefix, or a prefix that was given.

    ``gateway`` is the one that they are for and that has ``has`` addresses already, None for a new one.
    """
    room = max(0, MAX_PUBLIC_IPS - has)
    making = _Making(facts, options, room, gateway, {name.lower() for name in facts.taken_names})
    if options.nat_ips == "addresses":
        return _addresses(making, min(wanted, room))
    if options.nat_ips == "prefix":
        return _new_prefix(making, wanted)
    return _given_prefix(making, wanted)


def _addresses(making: _Making, wanted: int) -> Egress:
    """Reserved ones first, all of them that the gateway takes: partners may have been told of each."""
    facts = making.facts
    reserved = reserved_addresses(facts, "publicIPAddresses")
    used, left = reserved[: making.room], reserved[making.room :]
    location, tags = facts.vnet_location or "", tags_for(facts.cluster, making.options.tags)
    old = [CreatePublicIp(ip.id, location, ip.zones, dict(ip.tags or {})) for ip in used]
    new = [
        CreatePublicIp(making.id_of("pip", "publicIPAddresses"), location, (), tags) for _ in range(wanted - len(used))
    ]
    return Egress(
        steps=(*old, *new),
        shown=(*(ip.address for ip in used), *(ArmId.parse(step.id).name for step in new)),
        new_ips=len(new),
        ip_ids=tuple(step.id for step in (*old, *new)),
        address_count=len(old) + len(new),
        checks=_left_over(left),
    )


def _left_over(left: Sequence[PublicIp]) -> tuple[Check, ...]:
    if not left:
        return ()
    check = CheckBuilder(CheckId.RESERVED_PUBLIC_IPS, "publicIPAddresses LIST; natGateways GET")
    addresses = listed([ip.address for ip in left], MAX_PUBLIC_IPS)
    return (
        check.warns(
            f"{count(len(left), 'reserved public IP')} stay unused ({addresses}): "
            f"a NAT gateway has at most {MAX_PUBLIC_IPS} addresses",
            "delete them if nobody was told of them; each is billed",
        ),
    )


def _new_prefix(making: _Making, wanted: int) -> Egress:
    facts = making.facts
    location, tags = facts.vnet_location or "", tags_for(facts.cluster, making.options.tags)
    for prefix in reserved_addresses(facts, "publicIPPrefixes"):
        if wanted <= prefix.address_count <= making.room:
            length = int(prefix.address.rpartition("/")[2])
            step = CreatePublicIpPrefix(prefix.id, location, length, prefix.zones, dict(prefix.tags or {}))
            return Egress((step,), (prefix.address,), 0, (), (prefix.id,), prefix.address_count)
    check = CheckBuilder(CheckId.PUBLIC_IP_PREFIX, "natGateways GET")
    no_room = (
        f"{count(wanted, 'address', 'addresses')} more would be needed; the NAT gateway has room for {making.room}, "
        f"because it takes {MAX_PUBLIC_IPS} in all"
    )
    remedy = "with NAT_IPS=addresses single ones fill it up"
    fits = length_within(wanted, making.room)
    if fits is None:
        return Egress(checks=(check.blocks(f"{no_room}: no prefix fits", remedy),))
    size = addresses_in(fits)
    checks = () if size >= wanted else (check.warns(f"{no_room}: the new prefix is /{fits}", remedy),)
    step = CreatePublicIpPrefix(making.id_of("ippre", "publicIPPrefixes"), location, fits, (), tags)
    shown = f"{ArmId.parse(step.id).name} (/{fits}, {size} addresses)"
    return Egress((step,), (shown,), size, (), (step.id,), size, checks)


def _given_prefix(making: _Making, wanted: int) -> Egress:
    prefix = making.facts.given_prefix
    checks = check_given(making.facts, wanted, making.room, making.gateway)
    if prefix is None:
        return Egress(checks=checks)
    return Egress((), (prefix.address,), 0, (), (prefix.id,), prefix.address_count, checks)


def reserved_addresses(facts: NetworkFacts, resource_type: str) -> tuple[PublicIp, ...]:
    """Addresses that this bot created for the cluster and nothing uses: its tag and its records both say so."""
    return tuple(
        ip
        for ip in facts.group_ips
        if ArmId.parse(ip.id).type.lower().endswith(f"/{resource_type.lower()}")
        and is_ours(ip, facts)
        and ip.attached_to_id is None
        and ip.address
    )


def our_gateway(facts: NetworkFacts) -> NatGateway | None:
    """The gateway that this bot created for the cluster and that its subnets use, or else one that nothing uses."""
    candidates = [
        gateway
        for gateway in facts.nat_gateways
        if is_ours(gateway, facts) and gateway.location.lower() == (facts.vnet_location or "").lower()
    ]
    used = [gateway for gateway in candidates if gateway in facts.attached_gateways]
    idle = [gateway for gateway in candidates if not gateway.subnet_ids]
    return next(iter(used or idle), None)


def egress_now(facts: NetworkFacts) -> tuple[str, ...]:
    """What partners see today: the subnets' NAT gateways, and the load balancer for subnets that have none."""
    addresses = [address for gateway in facts.attached_gateways for address in addresses_of(gateway, facts.known_ips)]
    if not facts.subnets or any(subnet.nat_gateway_id is None for subnet in facts.subnets):
        addresses += facts.outbound_addresses
    return tuple(dict.fromkeys(addresses))


def addresses_of(gateway: NatGateway, known: Mapping[ArmId, PublicIp]) -> tuple[str, ...]:
    """Addresses of a gateway where they are known, else names."""
    return tuple(ip.address if (ip := known.get(ip_id)) and ip.address else ip_id.name for ip_id in gateway.egress_ids)


def address_count(gateway: NatGateway, known: Mapping[ArmId, PublicIp]) -> int | None:
    """How many addresses the gateway has, its prefixes' ranges counted; None when the size of one is not known."""
    prefixes = [known.get(prefix_id) for prefix_id in gateway.public_ip_prefix_ids]
    sizes = [prefix.address_count if prefix else 0 for prefix in prefixes]
    return len(gateway.public_ip_ids) + sum(sizes) if all(sizes) else None
