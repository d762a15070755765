"""Egress IPs of today: one answer for every way out that a cluster has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.core.planning.advice.alignment import align
from shared.core.planning.advice.relief import relieve
from shared.core.planning.advice.standard_v2 import standard_v2
from shared.core.planning.detach import plan_detachment, written_subnets
from shared.core.planning.egress import MAX_NODE_IPS, egress_now
from shared.core.planning.plan_builder import build_plan
from shared.core.planning.planner import plan_attachment
from shared.core.planning.preflight.addresses import allow_lists
from shared.core.planning.preflight.cluster import egress_gateway
from shared.model.check import CheckResult
from shared.model.cluster import NodePool
from shared.model.load_balancer import LoadBalancer, Node, OutboundRule
from shared.model.network import NetworkFacts, Ours, PublicIp, Route
from shared.model.plan import AssociateSubnet
from shared.model.resource_id import ArmId
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    OUTBOUND_IP,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    cluster,
    facts,
    load_balancer,
    nat_gateway,
    node,
    subnet,
)
from tests.support.every import every

LB = "20.50.10.7"
NODE_IP, EDGE_IP, PREFIX = (ArmId(f"{NETWORK}/publicIPAddresses/{name}") for name in ("own", "edge", "prefix"))
ZONES = tuple(ArmId(f"{NETWORK}/publicIPAddresses/zone-{zone}") for zone in (1, 2))


def ip(ip_id: ArmId, address: str, **more: Any) -> PublicIp:
    return PublicIp(ip_id, ip_id.name, address, "Standard", "Succeeded", **more)


GATEWAYS = tuple(nat_gateway(f"ng-{n}", public_ip_ids=(ip_id,)) for n, ip_id in enumerate(ZONES, 1))
OF_GATEWAYS = tuple(ip(ip_id, f"203.0.113.{n}") for n, ip_id in enumerate(ZONES, 1))
NODE_IPS = (
    ip(NODE_IP, "198.51.100.9"),
    ip(EDGE_IP, "198.51.100.32", prefix_id=PREFIX),
    ip(PREFIX, "198.51.100.32/31"),
)


def of(*gateway_ids: ArmId | None, routes: Sequence[Sequence[Route]] = ((), ()), **changed: Any) -> NetworkFacts:
    """Subnets of the system and the user pool, in this order."""
    subnets = tuple(
        subnet(subnet_id, nat_gateway_id=gateway_id, routes=tuple(of_subnet))
        for subnet_id, gateway_id, of_subnet in zip((SYSTEM_SUBNET, USER_SUBNET), gateway_ids, routes, strict=True)
    )
    known = {"nat_gateways": GATEWAYS, "gateway_ips": OF_GATEWAYS, "node_ips": NODE_IPS}
    return facts(subnets=subnets, **known | changed)


def with_ip(pool: str, subnet_id: str, ip_id: ArmId) -> Node:
    return replace(node(0, subnet_id), pool=pool, public_ip_ids=(ip_id,))


FIRST, SECOND = (gateway.id for gateway in GATEWAYS)
AWAY = tuple(Route("out", half, "VirtualAppliance", "10.9.0.4") for half in ("0.0.0.0/1", "128.0.0.0/1"))
POOLS = (
    NodePool("system", "System", 3, 3, vnet_subnet_id=SYSTEM_SUBNET),
    NodePool("user", "User", 9, 15, vnet_subnet_id=USER_SUBNET),
)
FIXED = (*POOLS, NodePool("fixed", "gateway", 2, 2, vnet_subnet_id=SYSTEM_SUBNET))
EDGE = (POOLS[0], replace(POOLS[1], has_node_public_ips=True))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (of(None, None), (LB,)),
        (of(FIRST, SECOND), ("203.0.113.1", "203.0.113.2")),
        (of(FIRST, None), ("203.0.113.1", LB)),
        (of(FIRST, FIRST), ("203.0.113.1",)),
        (of(FIRST, ArmId(f"{NETWORK}/natGateways/hidden")), ("203.0.113.1", "hidden")),
        (of(FIRST, SECOND, gateway_ips=()), ("zone-1", "zone-2")),
        (of(None, FIRST, routes=(AWAY, ())), ("VirtualAppliance 10.9.0.4", "203.0.113.1")),
        (of(FIRST, None, routes=(AWAY, AWAY)), ("VirtualAppliance 10.9.0.4",)),
        (of(None, None, routes=((Route("x", "0.0.0.0/0", "None"),), ())), (LB,)),
        (of(None, None, nodes=(with_ip("user", USER_SUBNET, NODE_IP),)), ("198.51.100.9", LB)),
        (of(None, FIRST, nodes=(with_ip("user", USER_SUBNET, NODE_IP),)), ("203.0.113.1", LB)),
        (of(None, None, nodes=(with_ip("user", USER_SUBNET, EDGE_IP),)), ("198.51.100.32/31", LB)),
        (
            of(None, None, cluster=cluster(FIXED), nodes=(with_ip("fixed", SYSTEM_SUBNET, EDGE_IP),)),
            ("198.51.100.32/31", LB),
        ),
        (
            of(FIRST, FIRST, cluster=cluster(FIXED), nodes=(with_ip("fixed", SYSTEM_SUBNET, EDGE_IP),)),
            ("203.0.113.1", "198.51.100.32/31"),
        ),
        (of(None, None, cluster=cluster(FIXED), nodes=()), ("public IPs of pool fixed", LB)),
        (of(None, None, cluster=cluster(EDGE)), ("public IPs of pool user", LB)),
        (
            of(None, None, nodes=(with_ip("user", USER_SUBNET, NODE_IP),), node_ips=()),
            ("own of aks-user-1-vmss000000", LB),
        ),
        (replace(of(FIRST, FIRST), subnets=of(FIRST, FIRST).subnets[:1]), ("203.0.113.1", LB)),  # one not read
        (facts(subnets=(), vnet_id=None), (LB,)),
        (facts(subnets=(), nodes=(with_ip("user", USER_SUBNET, NODE_IP),), node_ips=NODE_IPS), ("198.51.100.9", LB)),
    ],
)
def test_every_way_out_of_today_is_among_the_egress_ips(found: NetworkFacts, expected: tuple[str, ...]) -> None:
    assert egress_now(found) == expected
    assert build_plan(relieve(found, DEMAND), found, DEMAND, BASELINE).egress_now == expected, "advice says the same"
    assert every(address in allow_lists(found).message for address in expected)


def test_of_very_many_nodes_with_public_ips_the_first_are_shown() -> None:
    ids = [ArmId(f"{NETWORK}/publicIPAddresses/{number:03d}") for number in range(MAX_NODE_IPS + 7)]
    nodes = tuple(with_ip("user", USER_SUBNET, ip_id) for ip_id in ids)
    found = egress_now(of(None, None, nodes=nodes, node_ips=tuple(ip(ip_id, ip_id.name) for ip_id in ids)))
    assert found[MAX_NODE_IPS - 1 :] == ("063", "7 more public IPs of nodes", LB)


def test_a_rollback_shows_the_gateways_that_stay() -> None:
    attached = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
    ours = attached.nat_gateway_id
    assert ours is not None
    gateway = nat_gateway(ours.name, id=ours, public_ip_ids=(ZONES[0],))
    now = of(ours, SECOND, nat_gateways=(gateway, GATEWAYS[1]))
    plan = plan_detachment(attached, now, "c-1", {now.subnets[0].id: None})
    assert plan.egress_now == ("203.0.113.1", "203.0.113.2")
    assert plan.egress_then == ("203.0.113.2", LB)
    swapped = plan_detachment(attached, of(ours, None, nat_gateways=(gateway, GATEWAYS[1])), "c-1", {
        now.subnets[0].id: SECOND
    })  # fmt: skip
    assert [step.after for step in swapped.steps if isinstance(step, AssociateSubnet)] == [SECOND]
    assert swapped.egress_then == ("203.0.113.2", LB)
    assert written_subnets(attached, {}) == {}


MANUAL_IP = ArmId(f"{NETWORK}/publicIPAddresses/partner")


def rule(name: str, ip_id: ArmId) -> OutboundRule:
    return OutboundRule(name, 1024, 30, (), (ip_id,), (ip_id,))


def balancer(*rules: OutboundRule) -> LoadBalancer:
    return replace(load_balancer(), outbound_rules=rules)


def with_rules(*rules: OutboundRule, effective: tuple[ArmId, ...] = ()) -> NetworkFacts:
    found = cluster()
    profile = replace(found.load_balancer_profile, effective_ip_ids=effective)
    both = (ip(MANUAL_IP, "192.0.2.1"), ip(ArmId(OUTBOUND_IP), LB))
    of_cluster = replace(found, load_balancer_profile=profile)
    return facts(of_cluster, load_balancer=balancer(*rules), outbound_ips=both)


def test_relief_names_the_ips_of_aks_own_rule_only() -> None:
    known = with_rules(rule("partner", MANUAL_IP), rule("AKSOutboundRule", ArmId(OUTBOUND_IP)))
    commands = "\n".join((*relieve(known, DEMAND).commands, *relieve(known, DEMAND).rollback_commands))
    assert OUTBOUND_IP in commands
    assert MANUAL_IP not in commands
    assert any("not known as AKS's own: partner" in note for note in relieve(known, DEMAND).notes)


@pytest.mark.parametrize("effective", [(), (ArmId(OUTBOUND_IP),)])
def test_among_rules_of_which_none_is_known_as_aks_own_relief_gives_no_command(effective: tuple[ArmId, ...]) -> None:
    known = with_rules(rule("partner", MANUAL_IP), rule("other", ArmId(OUTBOUND_IP)), effective=effective)
    advice = relieve(known, DEMAND)
    assert advice.commands == advice.rollback_commands == ()
    assert "partner and other" in advice.summary
    assert {found.address for found in known.aks_outbound_ips} == ({LB} if effective else set())
    notes = " ".join(plan_attachment(known, DEMAND, BASELINE, PLAN_OPTIONS).notes)
    assert "an outbound rule that is not known as AKS's own: partner, 1,024 ports per node" in notes


def test_alignment_calls_only_aks_own_addresses_lost() -> None:
    known = with_rules(rule("partner", MANUAL_IP), rule("aksOutboundRule", ArmId(OUTBOUND_IP)))
    attached = tuple(replace(one, nat_gateway_id=FIRST) for one in known.subnets)
    advice = align(replace(known, subnets=attached, nat_gateways=GATEWAYS, gateway_ips=OF_GATEWAYS))
    assert f"its public IPs ({LB})" in advice.irreversible
    assert "it leaves from 203.0.113.1 already" in advice.notes[0]


def test_windows_pools_get_the_note_about_their_own_translation() -> None:
    windows = (POOLS[0], replace(POOLS[1], has_host_snat=True))
    of_windows = facts(cluster(windows))
    attached = plan_attachment(of_windows, DEMAND, BASELINE, PLAN_OPTIONS)
    for notes in (
        attached.notes,
        relieve(of_windows, DEMAND).notes,
        standard_v2(of_windows, DEMAND, PLAN_OPTIONS).notes,
    ):
        assert any("OutboundNAT" in note and "user" in note for note in notes)
    plain = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
    assert not any("OutboundNAT" in note for note in plain.notes)


def test_a_static_egress_gateway_blocks_attaching() -> None:
    plan = plan_attachment(facts(cluster(FIXED)), DEMAND, BASELINE, PLAN_OPTIONS)
    (blocker,) = plan.blockers
    assert blocker.name == "egress gateway"
    assert "pool fixed" in blocker.message
    by_hand = standard_v2(facts(cluster(FIXED)), DEMAND, PLAN_OPTIONS)
    assert (by_hand.commands, "pool fixed" in by_hand.summary) == ((), True)
    ours = of(FIRST, FIRST, cluster=cluster(FIXED), ours=Ours(created_ids=frozenset({FIRST})))
    assert egress_gateway(ours).result is CheckResult.WARN, "no subnet moves"
