"""A public IP prefix for egress: a new one of the right length, or the owner's if a NAT gateway takes it.

Azure docs (nat-gateway-resource): prefixes of /28 to /31, at most 16 addresses on a gateway with all its public IPs and
prefixes; a Standard gateway takes only Standard prefixes of its region (nat-sku).
"""

from collections.abc import Iterator

from ...formatting import addresses_of, listed
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.resource_id import same_id
from ...model.text import Text
from ..checks import CheckBuilder

LARGEST_PREFIX = 16
_SIZES = {31: 2, 30: 4, 29: 8, 28: 16}  # by prefix length
_CHECK = CheckBuilder(CheckId.PUBLIC_IP_PREFIX, "publicIPPrefixes GET")
_ANOTHER = Text("name another prefix in NAT_IPS, or set it to addresses or prefix")


def length_within(wanted: int, room: int) -> int | None:
    """The length of the smallest prefix with ``wanted`` addresses that ``room`` allows, else of the largest."""
    fitting = [length for length, size in _SIZES.items() if size <= room]
    enough = [length for length in fitting if _SIZES[length] >= wanted]
    return next(iter(enough or fitting[-1:]), None)


def check_given(facts: NetworkFacts, wanted: int, room: int, gateway: NatGateway | None) -> tuple[Check, ...]:
    """Check the prefix that the owner named, for a new gateway (None) or an existing one."""
    prefix = facts.given_prefix
    if prefix is None:
        return (_CHECK.blocks(Text("the public IP prefix named in NAT_IPS could not be read"), _ANOTHER),)
    problems = [*_unfit(prefix, facts), *_not_free(prefix, gateway), *_wrong_size(prefix, wanted, room)]
    if problems:
        return tuple(_CHECK.blocks(problem, _ANOTHER) for problem in problems)
    return (_about_zones(prefix, gateway),)


def _unfit(prefix: PublicIp, facts: NetworkFacts) -> Iterator[Text]:
    is_near = not (prefix.location and facts.vnet_location) or prefix.location.lower() == facts.vnet_location.lower()
    subscription, state = prefix.id.subscription, prefix.provisioning_state or "Succeeded"
    is_ours = facts.vnet_id is None or facts.vnet_id.subscription.lower() == subscription.lower()
    is_ready = prefix.sku.lower() == "standard" and state.lower() == "succeeded"
    if not (is_near and is_ours and is_ready) or ":" in prefix.address:
        has = (prefix.sku, prefix.location, prefix.address, state, subscription)
        yield Text(
            "prefix {prefix} ({properties}) does not fit: a Standard NAT gateway takes an IPv4 prefix of SKU Standard "
            "in its region and subscription, in state Succeeded",
            prefix=prefix.name,
            properties=has,
        )


def _not_free(prefix: PublicIp, gateway: NatGateway | None) -> Iterator[Text]:
    name = prefix.name
    if gateway is not None and any(same_id(prefix_id, prefix.id) for prefix_id in gateway.public_ip_prefix_ids):
        yield Text("prefix {prefix} is on the NAT gateway already, and more is needed than it holds", prefix=name)
    elif prefix.attached_to_id:
        yield Text("prefix {prefix} is used by {resource}", prefix=name, resource=prefix.attached_to_id.name)
    if prefix.taken_out_ids:
        ips = listed([ip_id.name for ip_id in prefix.taken_out_ids])
        yield Text("prefix {prefix} is not free: public IPs were made from it ({ips})", prefix=name, ips=ips)


def _wrong_size(prefix: PublicIp, wanted: int, room: int) -> Iterator[Text]:
    name, size = prefix.name, prefix.address_count
    holds = addresses_of(size)
    if size not in _SIZES.values():
        text = prefix.address or Text("without a range")
        yield Text("prefix {prefix} is {range}; a NAT gateway takes /28 to /31", prefix=name, range=text)
    elif size < wanted:
        yield Text(
            "prefix {prefix} holds {addresses}; {wanted} are needed", prefix=name, addresses=holds, wanted=wanted
        )
    elif size > room:
        yield Text(
            "prefix {prefix} holds {addresses}; the NAT gateway has room for {room} more, it takes 16 in all",
            prefix=name,
            addresses=holds,
            room=room,
        )


def _about_zones(prefix: PublicIp, gateway: NatGateway | None) -> Check:
    zones = gateway.zones if gateway else ()
    if zones and prefix.zones and not set(zones) <= set(prefix.zones):
        problem = Text(
            "prefix {prefix} is in zone {zones}; the NAT gateway is in zone {gateway_zones}",
            prefix=prefix.name,
            zones=listed(prefix.zones),
            gateway_zones=listed(zones),
        )
        return _CHECK.blocks(problem, _ANOTHER)
    if len(prefix.zones) == 1 and not zones:
        return _CHECK.warns(
            Text(
                "prefix {prefix} is in zone {zone} only, and the NAT gateway in none: egress depends on that zone, and "
                "Azure may refuse the pair",
                prefix=prefix.name,
                zone=prefix.zones[0],
            ),
            Text("take a zone-redundant prefix; a refusal comes before any subnet is touched"),
        )
    fits = Text("prefix {prefix} ({range}) is free and fits the NAT gateway", prefix=prefix.name, range=prefix.address)
    return _CHECK.passes(fits)
