"""From facts and demand to one exact plan.

Own virtual network: a NAT gateway with public IPs, associated with every subnet one by one, a gate after each.
Anything else becomes advice with the ``az`` command for a person: the bot never writes managedClusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..model.cluster import Cluster
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
from ..texts import count
from .commands import advice, attach_by_hand, detach_by_hand
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
            commands=tuple(advice(facts, demand)),
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
            f"create NAT gateway {ResourceId.parse(gateway.id).name} with {count(len(ips), 'public IP')} and "
            f"associate it with {count(len(subnets), 'subnet')}: {', '.join(subnets)}"
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
        commands=tuple(attach_by_hand(steps)),
        way_back_commands=tuple(detach_by_hand(steps)),
        planned_at=facts.at,
        notes=_notes(facts, gateway),
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
        idle_timeout_minutes=policy.idle_timeout_minutes or facts.outbound_idle_timeout_minutes,
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
            short = cluster.name[: max(0, len(cluster.name) - excess)].rstrip("-_")
            name = template.format(kind=kind, cluster=short, number=number)
        if name.lower() not in taken:
            yield name


def _network_id(subscription: str, group: str, kind: str, name: str) -> str:
    return str(ResourceId(subscription, group, f"Microsoft.Network/{kind}", (name,)))


def _notes(facts: NetworkFacts, gateway: CreateNatGateway) -> tuple[str, ...]:
    return (
        f"TCP idle timeout {gateway.idle_timeout_minutes} minutes: the cluster's outbound rule has "
        f"{facts.outbound_idle_timeout_minutes}; Microsoft advises 4 for NAT gateways because idle connections hold "
        "ports, but quiet connections that rely on the longer one would then drop silently.",
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
