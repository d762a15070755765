"""The public IPs of a plan: reserved ones that snatbot created earlier, and new ones."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...formatting import addresses_of as count_addresses
from ...formatting import listed
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, PublicIp, is_prefix
from ...model.plan import CreatePublicIp, CreatePublicIpPrefix
from ...model.resource_id import ArmId
from ...model.text import Text, arranged
from ..checks import CheckBuilder
from .naming import is_ours, new_ids, tags_for
from .prefixes import check_given, length_within
from .request import PlanOptions
from .routes import Hop, hop_of, public_routes
from .sizing import MAX_PUBLIC_IPS

MAX_NODE_IPS = 64  # at most that many public IPs of nodes are shown


@dataclass(frozen=True, slots=True)
class Egress:
    """The public IPs that a plan uses.

    ``steps`` create the missing ones; a step whose resource exists does nothing. ``given`` is the prefix that the owner
    named. ``shown`` are addresses where known, else names. ``checks`` are about the public IPs themselves.
    """

    steps: tuple[CreatePublicIp | CreatePublicIpPrefix, ...] = ()
    shown: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    given: PublicIp | None = None

    @property
    def ids(self) -> tuple[ArmId, ...]:
        return (*(step.id for step in self.steps), *((self.given.id,) if self.given else ()))

    @property
    def ip_ids(self) -> tuple[ArmId, ...]:
        return tuple(ip_id for ip_id in self.ids if not is_prefix(ip_id))

    @property
    def prefix_ids(self) -> tuple[ArmId, ...]:
        return tuple(ip_id for ip_id in self.ids if is_prefix(ip_id))

    @property
    def address_count(self) -> int:
        return sum(each.address_count for each in (*self.steps, self.given) if each)

    @property
    def is_possible(self) -> bool:
        return not any(check.is_blocking for check in self.checks)


def choose_egress(
    facts: NetworkFacts, wanted: int, options: PlanOptions, gateway: NatGateway | None = None, existing: int = 0
) -> Egress:
    """Choose ``wanted`` public IPs by the owner's setting: single addresses, a new prefix, or a named prefix.

    ``gateway`` gets them and has ``existing`` addresses already; None: a new gateway gets them.
    """
    room = max(0, MAX_PUBLIC_IPS - existing)
    if options.nat_ips == "addresses":
        return _addresses(facts, options, wanted, room)
    if options.nat_ips == "prefix":
        return _new_prefix(facts, options, wanted, room)
    given = facts.given_prefix
    return Egress((), (given.address,) if given else (), check_given(facts, wanted, room, gateway), given)


def _addresses(facts: NetworkFacts, options: PlanOptions, wanted: int, room: int) -> Egress:
    """Use all reserved addresses first, as far as the gateway takes them: partners may already allow them."""
    reserved, location = reserved_addresses(facts), facts.vnet_location or ""
    used, left = reserved[:room], reserved[room:]
    old = [CreatePublicIp(ip.id, location, ip.zones, dict(ip.tags or {})) for ip in used]
    ids = new_ids(facts, "pip", min(wanted, room) - len(used), options.name_template)
    new = [CreatePublicIp(ip_id, location, (), tags_for(facts.cluster, options.tags)) for ip_id in ids]
    shown = (*(ip.address for ip in used), *(ip_id.name for ip_id in ids))
    return Egress((*old, *new), shown, tuple(_left_over(left)))


def _left_over(left: Sequence[PublicIp]) -> Iterator[Check]:
    if left:
        addresses = listed([ip.address for ip in left], MAX_PUBLIC_IPS)
        yield CheckBuilder(CheckId.RESERVED_PUBLIC_IPS, "publicIPAddresses LIST; natGateways GET").warns(
            Text.plural(
                "{count} reserved public IP stays unused ({addresses}): a NAT gateway takes at most {most}",
                "{count} reserved public IPs stay unused ({addresses}): a NAT gateway takes at most {most}",
                count=len(left),
                addresses=addresses,
                most=MAX_PUBLIC_IPS,
            ),
            Text("delete them if nobody was told of them; each is billed"),
        )


def _new_prefix(facts: NetworkFacts, options: PlanOptions, wanted: int, room: int) -> Egress:
    location = facts.vnet_location or ""
    for prefix in reserved_addresses(facts, prefixes=True):
        if wanted <= prefix.address_count <= room:
            length = int(prefix.address.rpartition("/")[2])
            step = CreatePublicIpPrefix(prefix.id, location, length, prefix.zones, dict(prefix.tags or {}))
            return Egress((step,), (prefix.address,))
    check = CheckBuilder(CheckId.PUBLIC_IP_PREFIX, "natGateways GET")
    no_room = Text("{wanted} more addresses are needed; the NAT gateway has room for {room}", wanted=wanted, room=room)
    remedy = Text("with NAT_IPS=addresses single ones fill it up")
    fits = length_within(wanted, room)
    if fits is None:
        return Egress(checks=(check.blocks(no_room, remedy),))
    (new_id,) = new_ids(facts, "ippre", 1, options.name_template)
    step = CreatePublicIpPrefix(new_id, location, fits, (), tags_for(facts.cluster, options.tags))
    size = step.address_count
    checks = () if size >= wanted else (check.warns(no_room, remedy),)
    shown = arranged("{prefix} (/{length}, {size})", prefix=new_id.name, length=fits, size=count_addresses(size))
    return Egress((step,), (shown,), checks)


def reserved_addresses(facts: NetworkFacts, *, prefixes: bool = False) -> tuple[PublicIp, ...]:
    """Public IPs, or prefixes, that snatbot created for the cluster and nothing uses."""
    return tuple(
        ip
        for ip in facts.group_ips
        if ip.is_prefix is prefixes and is_ours(ip, facts) and ip.attached_to_id is None and ip.address
    )


def our_gateway(facts: NetworkFacts) -> NatGateway | None:
    """The NAT gateway that snatbot created for the cluster and its subnets use, else one that no subnet uses."""
    candidates = [
        gateway
        for gateway in facts.nat_gateways
        if is_ours(gateway, facts) and gateway.location.lower() == (facts.vnet_location or "").lower()
    ]
    used = [gateway for gateway in candidates if gateway in facts.attached_gateways]
    idle = [gateway for gateway in candidates if not gateway.subnet_ids]
    return next(iter(used or idle), None)


def egress_now(facts: NetworkFacts) -> tuple[str, ...]:
    """The egress addresses of today, or names where an address is unknown.

    The first egress path of each subnet counts: routes that take most of its traffic, its NAT gateway, else its nodes'
    own public IPs and the load balancer (Azure docs: nat-gateway/nat-overview).
    """
    known = facts.known_ips
    # Subnets that could not be read count as direct.
    direct = set(facts.cluster.subnet_ids) - {subnet.id for subnet in facts.subnets}
    # Without an own virtual network, AKS owns every gateway in the facts.
    gateways = facts.nat_gateways if facts.vnet_id is None else ()
    found = [address for gateway in gateways for address in addresses_of(gateway, known)]
    for subnet in facts.subnets:
        routes = public_routes(subnet.routes)
        if routes.is_most:
            found += [route.next_hop for route in routes.detours if hop_of(route) is Hop.ELSEWHERE]
        elif subnet.nat_gateway_id:
            gateway = facts.gateway(subnet.nat_gateway_id)
            found += addresses_of(gateway, known) if gateway else (subnet.nat_gateway_id.name,)
        else:
            direct.add(subnet.id)
    of_nodes = list(dict.fromkeys(_of_nodes(facts, direct, known)))
    found += of_nodes[:MAX_NODE_IPS]
    if len(of_nodes) > MAX_NODE_IPS:
        found.append(Text("{count} more public IPs of nodes", count=len(of_nodes) - MAX_NODE_IPS))
    if direct or not facts.subnets:
        found += facts.outbound_addresses
    return tuple(dict.fromkeys(found))


def _of_nodes(facts: NetworkFacts, direct: Collection[ArmId], known: Mapping[ArmId, PublicIp]) -> Iterator[str]:
    """Public IPs of nodes in ``direct`` subnets. Prefixes of a Static Egress Gateway count in every subnet."""
    gateways = {pool.name for pool in facts.cluster.pools if pool.is_egress_gateway}
    own = [pool for pool in facts.cluster.pools if pool.has_node_public_ips or pool.is_egress_gateway]
    unseen = {pool.name for pool in own if pool.count}
    for node in facts.nodes:
        if not facts.subnets or node.subnet_id in direct or node.pool in gateways:
            for ip_id in node.public_ip_ids:
                unseen.discard(node.pool)
                yield _shown(ip_id, known) or Text("{ip} of {node}", ip=ip_id.name, node=node.name)
        else:
            unseen.discard(node.pool)
    yield from (Text("public IPs of pool {pool}", pool=pool) for pool in sorted(unseen))


def _shown(ip_id: ArmId, known: Mapping[ArmId, PublicIp]) -> str:
    """The prefix of the public IP, else its address; empty if neither is known."""
    ip = known.get(ip_id)
    prefix = known.get(ip.prefix_id) if ip and ip.prefix_id else None
    return (prefix.address if prefix else "") or (ip.address if ip else "")


def addresses_of(gateway: NatGateway, known: Mapping[ArmId, PublicIp]) -> tuple[str, ...]:
    """Addresses of a gateway, or names where ``known`` has no address."""
    return tuple(ip.address if (ip := known.get(ip_id)) and ip.address else ip_id.name for ip_id in gateway.egress_ids)


def address_count(gateway: NatGateway, known: Mapping[ArmId, PublicIp]) -> int | None:
    """The number of addresses of the gateway, prefixes counted in full; None if a prefix's size is unknown."""
    prefixes = [known.get(prefix_id) for prefix_id in gateway.public_ip_prefix_ids]
    sizes = [prefix.address_count if prefix else 0 for prefix in prefixes]
    return len(gateway.public_ip_ids) + sum(sizes) if all(sizes) else None
