"""Plan to attach a NAT gateway to the subnets of an own virtual network, or to add public IPs to an attached one."""

from dataclasses import dataclass

from ...formatting import marked, minutes_of, public_ips_of
from ...model.check import Check, CheckId
from ...model.network import NatGateway, NetworkFacts, Subnet
from ...model.plan import (
    AddPublicIps,
    AssociateSubnet,
    Baseline,
    CreateNatGateway,
    Demand,
    ObserveEgress,
    Plan,
    PlanKind,
    RelatedPlan,
    Step,
)
from ...model.resource_id import ArmId, same_id
from ...model.text import Text
from ..checks import CheckBuilder
from .cost import monthly_cost
from .egress import Egress, address_count, addresses_of, choose_egress, our_gateway
from .naming import new_ids, tags_for
from .plan_builder import Outline, build_plan, host_snat_notes, manual_rule_notes
from .request import PlanOptions
from .writes import new_resources


@dataclass(frozen=True, slots=True)
class Draft:
    egress: Egress
    gateway: NatGateway | None  # created by snatbot; None: the steps create it
    moves: tuple[Subnet, ...]
    gateway_id: ArmId
    idle_timeout_minutes: int
    steps: tuple[Step, ...]  # create public IPs, create the gateway, then move each subnet and wait for its gate

    @property
    def has_work(self) -> bool:
        return bool(self.moves or (self.egress.ids and self.gateway is not None))


def draft_attachment(facts: NetworkFacts, wanted_ips: int, options: PlanOptions) -> Draft:
    gateway = our_gateway(facts)
    egress = _choose_egress(facts, wanted_ips, options, gateway)
    gateway_steps: tuple[Step, ...]
    if gateway is None:
        new = _create_gateway(facts, egress, options)
        gateway_steps, gateway_id, idle_timeout_minutes = (new,), new.id, new.idle_timeout_minutes
        moves = facts.subnets
    else:
        gateway_steps = (_add_ips(gateway, egress),) if egress.ids else ()
        gateway_id, idle_timeout_minutes = gateway.id, gateway.idle_timeout_minutes
        moves = tuple(subnet for subnet in facts.subnets if not same_id(subnet.nat_gateway_id, gateway.id))
    subnet_steps = [
        step
        for subnet in moves
        for step in (
            AssociateSubnet(subnet.id, subnet.nat_gateway_id, gateway_id, subnet.properties),
            ObserveEgress(gateway_id, subnet.id, facts.cluster.id),
        )
    ]
    steps = (*egress.steps, *gateway_steps, *subnet_steps)
    return Draft(egress, gateway, moves, gateway_id, idle_timeout_minutes, steps)


def plan_from(
    draft: Draft,
    facts: NetworkFacts,
    checks: tuple[Check, ...],
    demand: Demand,
    baseline: Baseline | None,
    options: PlanOptions,
    related: tuple[RelatedPlan, ...],
) -> Plan:
    """The executable plan: it moves subnets, or adds public IPs to the gateway if all subnets have it already."""
    kind = PlanKind.ATTACH_NAT_GATEWAY if draft.moves else PlanKind.ADD_PUBLIC_IPS
    kept = addresses_of(draft.gateway, facts.known_ips) if draft.gateway else ()
    outline = Outline(
        kind,
        _summary(draft),
        notes=_notes(facts, draft.idle_timeout_minutes, kind),
        checks=checks,
        steps=draft.steps,
        egress_then=(*kept, *draft.egress.shown),
        egress_count=_egress_count(draft, facts),
        cost=monthly_cost(new_resources(draft.steps, facts), options.prices),
        rollback_text=_rollback_text(kind),
    )
    return build_plan(outline, facts, demand, baseline, related)


def _choose_egress(facts: NetworkFacts, wanted_ips: int, options: PlanOptions, gateway: NatGateway | None) -> Egress:
    if gateway is None:
        return choose_egress(facts, wanted_ips, options)
    existing = address_count(gateway, facts.known_ips)
    if existing is None:
        groups = sorted({prefix_id.resource_group for prefix_id in gateway.public_ip_prefix_ids})
        unknown = CheckBuilder(CheckId.PUBLIC_IP_PREFIX, "publicIPPrefixes GET").unknown(
            Text("how many addresses the gateway has (a public IP prefix of it could not be read)"),
            Text("grant the reading identity Reader on resource group {groups}, or try again", groups=marked(groups)),
        )
        return Egress(checks=(unknown,))
    missing = wanted_ips - existing
    return choose_egress(facts, missing, options, gateway, existing) if missing > 0 else Egress()


def _create_gateway(facts: NetworkFacts, egress: Egress, options: PlanOptions) -> CreateNatGateway:
    (new_id,) = new_ids(facts, "ng", 1, options.name_template)
    return CreateNatGateway(
        id=new_id,
        location=facts.vnet_location or "",
        public_ip_ids=egress.ip_ids,
        idle_timeout_minutes=options.idle_timeout_minutes or facts.outbound_idle_timeout_minutes,
        tags=tags_for(facts.cluster, options.tags),
        public_ip_prefix_ids=egress.prefix_ids,
    )


def _add_ips(gateway: NatGateway, egress: Egress) -> AddPublicIps:
    return AddPublicIps(
        gateway.id,
        before_ids=gateway.public_ip_ids,
        after_ids=(*gateway.public_ip_ids, *egress.ip_ids),
        properties_before=gateway.properties,
        before_prefix_ids=gateway.public_ip_prefix_ids,
        after_prefix_ids=(*gateway.public_ip_prefix_ids, *egress.prefix_ids),
        location=gateway.location,
        zones=gateway.zones,
        tags=dict(gateway.tags or {}),
    )


def _egress_count(draft: Draft, facts: NetworkFacts) -> int:
    existing = address_count(draft.gateway, facts.known_ips) if draft.gateway else 0
    return (existing or 0) + draft.egress.address_count


def _summary(draft: Draft) -> Text:
    name, has_ips, moved = draft.gateway_id.name, bool(draft.egress.ids), [subnet.name for subnet in draft.moves]
    ips = public_ips_of(len(draft.egress.ip_ids))
    if draft.egress.prefix_ids:
        ips = Text("public IP prefix {prefix}", prefix=ArmId.parse(draft.egress.prefix_ids[0]).name)
    subnets = Text.plural("{count} subnet ({names})", "{count} subnets ({names})", count=len(moved), names=tuple(moved))
    if draft.gateway is None:
        return Text(
            "create NAT gateway {gateway} with {ips} and associate it with {subnets}",
            gateway=name,
            ips=ips,
            subnets=subnets,
        )
    if not moved:
        return Text("give NAT gateway {gateway} {ips} more", gateway=name, ips=ips) if has_ips else Text("")
    if not has_ips:
        return Text("associate the present NAT gateway {gateway} with {subnets}", gateway=name, subnets=subnets)
    return Text(
        "give NAT gateway {gateway} {ips} more and associate it with {subnets}", gateway=name, ips=ips, subnets=subnets
    )


def _rollback_text(kind: PlanKind) -> Text:
    if kind is PlanKind.ADD_PUBLIC_IPS:
        return Text("more public IPs change nothing for open connections; taking them off again is done by hand")
    return Text(
        "a rollback takes the NAT gateway off the subnets again and keeps it and its public IPs; egress then leaves "
        "through the load balancer as before"
    )


def _notes(facts: NetworkFacts, idle_timeout_minutes: int, kind: PlanKind) -> tuple[Text, ...]:
    if kind is PlanKind.ADD_PUBLIC_IPS:
        return (
            Text("New connections then leave from the new addresses too: partners that allow only the old need them."),
        )
    return (
        *manual_rule_notes(facts),
        *host_snat_notes(facts),
        Text(
            "TCP idle timeout {idle}: the cluster's outbound rule has {present}; Microsoft advises 4 for NAT gateways "
            "because idle connections hold ports, but quiet connections that rely on the longer one would then drop "
            "silently.",
            idle=minutes_of(idle_timeout_minutes),
            present=facts.outbound_idle_timeout_minutes,
        ),
        _outbound_type_note(facts),
    )


def _outbound_type_note(facts: NetworkFacts) -> Text:
    if reason := facts.cluster.fixed_outbound_type_reason:
        return Text(
            "The cluster still says outbound type loadBalancer afterwards, and AKS can't change it: {reason}. The load "
            "balancer's outbound rule and public IPs stay, and are paid for.",
            reason=reason,
        )
    return Text(
        "The cluster still says outbound type loadBalancer afterwards; making AKS's own setting agree is left for a "
        "person, once the change is proven."
    )
