"""Test data: a failing cluster, its plan and its change, used unchanged or varied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.model.assessment import Assessment
from shared.model.change import Action, Change, ChangeState, Decision, JournalEntry, Outcome, Start, StepState, Verdict
from shared.model.check import Check, CheckId, CheckResult
from shared.model.cluster import Cluster, LoadBalancerProfile, NodePool
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.incident import Incident, IncidentState
from shared.model.metric import Window
from shared.model.plan import (
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    Demand,
    ObserveEgress,
    Plan,
    PlanKind,
    Step,
)
from shared.model.reading import Measured, NodeFailures
from shared.model.resource_id import ArmId
from shared.model.text import Text, verbatim

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-0000000000aa"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network"
VNET = ArmId(f"{GROUP}/virtualNetworks/vnet-shop")
GATEWAY = ArmId(f"{GROUP}/natGateways/ng-shop-prod-1")
IPS = (ArmId(f"{GROUP}/publicIPAddresses/pip-shop-prod-1"), ArmId(f"{GROUP}/publicIPAddresses/pip-shop-prod-2"))
SUBNETS = (ArmId(f"{VNET}/subnets/snet-user"), ArmId(f"{VNET}/subnets/snet-system"))


def make_cluster(*, name: str = "shop-prod", is_own_network: bool = True) -> Cluster:
    def subnet(index: int) -> ArmId | None:
        return SUBNETS[index] if is_own_network else None

    return Cluster(
        id=ArmId(
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/{name}"
        ),
        name=name,
        location="westeurope",
        node_resource_group=f"MC_rg-shop_{name}_westeurope",
        outbound_type="loadBalancer",
        load_balancer_profile=LoadBalancerProfile(managed_outbound_ip_count=1),
        pools=(
            NodePool("system", "System", 3, 3, vnet_subnet_id=subnet(1)),
            NodePool("user", "User", 9, 15, vnet_subnet_id=subnet(0)),
        ),
    )


def make_nodes(number: int = 3, *, prefix: str = "aks-user-38166372-vmss") -> tuple[NodeFailures, ...]:
    """Worst first."""
    return tuple(
        NodeFailures(
            ip=f"10.224.{index // 250}.{index % 250 + 4}",
            failed=max(1, 1204 // (index + 1)),
            successful=5411 - 13 * (index % 250),
            failed_minutes=max(1, 12 - index),
            first_failed_at=NOW - timedelta(minutes=24),
            last_failed_at=NOW - timedelta(minutes=4),
            name=f"{prefix}{index:06d}",
            pool="user",
        )
        for index in range(number)
    )


def make_assessment(cluster: Cluster | None = None, nodes: tuple[NodeFailures, ...] | None = None) -> Assessment:
    cluster = cluster or make_cluster()
    nodes = make_nodes() if nodes is None else nodes
    window = Window(NOW - timedelta(minutes=18), NOW - timedelta(minutes=3))
    failed_minutes = tuple(window.start + timedelta(minutes=index) for index in range(12))
    failed = sum(node.failed for node in nodes) or 1842
    successful = 21_558
    reading = Measured(
        window=window,
        measured_minutes=15,
        failed=failed,
        successful=successful,
        nodes=nodes,
        failed_minutes=failed_minutes,
    )
    finding = Finding(
        kind=FindingKind.SNAT_FAILING,
        severity=Severity.FAILING,
        since=failed_minutes[0],
        nodes=nodes,
        evidence=(
            verbatim(
                f"{failed:,} of {failed + successful:,} new outbound connections failed "
                f"({100 * failed / (failed + successful):.1f} %) in 12 of 15 measured minutes"
            )
        ),
    )
    return Assessment(
        cluster=cluster,
        at=NOW,
        reading=reading,
        findings=(finding,),
        load_balancer_id=(
            ArmId(
                f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{cluster.node_resource_group}"
                "/providers/Microsoft.Network/loadBalancers/kubernetes"
            )
        ),
    )


def make_incident(cluster: Cluster | None = None, nodes: tuple[NodeFailures, ...] | None = None) -> Incident:
    cluster = cluster or make_cluster()
    nodes = make_nodes() if nodes is None else nodes
    return Incident(
        id="inc-7f3a",
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        state=IncidentState.OPEN,
        severity=Severity.FAILING,
        since=NOW - timedelta(minutes=24),
        failing_since=NOW - timedelta(minutes=24),
        opened_at=NOW,
        last_failed_at=NOW - timedelta(minutes=4),
        failed=sum(node.failed for node in nodes) or 1842,
        nodes=nodes,
        window_minutes=15,
    )


CHECKS = (
    Check(
        CheckId.EXISTING_CONNECTIONS,
        CheckResult.WARN,
        Text("open outbound connections may drop; clients must reconnect"),
        Text("choose a quiet hour if that hurts"),
        "Azure docs: nat-gateway/nat-overview",
    ),
    Check(
        CheckId.ALLOW_LISTS,
        CheckResult.WARN,
        Text(
            "the egress IPs change (now 20.50.10.7); partners and firewalls that allow only these must get the new ones"
        ),
        Text("tell them before approving"),
        "loadBalancers GET, outbound rules' frontends",
    ),
    Check(
        CheckId.VIRTUAL_NETWORK,
        CheckResult.PASS,
        Text("the cluster's node pools are in your own virtual network"),
        source="managedClusters GET, agentPoolProfiles[].vnetSubnetID",
    ),
    Check(
        CheckId.NAT_GATEWAY, CheckResult.PASS, Text("no subnet has a NAT gateway yet"), source="subnets GET, natGateway"
    ),
)
BLOCKERS = (
    Check(
        CheckId.API_SERVER_ACCESS,
        CheckResult.BLOCK,
        Text("the API server has authorized IP ranges: nodes whose new egress IP is not listed would lose it"),
        Text("reserve the public IPs first, add them to the authorized ranges, then ask for a new plan"),
        "managedClusters GET, apiServerAccessProfile",
    ),
    Check(
        CheckId.SUBNETS,
        CheckResult.COULD_NOT_CHECK,
        Text("could not be read: snet-user"),
        Text("grant the reading identity Reader on the virtual network's resource group"),
        "subnets GET",
    ),
)


def make_plan(cluster: Cluster | None = None) -> Plan:
    cluster = cluster or make_cluster()
    steps: list[Step] = [
        CreatePublicIp(id=ip_id, location="westeurope", zones=(), tags={"snatbot": cluster.name}) for ip_id in IPS
    ]
    steps.append(CreateNatGateway(GATEWAY, "westeurope", IPS, idle_timeout_minutes=30, tags={"snatbot": cluster.name}))
    for subnet in SUBNETS:
        steps.append(AssociateSubnet(subnet, None, GATEWAY, properties_before={"addressPrefix": "10.224.0.0/16"}))
        steps.append(ObserveEgress(GATEWAY, subnet, cluster.id))
    return Plan(
        kind=PlanKind.ATTACH_NAT_GATEWAY,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=VNET,
        summary=(
            Text(
                "create NAT gateway ng-shop-prod-1 with 2 public IPs and associate it with 2 subnets: "
                "snet-user, snet-system"
            )
        ),
        steps=tuple(steps),
        checks=CHECKS,
        egress_now=(verbatim("20.50.10.7"),),
        egress_then=(verbatim("pip-shop-prod-1"), verbatim("pip-shop-prod-2")),
        rollback_text=Text("a rollback takes the NAT gateway off the subnets again and keeps it and its public IPs"),
        digest="4f1d6c0be7a955d2c4f8f0f1a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        demand=Demand(
            ports=21_430,
            public_ip_count=2,
            is_lower_bound=True,
            arithmetic=(
                Text("peak ports in use, added over 12 nodes: TCP 9,871, UDP 212; the larger counts: 9,871"),
                Text("a lower bound: 3 nodes at 90 % of their ports or more, 1,842 connections failed; times 1.09"),
                Text("times 24/12 nodes (autoscaler maximum and upgrade surge)"),
                Text("21,430 ports × 2 headroom ÷ 64,512 per public IP → 1"),
                Text("at least 2 because ports ran out"),
                Text("public IPs: 2"),
            ),
        ),
        commands=(
            f"az network public-ip create -g rg-network -n {IPS[0].rpartition('/')[2]} --sku Standard",
            f"az network public-ip create -g rg-network -n {IPS[1].rpartition('/')[2]} --sku Standard",
            f"az network nat gateway create -g rg-network -n ng-shop-prod-1 --public-ip-addresses {' '.join(IPS)}",
            *(f"az network vnet subnet update --ids {subnet} --nat-gateway {GATEWAY}" for subnet in SUBNETS),
        ),
        rollback_commands=tuple(
            f"az network vnet subnet update --ids {subnet_id} --remove natGateway" for subnet_id in SUBNETS
        ),
        planned_at=NOW,
        notes=(
            Text(
                "TCP idle timeout 30 minutes: the cluster's outbound rule has 30; Microsoft advises 4 for NAT gateways."
            ),
            Text("If this virtual network is managed as code, add the association there before its next deployment."),
            Text("Cost per month: unknown here. See the Azure pricing page."),
        ),
    )


def make_advice(cluster: Cluster | None = None) -> Plan:
    cluster = cluster or make_cluster()
    return Plan(
        kind=PlanKind.ADVICE,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        vnet_id=None,
        summary=verbatim(f"no change that snatbot may make to {cluster.name} by itself"),
        steps=(),
        checks=BLOCKERS,
        egress_now=(verbatim("20.50.10.7"),),
        egress_then=(),
        rollback_text=Text("nothing is changed"),
        digest="0" * 64,
        commands=(f"az aks update -g rg-shop -n {cluster.name} --outbound-type managedNATGateway",),
        planned_at=NOW,
    )


def make_change(
    state: ChangeState = ChangeState.PROPOSED, plan: Plan | None = None, reason: Incident | None = None
) -> Change:
    plan = plan or make_plan()
    is_decided = state not in (ChangeState.PROPOSED, ChangeState.EXPIRED)
    decision = Decision(
        change_id="chg-19c2",
        digest=plan.digest,
        action=Action.DENY if state is ChangeState.DENIED else Action.APPROVE,
        approver="Maria Ortega",
        policy="one approver",
        decided_at=NOW + timedelta(minutes=6),
        decide_by=NOW + timedelta(minutes=60),
        start_by=NOW + timedelta(minutes=66),
        write_until=NOW + timedelta(minutes=6, hours=24),
        signature="f" * 64,
    )
    outcomes = {
        ChangeState.FIXED: Outcome(
            Verdict.FIXED,
            Text("no failed connection in 10 measured minutes with 15,020 attempted on the NAT gateway"),
            FIGURES,
        ),
        ChangeState.NOT_FIXED: Outcome(
            Verdict.NOT_FIXED, Text("312 connections failed on the NAT gateway itself"), FIGURES
        ),
        ChangeState.CANT_TELL: Outcome(
            Verdict.CANT_TELL,
            Text("40 new connections a minute on the NAT gateway; at least 360 are needed to tell"),
            FIGURES,
        ),
    }
    return Change(
        id="chg-19c2",
        cluster_id=plan.cluster_id,
        cluster_name=plan.cluster_name,
        state=state,
        plan=plan,
        proposed_at=NOW,
        expires_at=NOW + timedelta(minutes=60),
        requested_by="snatbot",
        incident_id="inc-7f3a",
        decision=decision if is_decided else None,
        step=4 if state is ChangeState.STOPPED else 0,
        stop_reason=Text("subnet snet-user was changed by someone else after the approval")
        if state is ChangeState.STOPPED
        else Text(""),
        outcome=outcomes.get(state),
        reason=reason,
    )


FIGURES = (
    Text("NAT gateway: 15,020 new connections attempted in 10 measured minutes (1,502 a minute), 0 failed"),
    Text("load balancer before: 1,437 successful a minute; now 0 a minute from the moved nodes"),
    Text("data path availability: 100.0 %"),
    Text("dropped packets: 0"),
)


def started(at: datetime) -> Start:
    return Start(at, line_id="started", signature="f" * 64)


def make_journal() -> tuple[JournalEntry, ...]:
    """The journal of a change that stopped after its fourth step."""
    notes: tuple[tuple[str, dict[str, str] | None], ...] = (
        ("public IP pip-shop-prod-1 is 20.61.0.1", {"address": "20.61.0.1"}),
        ("public IP pip-shop-prod-2 is 20.61.0.2", {"address": "20.61.0.2"}),
        ("NAT gateway ng-shop-prod-1 is ready with 2 public IPs", None),
        ("subnet snet-user has ng-shop-prod-1; every other property is as before", None),
    )
    return tuple(
        JournalEntry(
            step=index,
            state=StepState.DONE,
            started_at=NOW + timedelta(minutes=7 + index),
            updated_at=NOW + timedelta(minutes=8 + index),
            after=after,
            note=verbatim(note),
            attempts=1,
        )
        for index, (note, after) in enumerate(notes)
    )
