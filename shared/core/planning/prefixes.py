"""A public IP prefix for egress: a new one of the right length, or the owner's if a NAT gateway takes it.

Azure docs (nat-gateway-resource): prefixes of /28 to /31, at most 16 addresses on a gateway with all its public IPs and
prefixes; a Standard gateway takes only Standard prefixes of its region (nat-sku).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...formatting import count, listed
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.resource_id import same_id
from ..checks import CheckBuilder

LARGEST_PREFIX = 16
_SIZES = {31: 2, 30: 4, 29: 8, 28: 16}  # by prefix length
_CHECK = CheckBuilder(CheckId.PUBLIC_IP_PREFIX, "publicIPPrefixes GET")
_ANOTHER = "name another prefix in NAT_IPS, or set it to addresses or prefix"


def length_within(wanted: int, room: int) -> int | None:
    """The length of the smallest prefix with ``wanted`` addresses that ``room`` allows, else of the largest."""
    fitting = [length for length, size in _SIZES.items() if size <= room]
    enough = [length for length in fitting if _SIZES[length] >= wanted]
    return next(iter(enough or fitting[-1:]), None)


def check_given(facts: NetworkFacts, wanted: int, room: int, gateway: NatGateway | None) -> tuple[Check, ...]:
    """Check the prefix that the owner named, for a new gateway (None) or an existing one."""
    prefix = facts.given_prefix
    if prefix is None:
        return (_CHECK.blocks("the public IP prefix named in NAT_IPS could not be read", _ANOTHER),)
    problems = [*_unfit(prefix, facts), *_not_free(prefix, gateway), *_wrong_size(prefix, wanted, room)]
    if problems:
        return tuple(_CHECK.blocks(f"the public IP prefix {prefix.name} {problem}", _ANOTHER) for problem in problems)
    return _about_zones(prefix, gateway)


def _unfit(prefix: PublicIp, facts: NetworkFacts) -> Iterator[str]:
    if prefix.sku.lower() != "standard":
        yield f"is of SKU {prefix.sku}; a Standard NAT gateway takes Standard ones only"
    if prefix.location and facts.vnet_location and prefix.location.lower() != facts.vnet_location.lower():
        yield f"is in {prefix.location}; the virtual network and its NAT gateway are in {facts.vnet_location}"
    subscription = prefix.id.subscription
    if facts.vnet_id and facts.vnet_id.subscription.lower() != subscription.lower():
        yield f"is in subscription {subscription}, not in the virtual network's"
    if prefix.provisioning_state and prefix.provisioning_state.lower() != "succeeded":
        yield f"is {prefix.provisioning_state}; it must be Succeeded"
    if ":" in prefix.address:
        yield f"is {prefix.address}, IPv6; a Standard NAT gateway does IPv4 only"


def _not_free(prefix: PublicIp, gateway: NatGateway | None) -> Iterator[str]:
    if gateway is not None and any(same_id(prefix_id, prefix.id) for prefix_id in gateway.public_ip_prefix_ids):
        yield "is on the NAT gateway already, and more is needed than it holds"
    elif prefix.attached_to_id:
        yield f"is used by {prefix.attached_to_id.name}"
    if prefix.taken_out_ids:
        names = listed([ip_id.name for ip_id in prefix.taken_out_ids])
        yield f"is not free: public IPs were made from it ({names})"


def _wrong_size(prefix: PublicIp, wanted: int, room: int) -> Iterator[str]:
    size = prefix.address_count
    holds = f"holds {count(size, 'address', 'addresses')}"
    if size not in _SIZES.values():
        yield f"is {prefix.address or 'without a range'}; a NAT gateway takes /28 to /31"
    elif size < wanted:
        yield f"{holds}; {wanted} are needed"
    elif size > room:
        yield f"{holds}; the NAT gateway has room for {room} more, it takes 16 in all"


def _about_zones(prefix: PublicIp, gateway: NatGateway | None) -> tuple[Check, ...]:
    zones = gateway.zones if gateway else ()
    if zones and prefix.zones and not set(zones) <= set(prefix.zones):
        there = f"is in zone {listed(prefix.zones)}; the NAT gateway is in zone {listed(zones)}"
        return (_CHECK.blocks(f"the public IP prefix {prefix.name} {there}", _ANOTHER),)
    if len(prefix.zones) == 1 and not zones:
        message = (
            f"the public IP prefix {prefix.name} is in zone {prefix.zones[0]} only, and the NAT gateway in no "
            "particular one: egress depends on that zone, and Azure may refuse the pair"
        )
        remedy = "a zone-redundant prefix has neither trouble; a refusal comes before any subnet is touched"
        return (_CHECK.warns(message, remedy),)
    return (_CHECK.passes(f"the public IP prefix {prefix.name} ({prefix.address}) is free and fits the NAT gateway"),)
