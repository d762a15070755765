"""Relief without a NAT gateway: more ports per node on the present load balancer.

Azure docs (aks/configure-load-balancer-standard): 64,000 ports per frontend IP, shared by all nodes with those of an
upgrade's surge; ports per node are a multiple of 8; IPs and ports must be raised together, to at most 100 IPs; a new
allocation drops connections.
"""

from collections.abc import Iterator, Sequence

from ....formatting import addresses_of, listed, minutes_of, nodes_of, public_ips_of
from ....model.check import Check, CheckId
from ....model.cluster import Cluster
from ....model.network import NetworkFacts, is_prefix
from ....model.plan import Demand, PlanKind
from ....model.resource_id import ArmId
from ....model.text import Text
from ...az_cli import aks_update, create_prefix, create_public_ip
from ...checks import CheckBuilder
from ...detection.node_counts import nodes_now, now_and_at_most
from ...detection.rules.allocation import default_ports
from .. import preflight
from ..egress import egress_now
from ..naming import network_id
from ..plan_builder import GOES_ON, Outline, host_snat_notes, manual_rule_notes
from ..prefixes import LARGEST_PREFIX, length_within
from .quick_relief import MAX_FRONTENDS, PORTS_PER_FRONTEND, STEP, ports_a_node

_HEADROOM = 2


def relieve(facts: NetworkFacts, demand: Demand, idle_timeout_minutes: int | None = None) -> Outline:
    """``idle_timeout_minutes``: None keeps the present one."""
    cluster, profile = facts.cluster, facts.cluster.load_balancer_profile
    nodes, at_most = now_and_at_most(cluster, facts.load_balancer)
    nodes = max(nodes, facts.node_count)
    most = max(at_most or 0, nodes, 1)
    ports_now = _ports_now(facts)
    have = sum(ip.address_count for ip in facts.aks_outbound_ips if not ip.is_ipv6)
    have = have or profile.managed_outbound_ip_count or 1
    # If ports ran out or were not measured, at least double the present allocation.
    ports, frontends = ports_a_node(_HEADROOM * max(demand.busiest_node_ports or 0, ports_now), most, have)
    idle = idle_timeout_minutes or facts.outbound_idle_timeout_minutes
    return Outline(
        kind=PlanKind.RELIEVE_LOAD_BALANCER,
        summary=_summary(cluster.name, ports, ports_now, frontends, have),
        commands=tuple(_commands(facts, ports, frontends, have, idle)),
        notes=(
            Text(
                "Idle timeout {idle} (now {present}): a shorter one frees ports of idle connections sooner, 4 minutes "
                "at the least, but quiet connections then drop silently.",
                idle=minutes_of(idle),
                present=facts.outbound_idle_timeout_minutes,
            ),
            _addresses_note(cluster, at_most, frontends > have),
            *manual_rule_notes(facts),
            *host_snat_notes(facts),
            GOES_ON,
        ),
        checks=tuple(_checks(facts, demand, ports > ports_now)),
        arithmetic=(
            _busiest(demand),
            Text(
                "times {headroom} headroom, at least twice the present {ports_now}, rounded up to a multiple of "
                "{step}; at most {most} public IPs: {ports} ports per node",
                headroom=_HEADROOM,
                ports_now=ports_now,
                step=STEP,
                most=MAX_FRONTENDS,
                ports=ports,
            ),
            Text(
                "{nodes} now, at most {most} with autoscaler maximum and upgrade surge",
                nodes=nodes_of(nodes),
                most=most,
            )
            if at_most is not None
            else Text("{nodes} now, the maximum is unknown: more nodes need more public IPs", nodes=nodes_of(nodes)),
            Text(
                "{nodes} × {ports} ports = {all_ports} ÷ {per_ip} per public IP → {ips} (now {ips_now})",
                nodes=nodes_of(most),
                ports=ports,
                all_ports=most * ports,
                per_ip=PORTS_PER_FRONTEND,
                ips=public_ips_of(frontends),
                ips_now=have,
            ),
        ),
        egress_then=(*egress_now(facts), *_more(facts, frontends - have)),
        irreversible=Text(
            "Each change of the allocation drops open connections, the way back too. A public IP that AKS made and "
            "takes off again is lost for good."
        ),
        rollback_text=Text("give the load balancer its former ports and IPs"),
        rollback_commands=(_undo(facts),),
    ).unless_blocked()


def _addresses_note(cluster: Cluster, nodes_at_most: int | None, needs_more: bool) -> Text:
    if needs_more:
        return Text(
            "The present egress IPs stay and new ones join them: {lists} must get the new ones.",
            lists=preflight.addresses.lists_of_ips(cluster),
        )
    if nodes_at_most is None:
        return Text("No new address for the present nodes. Their maximum is unknown: more may need more addresses.")
    return Text(
        "No new address for up to {nodes}, autoscaler maximum and surge included.", nodes=nodes_of(nodes_at_most)
    )


def _summary(cluster: str, ports: int, ports_now: int, ips: int, ips_now: int) -> Text:
    same, more = Text("the same {ips}", ips=public_ips_of(ips)), public_ips_of(ips)
    return Text(
        "relieve the load balancer of {cluster} without a new gateway: {ports} SNAT ports per node instead of "
        "{ports_now}, on {ips}; open connections drop",
        cluster=cluster,
        ports=ports,
        ports_now=ports_now,
        ips=same if ips == ips_now else Text("{ips} instead of {ips_now}", ips=more, ips_now=ips_now),
    )


def _busiest(demand: Demand) -> Text:
    ports = demand.busiest_node_ports
    if ports is None:
        return Text("used SNAT ports per node were not measured")
    if demand.is_lower_bound:
        return Text("busiest node: {ports} ports at its peak, a lower bound times attempted/successful", ports=ports)
    return Text("busiest node: {ports} ports at its peak", ports=ports)


def _ports_now(facts: NetworkFacts) -> int:
    rule = facts.aks_outbound_rule
    fixed = rule.allocated_outbound_ports if rule else 0
    return (
        fixed
        or facts.cluster.load_balancer_profile.allocated_outbound_ports
        or default_ports(nodes_now(facts.cluster, facts.load_balancer))
    )


def _commands(facts: NetworkFacts, ports: int, frontends: int, have: int, idle: int) -> Iterator[str]:
    cluster = facts.cluster
    if cluster.load_balancer_profile.managed_outbound_ip_count is not None:
        yield _update(cluster, ports, idle, "--load-balancer-managed-outbound-ip-count", str(frontends))
        return
    new = _new_ips(facts, frontends - have)
    for ip_id, length in new.items():
        yield create_prefix(ip_id, cluster.location, length) if length else create_public_ip(ip_id, cluster.location)
    yield _update(cluster, ports, idle, *(_ips([*(ip.id for ip in facts.aks_outbound_ips), *new]) if new else ()))


def _undo(facts: NetworkFacts) -> str:
    cluster, profile = facts.cluster, facts.cluster.load_balancer_profile
    ips = _ips([ip.id for ip in facts.aks_outbound_ips])
    if profile.managed_outbound_ip_count is not None:
        ips = ("--load-balancer-managed-outbound-ip-count", str(profile.managed_outbound_ip_count))
    return _update(cluster, profile.allocated_outbound_ports, facts.outbound_idle_timeout_minutes, *ips)


def _update(cluster: Cluster, ports: int, idle: int, *ips: str) -> str:
    allocation = ("--load-balancer-outbound-ports", str(ports), "--load-balancer-idle-timeout", str(idle))
    return aks_update(cluster, *ips, *allocation)


def _ips(ids: Sequence[ArmId]) -> tuple[str, ...]:
    """The options that set outbound IPs. Each option replaces the present list, so it names all of them."""
    singles, prefixes = (",".join(one for one in ids if is_prefix(one) is wanted) for wanted in (False, True))
    options = (("--load-balancer-outbound-ips", singles), ("--load-balancer-outbound-ip-prefixes", prefixes))
    return tuple(word for option, value in options if value for word in (option, value))


def _new_ips(facts: NetworkFacts, number: int) -> dict[ArmId, int | None]:
    """Ids of the new public IPs or prefixes, with the length of each prefix."""
    cluster, found = facts.cluster, dict[ArmId, int | None]()
    group = ArmId(f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.resource_group}")
    by_prefix = any(ip.is_prefix for ip in facts.aks_outbound_ips)
    while number > 0:
        length = length_within(number, LARGEST_PREFIX) if by_prefix else None
        kind, name = ("publicIPPrefixes", "ippre") if by_prefix else ("publicIPAddresses", "pip")
        found[network_id(group, kind, f"{name}-{cluster.name}-lb-{len(found) + 1}")] = length
        number -= 2 ** (32 - length) if length else 1
    return found


def _more(facts: NetworkFacts, number: int) -> tuple[str, ...]:
    if facts.cluster.load_balancer_profile.managed_outbound_ip_count is not None:
        return (Text("{addresses} that AKS makes", addresses=addresses_of(number)),) if number > 0 else ()
    return tuple(ip_id.name for ip_id in _new_ips(facts, number))


def _checks(facts: NetworkFacts, demand: Demand, gives_more: bool) -> Iterator[Check]:
    cluster = facts.cluster
    yield preflight.cluster.on_load_balancer(facts)
    yield CheckBuilder(CheckId.EXISTING_CONNECTIONS, "AKS docs: configure-load-balancer-standard").warns(
        Text("another allocation of ports drops open connections on every node"), Text("choose a quiet hour")
    )
    yield preflight.addresses.basic_sku(facts)
    yield preflight.cluster.cluster_is_settled(facts)
    yield CheckBuilder(
        CheckId.PORTS_A_NODE, "loadBalancers GET, outbound rules; managedClusters GET, node counts"
    ).requires(
        gives_more,
        Text("the load balancer can give each node more ports"),
        Text("the load balancer can't give each node more ports: it has at most 100 public IPs"),
        Text("take a NAT gateway, or fewer and larger nodes"),
    )
    rules = facts.load_balancer.outbound_rules if facts.load_balancer else ()
    if rules and facts.aks_outbound_rule is None:
        yield CheckBuilder(CheckId.OUTBOUND_IPS, "loadBalancers GET, outboundRules").blocks(
            Text(
                "which outbound rule is AKS's own is unknown ({rules}): the command could take public IPs of another",
                rules=listed([rule.name for rule in rules]),
            ),
            Text("look at the load balancer's outbound rules in the portal, and at who made them"),
        )
    elif cluster.load_balancer_profile.managed_outbound_ip_count is None:
        yield CheckBuilder(CheckId.OUTBOUND_IPS, "managedClusters GET, loadBalancerProfile").warns(
            Text("AKS does not count the outbound IPs itself: they are your own"),
            Text("the commands create further ones in the cluster's resource group; yours may belong elsewhere"),
        )
    if demand.busiest_node_ports is None:
        yield CheckBuilder(CheckId.SIZE, "UsedSnatPorts").warns(
            Text("used SNAT ports per node were not measured"),
            Text("look again when they are, and raise the ports further if need be"),
        )
