"""Plan the rollback of an attached NAT gateway: detach it from the subnets, keep the gateway and its public IPs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...formatting import listed, marked
from ...model.change import JournalEntry
from ...model.check import Check, CheckId
from ...model.load_balancer import Node, scale_set_of
from ...model.network import NetworkFacts
from ...model.plan import AssociateSubnet, ObserveEgress, Plan, PlanKind, Step
from ...model.resource_id import ArmId, same_id
from ...model.text import Text
from ...model.unreadable import UnreadableKind
from ..az_cli import aks_update
from ..checks import CheckBuilder, grant_where
from .egress import egress_now
from .plan_builder import Outline, build_plan
from .preflight import check_access
from .preflight.shared_ownership import managed_as_code


def written_subnets(attached: Plan, journal: Mapping[int, JournalEntry]) -> dict[ArmId, ArmId | None]:
    """Subnets that a change gave its gateway, by the journal, with the NAT gateway that its plan saw there before."""
    found: dict[ArmId, ArmId | None] = {}
    for index, step in enumerate(attached.steps):
        entry = journal.get(index)
        if isinstance(step, AssociateSubnet) and entry is not None and entry.was_written:
            found[step.subnet_id] = step.before
    return found


def plan_detachment(
    attached: Plan, facts: NetworkFacts, of_change_id: str, touched: Mapping[ArmId, ArmId | None]
) -> Plan:
    """Give each subnet in ``touched`` the gateway that it had before, the last one first.

    The plan writes only subnets that still have the change's gateway, and waits for a gate after each. It is blocked
    unless the load balancer has an outbound rule: nodes without any egress would be worse than exhausted ports.
    """
    gateway_id = attached.nat_gateway_id
    if gateway_id is None:
        raise ValueError("the plan has no NAT gateway to take off")
    moves = [
        AssociateSubnet(subnet.id, subnet.nat_gateway_id, touched[subnet.id], subnet.properties)
        for subnet in reversed(facts.subnets)
        if subnet.id in touched and same_id(subnet.nat_gateway_id, gateway_id)
    ]
    steps: tuple[Step, ...] = tuple(
        step for move in moves for step in (move, ObserveEgress(move.after, move.subnet_id, facts.cluster.id))
    )
    gateway = facts.gateway(gateway_id)
    names = tuple(move.subnet_id.name for move in moves)
    outline = Outline(
        PlanKind.DETACH_NAT_GATEWAY,
        Text.plural(
            "take NAT gateway {gateway} off {count} subnet ({subnets})",
            "take NAT gateway {gateway} off {count} subnets ({subnets})",
            count=len(moves),
            gateway=gateway_id.name,
            subnets=names,
        ),
        notes=(Text("The NAT gateway and its public IPs are kept; connections through the gateway end."),),
        checks=(
            check_load_balancer_egress(facts),
            CheckBuilder(CheckId.SUBNETS, "subnets GET").requires(
                bool(moves),
                Text("this change's NAT gateway is still on its subnets"),
                Text("no subnet has this change's NAT gateway any more"),
                Text("there is nothing to do"),
            ),
            *_not_read(facts, touched),
            *_moved_by_others(facts, gateway_id, touched),
            managed_as_code(facts),
            *check_access(facts, steps),
        ),
        steps=steps,
        # If the gateway can't be read, the plan shows the addresses that the applied plan recorded.
        egress_now=None if gateway else attached.egress_then,
        egress_then=egress_now(_moved(facts, moves)),
        rollback_text=Text("ask for a new plan that attaches the gateway again"),
        of_change_id=of_change_id,
    )
    return build_plan(outline, facts, baseline=attached.baseline)


def _moved(facts: NetworkFacts, moves: Sequence[AssociateSubnet]) -> NetworkFacts:
    after = {move.subnet_id: move.after for move in moves}
    return replace(
        facts,
        subnets=tuple(
            replace(subnet, nat_gateway_id=after.get(subnet.id, subnet.nat_gateway_id)) for subnet in facts.subnets
        ),
    )


def check_load_balancer_egress(facts: NetworkFacts) -> Check:
    """Whether the nodes have egress without the gateway, from facts that are read right before detaching."""
    check = CheckBuilder(CheckId.LOAD_BALANCER_EGRESS, "loadBalancers GET, outboundRules[].backendAddressPool")
    portal = Text("look at the load balancer's backend pool in the portal")
    balancer = facts.load_balancer
    unread = facts.unreadable_of(UnreadableKind.LOAD_BALANCER)
    if balancer is None and unread:
        remedy = grant_where(unread, facts.cluster.node_resource_group)
        return check.unknown(Text("could not be read: {names}", names=str(unread[0])), remedy)
    if balancer is None or not balancer.outbound_rules:
        return check.blocks(
            Text("the load balancer has no outbound rule: without the NAT gateway the nodes would have no egress"),
            Text("first set the outbound type back with the command given"),
            aks_update(facts.cluster, "--outbound-type", "loadBalancer"),
        )
    if not balancer.outbound_ip_configuration_ids:
        return check.blocks(Text("the outbound rule's backend pool is empty: nodes would lose all egress"), portal)
    nodes = _losing_the_gateway(facts)
    hidden = facts.unreadable_of(UnreadableKind.NODES)
    if hidden and not nodes:
        return check.unknown(
            Text("whether the nodes are in the outbound rule's pool could not be read: {names}", names=str(hidden[0])),
            grant_where(hidden, facts.cluster.node_resource_group),
        )
    pool = set(balancer.outbound_interface_ids)
    # A machine without a pool that is in no scale set is not a node of this cluster.
    nodes = [node for node in nodes if node.pool or scale_set_of(node.interface_id)]
    outside = [node.name for node in nodes if node.interface_id not in pool]
    if outside:
        return check.blocks(
            Text(
                "not in the outbound rule's backend pool: {nodes}; without the NAT gateway they would have no egress",
                nodes=listed(outside),
            ),
            portal,
        )
    return check.passes(Text("the load balancer still has an outbound rule for the nodes"))


def _losing_the_gateway(facts: NetworkFacts) -> list[Node]:
    with_one = {subnet.id for subnet in facts.subnets if subnet.nat_gateway_id}
    return [node for node in facts.nodes if not node.subnet_id or node.subnet_id in with_one]


def _moved_by_others(facts: NetworkFacts, gateway_id: ArmId, touched: Iterable[ArmId]) -> Iterator[Check]:
    """Warn about subnets that keep the gateway because another change or person attached it."""
    names = [
        subnet.name
        for subnet in facts.subnets
        if same_id(subnet.nat_gateway_id, gateway_id) and subnet.id not in touched
    ]
    if names:
        yield CheckBuilder(CheckId.SUBNETS_OF_OTHERS, "subnets GET; snatbot records").warns(
            Text(
                "the gateway is on other subnets too ({subnets}), not from this change, and stays there",
                subnets=marked(names),
            ),
            Text("take it off by hand, or roll back the change that put it there"),
        )


def _not_read(facts: NetworkFacts, touched: Iterable[ArmId]) -> Iterator[Check]:
    """Report subnets that may keep the gateway: they can't be read, or no node pool uses them any more."""
    check = CheckBuilder(CheckId.OTHER_SUBNETS, "subnets GET")
    read = {subnet.id for subnet in facts.subnets}
    names = marked([subnet_id.name for subnet_id in touched if subnet_id not in read])
    if names and facts.needed_unreadable:
        yield check.unknown(
            Text("could not be read: {names}", names=tuple(map(str, facts.needed_unreadable))),
            grant_where(facts.needed_unreadable),
        )
    elif names:
        yield check.warns(
            Text("no node pool uses {subnets} any more: left as it is", subnets=names),
            Text("take the NAT gateway off by hand if it is there"),
        )
