"""Nouns of every kind in every number, as the planner and the rules themselves make them, under names that no English
sentence would hold: what is said about them can then be searched for broken text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

from shared.core.associations import Associations
from shared.core.detection.nat_gateway import read_gateway
from shared.core.detection.rules.association_drift import association_drift
from shared.core.detection.rules.failing import snat_failing
from shared.core.detection.rules.nat_gateway import nat_gateway_failing
from shared.core.detection.rules.pressure import port_pressure
from shared.core.detection.thresholds import Thresholds
from shared.core.planning.delete import plan_deletion
from shared.core.planning.detach import plan_detachment
from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanRequest
from shared.model.assessment import Assessment
from shared.model.change import Action, Change, ChangeState, Decision, JournalEntry, Outcome, StepState, Verdict
from shared.model.check import Check, CheckId, CheckResult
from shared.model.cluster import Cluster, LoadBalancerProfile, NodePool
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.fleet import WatchedGateway
from shared.model.health_event import HealthEventComparison, HealthEventVerdict
from shared.model.incident import Incident, IncidentState
from shared.model.network import NatGateway, NetworkFacts, Ours, PublicIp
from shared.model.plan import (
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    Demand,
    Plan,
    PlanKind,
    RelatedPlan,
)
from shared.model.ports import NodePorts, PortReading
from shared.model.reading import Measured, NodeFailures
from shared.model.resource_id import ArmId
from shared.model.text import Text, verbatim
from tests.support import builders
from tests.support.builders import BASELINE, NETWORK, PLAN_OPTIONS, START, VNET, by_state, subnet
from tests.support.nouns import started
from tests.support.thorough import IS_THOROUGH

SIZES = (0, 1, 2, 12)
CLUSTER = "quux"
POOLS = tuple(f"corge{letter}" for letter in "abcdefghijkl")
SUBNETS = tuple(f"garply{letter}" for letter in "abcdefghijkl")
NODES = tuple(f"aks-corge-vmss{number:06d}" for number in range(12))
COMMAND = f"az network vnet subnet update --ids {VNET}/subnets/{SUBNETS[0]} --remove natGateway"


def names(plan: Plan) -> tuple[str, ...]:
    """All that a person may copy from a text about these nouns."""
    made = [step.id.rpartition("/")[2] for step in plan.steps if isinstance(step, CreatePublicIp | CreateNatGateway)]
    return (CLUSTER, *POOLS, *SUBNETS, *NODES, *made, *plan.egress_now, *plan.egress_then, "ng-waldo", "pip-waldo-1")


def cluster(number: int) -> Cluster:
    pools = [
        NodePool(name, "User", number, number + 1, vnet_subnet_id=ArmId(f"{VNET}/subnets/{of}"))
        for name, of in zip(POOLS[: max(1, number)], SUBNETS, strict=False)
    ]
    profile = LoadBalancerProfile(managed_outbound_ip_count=1)
    return builders.cluster(pools, name=CLUSTER, load_balancer_profile=profile)


def addresses(number: int) -> tuple[PublicIp, ...]:
    return tuple(
        PublicIp(
            ArmId(f"{NETWORK}/publicIPAddresses/pip-waldo-{one}"),
            f"pip-waldo-{one}",
            f"203.0.113.{one}",
            "Standard",
            "Succeeded",
            tags={"snatbot": CLUSTER},
        )
        for one in range(1, number + 1)
    )


def gateway(number: int, subnet_ids: tuple[str, ...]) -> NatGateway:
    ids = tuple(ip.id for ip in addresses(max(1, number)))
    properties = {"idleTimeoutInMinutes": 30, "publicIpAddresses": [{"id": one} for one in ids]}
    usual = builders.nat_gateway("ng-waldo", public_ip_ids=ids, subnet_ids=subnet_ids, properties=properties)
    return replace(usual, tags={"snatbot": CLUSTER})


def network(number: int, *, is_ours: bool = True, is_attached: bool = True) -> NetworkFacts:
    """As many subnets, with a NAT gateway of as many public IPs."""
    of = cluster(number)
    used = of.subnet_ids if is_attached else ()
    found = gateway(number, used)
    ips = tuple(replace(ip, attached_to_id=found.id) for ip in addresses(max(1, number)))
    known = Ours(frozenset(ArmId(one.lower()) for one in (found.id, *(ip.id for ip in ips)))) if is_ours else Ours()
    return builders.facts(
        of,
        subnets=tuple(subnet(one, nat_gateway_id=found.id if is_attached else None) for one in of.subnet_ids),
        nat_gateways=(found,),
        group_ips=ips if is_ours else (),
        ours=known,
        taken_names=(found.name, *(ip.name for ip in ips)),
    )


@cache
def plans(number: int) -> tuple[Plan, ...]:
    return tuple(_plans(number))


def some_plans(number: int) -> tuple[Plan, ...]:
    """Every kind of plan at one size, three at the others; in `make test-all` every kind at each."""
    every = plans(number)
    return every if number == 2 or IS_THOROUGH else (every[0], every[4], every[-1])


def _plans(number: int) -> Iterator[Plan]:
    """One of every kind, and one that is forbidden. ``number`` of subnets, pools, nodes and public IPs."""
    count = max(1, min(number, 16))
    demand = Demand(500 * count, count, True, (Text("public IPs: {number}", number=count),), busiest_node_ports=500)
    calm = replace(demand, no_need=Text("no SNAT connection failed among 9,000 in the last hour"))
    plain = builders.facts(cluster(number))
    managed = builders.facts(
        builders.cluster([NodePool(POOLS[0], "System", 3, 3)], name=CLUSTER), vnet_id=None, subnets=(), nat_group_id=""
    )

    def ask(facts: NetworkFacts, kind: PlanKind | None = None, wanted: Demand = demand) -> Plan:
        return plan_attachment(facts, wanted, BASELINE, PLAN_OPTIONS, PlanRequest(kind))

    attached = ask(plain)
    yield attached
    yield ask(replace(plain, cluster=replace(plain.cluster, authorized_ip_ranges=("192.0.2.0/24",))))
    yield ask(plain, PlanKind.RESERVE_PUBLIC_IPS)
    yield ask(network(number), None, replace(demand, public_ip_count=min(count + 2, 16)))
    back = network(number)
    made = next(step.id for step in attached.steps if isinstance(step, CreateNatGateway))
    moved = tuple(replace(one, nat_gateway_id=made) for one in back.subnets)
    touched = dict.fromkeys(one.id for one in moved)
    yield plan_detachment(attached, replace(back, subnets=moved), "change-1", touched)
    yield plan_deletion(attached, network(number, is_attached=False), "change-1")
    yield ask(plain, PlanKind.RELIEVE_LOAD_BALANCER)
    yield ask(network(number, is_ours=False), PlanKind.ALIGN_OUTBOUND_TYPE)
    yield ask(managed, PlanKind.MANAGED_NAT_GATEWAY)
    yield ask(plain, PlanKind.STANDARD_V2)
    yield ask(plain, None, calm)
    yield ask(plain, None, replace(demand, public_ip_count=17))
    checks = tuple(
        Check(
            CheckId.SUBNETS,
            CheckResult.BLOCK,
            Text("subnet {subnet} can't be used", subnet=SUBNETS[0]),
            Text("see to it"),
            commands=(COMMAND,),
        )
        for one in range(number)
    )
    related = tuple(RelatedPlan(PlanKind.RELIEVE_LOAD_BALANCER, Text("more ports"), (COMMAND,)) for _ in range(number))
    yield replace(attached, checks=checks, related=related)
    yield replace(attached, kind=PlanKind.ADVICE, steps=(), checks=checks, commands=(COMMAND,) * number)


def nodes(number: int) -> tuple[NodeFailures, ...]:
    return tuple(
        NodeFailures(f"10.224.0.{4 + one}", 1 + one, one, 1, START, START, NODES[one], POOLS[0])
        for one in range(number)
    )


@cache
def findings(number: int) -> tuple[Finding, ...]:
    return tuple(_findings(number))


def _findings(number: int) -> Iterator[Finding]:
    """One of every kind; where a rule is easily asked, in its own words."""
    reading = measured(number)
    ports = tuple(
        NodePorts(f"10.224.0.{4 + one}", "tcp", 1000, 1024, START, NODES[one], POOLS[0]) for one in range(number)
    )
    of = cluster(number)
    gateway_id = ArmId(f"{NETWORK}/natGateways/ng-waldo")
    left = {subnet_id: AssociateSubnet(subnet_id, None, gateway_id, {}) for subnet_id in of.subnet_ids}
    watched = WatchedGateway(gateway_id, "ng-waldo", "westeurope", number, of.subnet_ids)
    usual = Thresholds()
    of_gateway = read_gateway("ng-waldo", builders.window(), by_state(Attempted={0: 9}, Failed={0: number}), None)
    made = (
        snat_failing(reading, number, usual),
        port_pressure(PortReading(builders.window(), ports, 1024), usual),
        association_drift(of, {}, Associations(left), START),
        nat_gateway_failing(watched, of_gateway),
    )
    found = {finding.kind: finding for finding in made if finding is not None}
    for kind in FindingKind:
        usual_finding = Finding(
            kind,
            Severity.WARNING,
            START,
            Text("subnet {subnet} is in trouble", subnet=SUBNETS[0]),
            remedy=Text("look at it"),
        )
        yield found.get(kind, usual_finding)


def measured(number: int) -> Measured:
    return Measured(
        window=builders.window(),
        measured_minutes=max(1, number),
        failed=max(1, number),
        successful=number,
        nodes=nodes(number),
        failed_minutes=tuple(START + timedelta(minutes=one) for one in range(max(1, min(number, 5)))),
    )


def assessment(finding: Finding, number: int) -> Assessment:
    return Assessment(
        cluster(number),
        START + timedelta(minutes=number),
        measured(number),
        (finding, *(replace(finding, evidence=Text("{node} is short of ports", node=NODES[0])) for _ in range(number))),
        load_balancer_id=builders.load_balancer().id,
        gateway_ids=(ArmId(f"{NETWORK}/natGateways/ng-waldo"),) if number == 1 else (),
        health_events=HealthEventComparison(HealthEventVerdict.AGREES, Text("Azure's health events say the same")),
    )


def incident(finding: Finding, number: int) -> Incident:
    return Incident(
        id="0f3a",
        cluster_id=cluster(number).id,
        cluster_name=CLUSTER,
        state=IncidentState.OPEN,
        severity=finding.severity,
        since=START - timedelta(minutes=number),
        opened_at=START,
        last_failed_at=START if finding.kind is FindingKind.SNAT_FAILING else None,
        failing_since=START if finding.kind is FindingKind.SNAT_FAILING else None,
        failed=number,
        nodes=nodes(number),
        window_minutes=number,
        kinds=(finding.kind, *list(FindingKind)[:number]),
        evidence=finding.evidence,
        reopened=number,
        closing_note=Text("egress now leaves through NAT gateway `{gateway}`", gateway="ng-waldo")
        if number == 2
        else Text(""),
    )


def change(plan: Plan, state: ChangeState, number: int) -> Change:
    decision = Decision("chg", plan.digest, Action.APPROVE, "Ada", "one", START, START, START, START, "s")
    is_decided = state not in (ChangeState.PROPOSED, ChangeState.EXPIRED)
    figures = tuple(Text("`{name}`: nothing failed", name=name) for name in SUBNETS[:number])
    commands = (verbatim(COMMAND),) * number
    return Change(
        id="19c2",
        cluster_id=plan.cluster_id,
        cluster_name=plan.cluster_name,
        state=state,
        plan=plan,
        proposed_at=START,
        expires_at=START + timedelta(minutes=60),
        requested_by="Ada",
        incident_id="0f3a",
        decision=decision if is_decided else None,
        step=min(number, len(plan.steps)),
        start=started(START) if number else None,
        stop_reason=Text("somebody wrote to subnet `{subnet}`", subnet=SUBNETS[0])
        if state is ChangeState.STOPPED
        else Text(""),
        stop_commands=commands,
        outcome=Outcome(Verdict.DONE, Text("nothing failed"), figures, figures, commands) if is_decided else None,
        reason=incident(findings(number)[0], number),
    )


def journal(plan: Plan, number: int) -> tuple[JournalEntry, ...]:
    return tuple(
        JournalEntry(one, StepState.DONE, START, START, note=Text("{node} is well", node=NODES[0]))
        for one in range(min(number, len(plan.steps)))
    )
