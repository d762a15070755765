"""The way back of an attached NAT gateway: off the subnets, keeping the gateway and its public IPs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...formatting import count, listed, marked
from ...model.change import JournalEntry
from ...model.load_balancer import Node
from ...model.network import NetworkFacts, UnreadableKind
from ...model.plan import AssociateSubnet, Check, CheckResult, ObserveEgress, Plan, PlanKind, Step
from ...model.resource_id import ResourceId, same_id
from ..az_cli import aks_update, associate_command, by_hand
from .digest import with_digest
from .egress import addresses_of
from .preflight import check_access, managed_as_code, sorted_checks

_INSTANCE = re.compile(r"/virtualMachineScaleSets/([^/]+)/virtualMachines/([^/]+)/", re.IGNORECASE)


def written_subnets(attached: Plan, journal: Mapping[int, JournalEntry]) -> dict[str, str | None]:
    """Subnets that a change gave its gateway, by the journal, with the NAT gateway that each had before."""
    found: dict[str, str | None] = {}
    for index, step in enumerate(attached.steps):
        entry = journal.get(index)
        if isinstance(step, AssociateSubnet) and entry is not None and entry.was_written:
            before = (entry.before or {}).get("natGateway") or {}
            found[step.subnet_id] = before.get("id", step.before)
    return found


def plan_detachment(attached: Plan, facts: NetworkFacts, of_change_id: str, touched: Mapping[str, str | None]) -> Plan:
    """The way back of an applied plan: gives the subnets in ``touched`` what they had before, last one first.

    Only subnets that still have the plan's gateway are touched, and each is watched before the next one. Blocked unless
    the load balancer still has an outbound rule, because nodes without any egress would be worse than the trouble.
    """
    gateway_id = attached.nat_gateway_id
    if gateway_id is None:
        raise ValueError("the plan has no NAT gateway to take off")
    cluster = facts.cluster
    wanted = {subnet_id.lower(): before for subnet_id, before in touched.items()}
    moves = [
        AssociateSubnet(subnet.id, subnet.nat_gateway_id, wanted[subnet.id.lower()], subnet.properties)
        for subnet in reversed(facts.subnets)
        if subnet.id.lower() in wanted and same_id(subnet.nat_gateway_id, gateway_id)
    ]
    steps: tuple[Step, ...] = tuple(
        step for move in moves for step in (move, ObserveEgress(move.after, move.subnet_id, cluster.id))
    )
    own = (
        check_load_balancer_egress(facts),
        _something_to_detach(moves),
        *_left_as_they_are(facts, gateway_id, list(touched)),
    )
    checks = sorted_checks([*own, managed_as_code(facts), *check_access(facts, steps)])
    names = ", ".join(ResourceId.parse(move.subnet_id).name for move in moves)
    plan = Plan(
        kind=PlanKind.DETACH_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=f"take NAT gateway {ResourceId.parse(gateway_id).name} off {count(len(moves), 'subnet')} ({names})",
        steps=steps,
        checks=checks,
        egress_now=_egress_now(attached, gateway_id, facts),
        egress_then=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        rollback_text="ask for a new plan that attaches the gateway again",
        digest="",
        commands=tuple(by_hand(steps)),
        rollback_commands=tuple(associate_command(move.subnet_id, move.before) for move in moves),
        of_change_id=of_change_id,
        planned_at=facts.at,
        baseline=attached.baseline,
        notes=("The NAT gateway and its public IPs are kept; connections through the gateway end.",),
    )
    return with_digest(plan)


def _egress_now(attached: Plan, gateway_id: str, facts: NetworkFacts) -> tuple[str, ...]:
    """The gateway's addresses where they are known; of one that can't be read, what the plan said of it."""
    gateway = next((one for one in facts.nat_gateways if same_id(one.id, gateway_id)), None)
    return addresses_of(gateway, facts.known_ips) if gateway else attached.egress_then


def check_load_balancer_egress(facts: NetworkFacts) -> Check:
    """Whether nodes would still have egress without the gateway: read right before detaching."""
    name, source = "load balancer egress", "loadBalancers GET, outboundRules and their backend pool"
    balancer = facts.load_balancer
    unread = facts.unreadable_of(UnreadableKind.LOAD_BALANCER)
    if balancer is None and unread:
        remedy = "grant the reading identity Reader on the node resource group, or try again"
        return Check(name, CheckResult.COULD_NOT_CHECK, f"could not be read: {unread[0]}", remedy, source)
    if balancer is None or not balancer.outbound_rules:
        return Check(
            name,
            CheckResult.BLOCK,
            "the load balancer has no outbound rule: without the NAT gateway the nodes would have no egress",
            f"first run: {aks_update(facts.cluster, '--outbound-type loadBalancer')}",
            source,
        )
    if not balancer.outbound_ip_configuration_ids:
        return Check(
            name,
            CheckResult.BLOCK,
            "the outbound rule's backend pool is empty: nodes would lose all egress",
            "look at the load balancer's backend pool in the portal",
            source,
        )
    nodes = _losing_the_gateway(facts)
    hidden = facts.unreadable_of(UnreadableKind.NODES)
    if hidden and not nodes:
        remedy = "grant the reading identity Reader on the node resource group, or try again"
        message = f"whether the nodes are in the outbound rule's backend pool could not be read: {hidden[0]}"
        return Check(name, CheckResult.COULD_NOT_CHECK, message, remedy, source)
    pool = {_instance(one) for one in balancer.outbound_ip_configuration_ids}
    outside = [node.name for node in nodes if (node.scale_set.lower(), node.instance_id) not in pool]
    if outside:
        verb = "is" if len(outside) == 1 else "are"
        return Check(
            name,
            CheckResult.BLOCK,
            f"{listed(outside)} {verb} not in the outbound rule's backend pool: without the NAT gateway they would "
            "have no egress",
            "look at the load balancer's backend pool in the portal",
            source,
        )
    return Check(name, CheckResult.PASS, "the load balancer still has an outbound rule for the nodes", source=source)


def _losing_the_gateway(facts: NetworkFacts) -> list[Node]:
    with_one = {subnet.id.lower() for subnet in facts.subnets if subnet.nat_gateway_id}
    return [node for node in facts.nodes if not node.subnet_id or node.subnet_id.lower() in with_one]


def _instance(ip_configuration_id: str) -> tuple[str, str]:
    """Scale set in lower case and instance of a network interface's configuration; empty texts for any other."""
    match = _INSTANCE.search(ip_configuration_id)
    return (match[1].lower(), match[2]) if match else ("", "")


def _something_to_detach(steps: Sequence[Step]) -> Check:
    if steps:
        return Check("subnets", CheckResult.PASS, f"{count(len(steps), 'subnet')} to take it off", source="subnets GET")
    return Check("subnets", CheckResult.BLOCK, "no subnet has this change's NAT gateway any more", source="subnets GET")


def _left_as_they_are(facts: NetworkFacts, gateway_id: str, touched: Sequence[str]) -> tuple[Check, ...]:
    """A subnet that keeps the gateway does so never in silence: one that can't be seen, or that somebody else moved."""
    return (*_not_seen(facts, touched), *_moved_by_others(facts, gateway_id, touched))


def _moved_by_others(facts: NetworkFacts, gateway_id: str, touched: Sequence[str]) -> tuple[Check, ...]:
    ours = {subnet_id.lower() for subnet_id in touched}
    with_it = [one for one in facts.subnets if same_id(one.nat_gateway_id, gateway_id) and one.id.lower() not in ours]
    if not with_it:
        return ()
    names = marked([one.name for one in with_it])
    message = f"the gateway is on other subnets too ({names}), not from this change, and stays there"
    remedy = "take it off by hand, or roll back the change that put it there"
    return (Check("subnets of others", CheckResult.WARN, message, remedy, "subnets GET; snatbot's own records"),)


def _not_seen(facts: NetworkFacts, touched: Sequence[str]) -> tuple[Check, ...]:
    read = {subnet.id.lower() for subnet in facts.subnets}
    names = marked([ResourceId.parse(one).name for one in touched if one.lower() not in read])
    if not names:
        return ()
    name, source = "other subnets", "subnets GET"
    if facts.unreadable:
        message = f"{names} could not be read ({', '.join(map(str, facts.unreadable))})"
        remedy = "grant the reading identity Reader on the virtual network's resource group"
        return (Check(name, CheckResult.COULD_NOT_CHECK, message, remedy, source),)
    message = f"no node pool uses {names} any more: left as it is"
    return (Check(name, CheckResult.WARN, message, "take the NAT gateway off by hand if it is there", source),)
