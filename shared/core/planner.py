"""From facts and demand to one exact plan.

Own virtual network: a NAT gateway with public IPs, associated with every subnet one by one, a gate after each.
Anything else becomes advice with the ``az`` command for a person: the bot never writes managedClusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..model.cluster import Cluster, VnetOwnership
from ..model.network import NetworkFacts
from ..model.plan import (
    AssociateSubnet,
    Baseline,
    Check,
    CheckResult,
    CreateNatGateway,
    CreatePublicIp,
    Demand,
    ObserveEgress,
    Plan,
    PlanKind,
    Step,
)
from ..model.resource_id import ResourceId
from .demand import MAX_PUBLIC_IPS
from .digest import digest
from .preflight import check_all

PRODUCT_TAG = "snatbot"


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """The owner's choices. ``idle_timeout_minutes`` None keeps the cluster's current outbound idle timeout."""

    name_template: str
    nat_resource_group: str = ""
    idle_timeout_minutes: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def plan_attachment(facts: NetworkFacts, demand: Demand, baseline: Baseline, policy: PlanPolicy) -> Plan:
    """An executable plan, or one whose checks say why it is not; then ``commands`` hold the advice, if there is any."""
    checks = (*_demand_checks(demand), *check_all(facts))
    is_blocked = any(check.result in (CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK) for check in checks)
    cluster = facts.cluster
    egress_now = tuple(ip.address for ip in facts.outbound_ips if ip.address)
    if is_blocked or facts.vnet_id is None or not facts.vnet_location:
        return Plan(
            kind=PlanKind.ADVICE,
            cluster_id=cluster.id,
            cluster_name=cluster.name,
            vnet_id=facts.vnet_id,
            summary=f"no change that snatbot may make to {cluster.name} by itself",
            steps=(),
            checks=checks,
            egress_now=egress_now,
            egress_then=(),
            way_back="nothing is changed",
            digest=digest(PlanKind.ADVICE, cluster.id, ()),
            demand=demand,
            baseline=baseline,
            commands=tuple(_advice(facts, demand)),
            planned_at=facts.at,
        )
    steps = _attachment_steps(facts, demand.public_ip_count, policy)
    gateway = next(step for step in steps if isinstance(step, CreateNatGateway))
    ips = [step for step in steps if isinstance(step, CreatePublicIp)]
    subnets = [ResourceId.parse(step.subnet_id).name for step in steps if isinstance(step, AssociateSubnet)]
    return Plan(
        kind=PlanKind.ATTACH_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=(
            f"create NAT gateway {ResourceId.parse(gateway.id).name} with {len(ips)} public IP(s) and "
            f"associate it with {len(subnets)} subnet(s): {', '.join(subnets)}"
        ),
        steps=steps,
        checks=checks,
        egress_now=egress_now,
        egress_then=tuple(ResourceId.parse(step.id).name for step in ips),
        way_back=(
            "a roll-back takes the NAT gateway off the subnets again and keeps it and its public IPs; "
            "egress then leaves through the load balancer as before"
        ),
        digest=digest(PlanKind.ATTACH_NAT_GATEWAY, cluster.id, steps),
        demand=demand,
        baseline=baseline,
        commands=tuple(_by_hand(steps)),
        way_back_commands=tuple(_detach_by_hand(steps)),
        planned_at=facts.at,
        notes=_notes(facts, gateway),
    )


def plan_detachment(attached: Plan, facts: NetworkFacts, of_change_id: str, touched: Sequence[str]) -> Plan:
    """The way back of an applied plan: takes its gateway off the subnets in ``touched``, last one first.

    Only subnets that still have the plan's gateway are touched. Blocked unless the load balancer still has an outbound
    rule, because nodes without any egress would be worse than the trouble.
    """
    gateway_id = next(step.id for step in attached.steps if isinstance(step, CreateNatGateway))
    wanted = {subnet_id.lower() for subnet_id in touched}
    steps = tuple(
        AssociateSubnet(
            subnet_id=subnet.id,
            before=subnet.nat_gateway_id,
            after=None,
            properties_before=subnet.properties,
        )
        for subnet in reversed(facts.subnets)
        if subnet.id.lower() in wanted and (subnet.nat_gateway_id or "").lower() == gateway_id.lower()
    )
    checks = (*way_back_checks(facts), _something_to_detach(steps))
    cluster = facts.cluster
    names = ", ".join(ResourceId.parse(step.subnet_id).name for step in steps)
    return Plan(
        kind=PlanKind.DETACH_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=facts.vnet_id,
        summary=f"take NAT gateway {ResourceId.parse(gateway_id).name} off {len(steps)} subnet(s): {names}",
        steps=steps,
        checks=checks,
        egress_now=attached.egress_then,
        egress_then=attached.egress_now,
        way_back="ask for a new plan that attaches the gateway again",
        digest=digest(PlanKind.DETACH_NAT_GATEWAY, cluster.id, steps),
        commands=tuple(_detach_by_hand(steps)),
        of_change_id=of_change_id,
        planned_at=facts.at,
        notes=("The NAT gateway and its public IPs are kept; connections through the gateway end.",),
    )


def _attachment_steps(facts: NetworkFacts, public_ip_count: int, policy: PlanPolicy) -> tuple[Step, ...]:
    assert facts.vnet_id is not None
    assert facts.vnet_location is not None
    vnet = ResourceId.parse(facts.vnet_id)
    group = policy.nat_resource_group or vnet.group
    tags = {**policy.tags, PRODUCT_TAG: facts.cluster.name}
    taken = {name.lower() for name in facts.taken_names}
    names = _free_names("pip", facts.cluster, policy.name_template, taken)
    ips = tuple(
        CreatePublicIp(
            id=_network_id(vnet.subscription, group, "publicIPAddresses", next(names)),
            location=facts.vnet_location,
            zones=(),
            tags=tags,
        )
        for _ in range(public_ip_count)
    )
    gateway_name = next(_free_names("ng", facts.cluster, policy.name_template, taken))
    gateway = CreateNatGateway(
        id=_network_id(vnet.subscription, group, "natGateways", gateway_name),
        location=facts.vnet_location,
        public_ip_ids=tuple(ip.id for ip in ips),
        idle_timeout_minutes=policy.idle_timeout_minutes or _idle_timeout_now(facts),
        tags=tags,
    )
    moves: list[Step] = []
    for subnet in facts.subnets:
        moves.append(
            AssociateSubnet(subnet_id=subnet.id, before=None, after=gateway.id, properties_before=subnet.properties)
        )
        moves.append(ObserveEgress(nat_gateway_id=gateway.id, subnet_id=subnet.id, cluster_id=facts.cluster.id))
    return (*ips, gateway, *moves)


def _free_names(kind: str, cluster: Cluster, template: str, taken: set[str]) -> Iterator[str]:
    """Names by the template, counting up and leaving out those that exist; cut to Azure's 80 characters."""
    number = 0
    while True:
        number += 1
        name = template.format(kind=kind, cluster=cluster.name, number=number)
        if len(name) > 80:
            excess = len(name) - 80
            name = template.format(kind=kind, cluster=cluster.name[:-excess], number=number)
        if name.lower() not in taken:
            yield name


def _network_id(subscription: str, group: str, kind: str, name: str) -> str:
    return str(ResourceId(subscription, group, f"Microsoft.Network/{kind}", (name,)))


def _idle_timeout_now(facts: NetworkFacts) -> int:
    if facts.load_balancer and facts.load_balancer.outbound_rules:
        return facts.load_balancer.outbound_rules[0].idle_timeout_minutes
    return facts.cluster.load_balancer_profile.idle_timeout_minutes


def _notes(facts: NetworkFacts, gateway: CreateNatGateway) -> tuple[str, ...]:
    return (
        f"TCP idle timeout {gateway.idle_timeout_minutes} minutes: the cluster's outbound rule has "
        f"{_idle_timeout_now(facts)}; Microsoft advises 4 for NAT gateways because idle connections hold ports, "
        "but quiet connections that rely on the longer one would then drop silently.",
        "If this virtual network is managed as code, add the association there before its next deployment, "
        "or that deployment will take it off again.",
        "Cost per month: unknown here. A NAT gateway is billed by the hour and by the GB, and each public IP by "
        "the hour; see the Azure pricing page.",
        "The cluster still says outboundType loadBalancer afterwards; to make AKS's model agree, run later: "
        f"az aks update -g {facts.cluster.resource_group} -n {facts.cluster.name} "
        "--outbound-type userAssignedNATGateway",
    )


def _demand_checks(demand: Demand) -> tuple[Check, ...]:
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        return (
            Check(
                "size",
                CheckResult.BLOCK,
                f"{demand.public_ip_count} public IPs would be needed; a NAT gateway has at most {MAX_PUBLIC_IPS}",
                "split the node pools over several subnets with a gateway each, and pool connections in the code",
                "UsedSnatPorts, see the arithmetic",
            ),
        )
    if demand.missing:
        return (
            Check(
                "size",
                CheckResult.WARN,
                f"sized without: {'; '.join(demand.missing)}",
                "more public IPs can be added later",
                "UsedSnatPorts",
            ),
        )
    return ()


def way_back_checks(facts: NetworkFacts) -> tuple[Check, ...]:
    """Whether nodes would still have egress without the gateway: read right before detaching."""
    name, source = "load balancer egress", "loadBalancers GET, outboundRules and their backend pool"
    balancer = facts.load_balancer
    if balancer is None or not balancer.outbound_rules:
        message = "the load balancer has no outbound rule: without the NAT gateway the nodes would have no egress"
        group, cluster = facts.cluster.resource_group, facts.cluster.name
        remedy = f"first run: az aks update -g {group} -n {cluster} --outbound-type loadBalancer"
        return (Check(name, CheckResult.BLOCK, message, remedy, source),)
    if facts.nodes and not balancer.outbound_ip_configuration_ids:
        message = "the outbound rule's backend pool is empty: nodes would lose all egress"
        return (Check(name, CheckResult.BLOCK, message, source=source),)
    return (Check(name, CheckResult.PASS, "the load balancer still has an outbound rule for the nodes", source=source),)


def _something_to_detach(steps: Sequence[Step]) -> Check:
    if steps:
        return Check(
            "subnets", CheckResult.PASS, f"{len(steps)} subnet(s) still have the gateway", source="subnets GET"
        )
    return Check("subnets", CheckResult.BLOCK, "no subnet has this change's NAT gateway any more", source="subnets GET")


def _by_hand(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case CreatePublicIp():
                ip = ResourceId.parse(step.id)
                yield (
                    f"az network public-ip create --subscription {ip.subscription} -g {ip.group} -n {ip.name} "
                    f"-l {step.location} --sku Standard --allocation-method Static"
                )
            case CreateNatGateway():
                gateway = ResourceId.parse(step.id)
                yield (
                    f"az network nat gateway create --subscription {gateway.subscription} -g {gateway.group} "
                    f"-n {gateway.name} -l {step.location} --idle-timeout {step.idle_timeout_minutes} "
                    f"--public-ip-addresses {' '.join(step.public_ip_ids)}"
                )
            case AssociateSubnet():
                yield f"az network vnet subnet update --ids {step.subnet_id} --nat-gateway {step.after}"
            case ObserveEgress():
                pass


def _detach_by_hand(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, AssociateSubnet):
            yield f"az network vnet subnet update --ids {step.subnet_id} --remove natGateway"


def _advice(facts: NetworkFacts, demand: Demand) -> Iterator[str]:
    cluster = facts.cluster
    count = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    if cluster.outbound_type.lower() != "loadbalancer":
        return
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        yield (
            f"az aks update -g {cluster.resource_group} -n {cluster.name} --outbound-type managedNATGateway "
            f"--nat-gateway-managed-outbound-ip-count {count} "
            f"--nat-gateway-idle-timeout {_idle_timeout_now(facts)}"
        )
    for gateway in facts.nat_gateways:
        if any(
            subnet.nat_gateway_id and subnet.nat_gateway_id.lower() == gateway.id.lower() for subnet in facts.subnets
        ):
            one = ResourceId.parse(gateway.id)
            yield (
                f"az network nat gateway update --subscription {one.subscription} -g {one.group} -n {one.name} "
                f"--public-ip-addresses {' '.join(gateway.public_ip_ids)} <id of each further public IP>"
            )
