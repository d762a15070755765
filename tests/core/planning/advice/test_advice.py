"""What only a person may do: the exact command, its arithmetic, what can't be undone, and whom it is not for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.planning.advice.choose import ASKABLE
from shared.core.planning.advice.quick_relief import (
    MAX_FRONTENDS,
    PORTS_PER_FRONTEND,
    QuickRelief,
    ports_a_node,
    quick_relief,
)
from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import INCIDENT_TAG, REQUEST_TAG, PlanRequest
from shared.model.check import CheckResult
from shared.model.cluster import Cluster, LoadBalancerProfile, NodePool
from shared.model.network import NetworkFacts, Ours, PublicIp
from shared.model.plan import (
    CreatePublicIp,
    Plan,
    PlanKind,
)
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from shared.web.export.bicep import as_bicep
from shared.web.export.terraform import as_terraform
from tests.support.advised import CALM, COUNTED, FITTING, MANAGED, MEASURED, THEIRS, ask
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SUBSCRIPTION,
    SYSTEM_SUBNET,
    USER_SUBNET,
    cluster,
    facts,
    load_balancer,
    nat_gateway,
    outbound_rule,
    subnet,
)
from tests.support.every import every

AKS = f"az aks update --subscription {SUBSCRIPTION} -g rg-shop -n shop-prod "


# --- the alarm's relief, before a plan ---


def test_the_alarms_relief_doubles_the_ports_with_the_exact_command() -> None:
    pools = [NodePool("user", "User", 40, 60)]
    found = quick_relief(cluster(pools, load_balancer_profile=LoadBalancerProfile(0, 30, 1)))
    command = (
        f"{AKS}--load-balancer-managed-outbound-ip-count 3 --load-balancer-outbound-ports 2048 "
        "--load-balancer-idle-timeout 30"
    )
    assert found == QuickRelief(2048, 1024, 2, command)


@pytest.mark.parametrize(
    "of",
    [
        cluster(load_balancer_profile=LoadBalancerProfile(0, 30, None)),
        cluster([], load_balancer_profile=LoadBalancerProfile(0, 30, 1)),
        cluster(load_balancer_profile=LoadBalancerProfile(0, 30, 1), has_hosted_pools=True),
        cluster(load_balancer_profile=LoadBalancerProfile(0, 30, 1), outbound_type="userAssignedNATGateway"),
        cluster(load_balancer_profile=LoadBalancerProfile(64_000, 30, 3)),
    ],
)
def test_without_what_it_needs_the_alarms_relief_has_no_command(of: Cluster) -> None:
    assert quick_relief(of) is None


# --- what they have in common ---


@pytest.mark.parametrize("kind", ASKABLE)
def test_each_has_a_command_arithmetic_and_what_cannot_be_undone_and_is_never_executed(kind: PlanKind) -> None:
    found = ask(kind, FITTING[kind])
    assert (found.kind, found.steps, found.is_executable) == (kind, (), False)
    assert found.kind.is_advice
    assert found.blockers == ()
    assert found.commands
    assert found.demand is not None
    assert found.demand.arithmetic
    assert found.irreversible
    assert found.checks
    assert every(check.source for check in found.checks)
    assert (as_terraform(found), as_bicep(found)) == ("", "")


@pytest.mark.parametrize("kind", ASKABLE)
def test_every_command_names_its_subscription_or_a_whole_id(kind: PlanKind) -> None:
    found = ask(kind, FITTING[kind])
    for command in (*found.commands, *found.rollback_commands):
        assert f"--subscription {SUBSCRIPTION}" in command or f"--ids /subscriptions/{SUBSCRIPTION}" in command


@pytest.mark.parametrize(
    ("kind", "of", "check"),
    [
        (PlanKind.RELIEVE_LOAD_BALANCER, THEIRS, "outbound type"),
        (PlanKind.RELIEVE_LOAD_BALANCER, facts(replace(COUNTED, power_state="Stopped")), "cluster state"),
        (PlanKind.ALIGN_OUTBOUND_TYPE, facts(), "NAT gateway"),
        (PlanKind.ALIGN_OUTBOUND_TYPE, MANAGED, "virtual network"),
        (PlanKind.ALIGN_OUTBOUND_TYPE, replace(THEIRS, cluster=cluster(outbound_type="none")), "outbound type"),
        (
            PlanKind.ALIGN_OUTBOUND_TYPE,
            replace(THEIRS, unplaced_ips=("10.99.0.4",), load_balancer=load_balancer(outbound_ip_configuration_ids=())),
            "outbound pool",
        ),
        (
            PlanKind.ALIGN_OUTBOUND_TYPE,
            replace(THEIRS, unreadable=(Unreadable(UnreadableKind.SUBNET, "pods", Text("403")),)),
            "subnets",
        ),
        (PlanKind.MANAGED_NAT_GATEWAY, facts(), "virtual network"),
        (PlanKind.STANDARD_V2, MANAGED, "virtual network"),
        (PlanKind.STANDARD_V2, facts(vnet_location="Sweden South"), "region"),
    ],
)
def test_what_is_not_for_this_cluster_says_why_and_gives_nothing_to_copy(
    kind: PlanKind, of: NetworkFacts, check: str
) -> None:
    found = ask(kind, of)
    assert found.kind is kind
    assert check in {blocker.name for blocker in found.blockers}
    assert (found.commands, found.rollback_commands) == ((), ())
    assert found.blockers[0].message in found.summary


# --- relief of the load balancer ---


@given(st.integers(0, 200_000), st.integers(1, 5_000), st.integers(1, MAX_FRONTENDS))
def test_ports_a_node_are_a_multiple_of_eight_and_fit_the_frontends(wanted: int, nodes: int, frontends: int) -> None:
    ports, needed = ports_a_node(wanted, nodes, frontends)
    assert ports % 8 == 0
    assert 0 < ports <= PORTS_PER_FRONTEND
    assert frontends <= needed <= MAX_FRONTENDS
    assert nodes * ports <= needed * PORTS_PER_FRONTEND


def test_the_documents_own_example() -> None:
    """100 nodes and 2 of surge at 4,000 ports need 7 IPs (AKS docs: configure-load-balancer-standard)."""
    assert ports_a_node(4_000, 102, 1) == (4_000, 7)


def test_relief_is_sized_by_the_busiest_node_for_all_nodes_that_may_come() -> None:
    found = ask(PlanKind.RELIEVE_LOAD_BALANCER, facts(COUNTED))
    assert found.commands == (
        f"{AKS}--load-balancer-managed-outbound-ip-count 4 --load-balancer-outbound-ports 10000 "
        "--load-balancer-idle-timeout 30",
    )
    assert found.rollback_commands == (
        f"{AKS}--load-balancer-managed-outbound-ip-count 1 --load-balancer-outbound-ports 0 "
        "--load-balancer-idle-timeout 30",
    )
    assert found.demand is not None
    assert found.demand.arithmetic[-1] == (
        "21 nodes × 10,000 ports = 210,000 ÷ 64,000 per public IP → 4 public IPs (now 1)"
    )
    assert any("autoscaler maximum and upgrade surge" in line for line in found.demand.arithmetic)


def test_relief_without_a_measure_takes_twice_the_present_and_says_so() -> None:
    found = ask(PlanKind.RELIEVE_LOAD_BALANCER, facts(COUNTED), replace(DEMAND, busiest_node_ports=None))
    assert "--load-balancer-outbound-ports 2048" in found.commands[0]
    assert [check.name for check in found.warnings] == ["existing connections", "size"]


def test_relief_with_ips_of_the_owners_makes_further_ones_and_names_them_all() -> None:
    *made, update = ask(PlanKind.RELIEVE_LOAD_BALANCER, facts()).commands
    assert [command.split("-n ")[1].split()[0] for command in made] == [f"pip-shop-prod-lb-{n}" for n in (1, 2, 3)]
    ids = update.split("--load-balancer-outbound-ips ")[1].split()[0].split(",")
    assert ids[0] == f"{NETWORK}/publicIPAddresses/aks"
    assert len(ids) == 4


def test_relief_on_prefixes_adds_a_prefix_and_names_them_all() -> None:
    mine = ArmId(f"{NETWORK}/publicIPPrefixes/mine")
    of = facts(outbound_ips=(PublicIp(mine, "mine", "203.0.113.0/31", "Standard", "Succeeded"),))
    of = replace(of, load_balancer=load_balancer(outbound_rules=(outbound_rule("aksOutboundRule", 0, 30, mine),)))
    made, update = ask(PlanKind.RELIEVE_LOAD_BALANCER, of).commands
    assert " public-ip prefix create " in made and made.endswith("-n ippre-shop-prod-lb-1 -l westeurope --length 31")
    given = update.split("--load-balancer-outbound-ip-prefixes ")[1].split()[0].split(",")
    assert given[0] == mine and given[1].endswith("/publicIPPrefixes/ippre-shop-prod-lb-1")
    assert "--load-balancer-outbound-ips" not in update


def test_relief_that_cannot_give_more_is_refused() -> None:
    many = [NodePool("big", "System", 6_000, 6_000, vnet_subnet_id=SYSTEM_SUBNET)]
    of = facts(cluster(many, load_balancer_profile=LoadBalancerProfile(1_024, 30, 100)))
    assert [one.name for one in ask(PlanKind.RELIEVE_LOAD_BALANCER, of).blockers] == ["ports per node"]


def test_relief_stands_beside_the_gateway_and_alignment_after_it_with_the_same_commands() -> None:
    found = ask(None, facts(COUNTED))
    assert found.kind is PlanKind.ATTACH_NAT_GATEWAY
    relief, alignment = found.related
    assert relief.commands == ask(PlanKind.RELIEVE_LOAD_BALANCER, facts(COUNTED)).commands
    assert alignment.commands == ask(PlanKind.ALIGN_OUTBOUND_TYPE, THEIRS).commands
    assert found.digest == replace(found, related=()).digest


def test_relief_says_that_it_drops_connections_and_whether_new_addresses_come() -> None:
    """64,000 ports an IP, shared among all nodes with the surge (AKS docs: configure-load-balancer-standard)."""

    def address_note(of: NetworkFacts) -> str:
        found = ask(PlanKind.RELIEVE_LOAD_BALANCER, of, replace(MEASURED, busiest_node_ports=1_024))
        assert "drops open connections" in found.warnings[0].message
        assert "drops open connections" in found.irreversible
        assert found.summary.endswith("open connections drop")
        return next(note for note in found.notes if "egress IP" in note or "address" in note)

    pools = [NodePool("user", "User", 20, 30, "10%", vnet_subnet_id=USER_SUBNET)]
    ips = LoadBalancerProfile(managed_outbound_ip_count=1)
    fits = replace(facts(cluster(pools, load_balancer_profile=ips)), nodes=())
    assert "new ones join them" in address_note(fits), "33 × 2,048 = 67,584 ports are more than 64,000"
    pools = [NodePool("user", "User", 20, 28, "10%", vnet_subnet_id=USER_SUBNET)]
    fits = facts(cluster(pools, load_balancer_profile=ips))
    assert address_note(fits).startswith("No new address for up to 31 nodes, autoscaler maximum")
    unknown = replace(fits, cluster=replace(fits.cluster, has_auto_provisioning=True))
    assert "Their maximum is unknown" in address_note(unknown)


# --- the others ---


AUTO: dict[str, Any] = {"has_auto_provisioning": True}
MACHINES: dict[str, Any] = {"pools": tuple(replace(pool, kind="VirtualMachines") for pool in cluster().pools)}
AVAILABILITY_SET: dict[str, Any] = {"pools": tuple(replace(pool, kind="AvailabilitySet") for pool in cluster().pools)}


@pytest.mark.parametrize("changed", [AUTO, MACHINES, AVAILABILITY_SET])
def test_where_aks_cannot_change_the_outbound_type_attaching_stays_possible_and_alignment_is_not_offered(
    changed: dict[str, Any],
) -> None:
    """Azure docs: aks/node-auto-provisioning, aks/egress-outboundtype."""
    found = ask(None, facts(cluster(**changed)))
    assert (found.kind, found.is_executable) == (PlanKind.ATTACH_NAT_GATEWAY, True)
    assert [beside.kind for beside in found.related] == [PlanKind.RELIEVE_LOAD_BALANCER]
    assert any("AKS can't change it" in note for note in found.notes)
    for kind, of in ((PlanKind.ALIGN_OUTBOUND_TYPE, THEIRS), (PlanKind.MANAGED_NAT_GATEWAY, MANAGED)):
        pools = tuple(replace(pool, kind=cluster(**changed).pools[0].kind) for pool in of.cluster.pools)
        fixed = replace(of.cluster, pools=pools, has_auto_provisioning=changed is AUTO)
        refused = ask(kind, replace(of, cluster=fixed))
        assert "outbound type change" in {blocker.name for blocker in refused.blockers}
        assert refused.commands == ()


def test_a_managed_gateway_names_its_sku_and_what_is_one_way() -> None:
    found = ask(None, MANAGED)
    assert "--outbound-type managedNATGateway --outbound-type-sku Standard " in found.commands[0]
    assert "no direct way back" in found.irreversible and "StandardV2" in found.irreversible
    dual = replace(MANAGED, cluster=replace(MANAGED.cluster, ip_families=("IPv4", "IPv6")))
    elsewhere = replace(dual, cluster=replace(dual.cluster, location="westindia"))
    assert "region" in {blocker.name for blocker in ask(PlanKind.MANAGED_NAT_GATEWAY, elsewhere).blockers}
    (command,) = ask(PlanKind.MANAGED_NAT_GATEWAY, dual).commands
    assert "--outbound-type-sku StandardV2 " in command and "--nat-gateway-managed-outbound-ipv6-count 1 " in command


@pytest.mark.parametrize("of", [MANAGED, THEIRS, facts(cluster(ip_families=("IPv6",))), facts(cluster(**AUTO))])
@pytest.mark.parametrize("ips", [2, 17])
def test_a_check_that_speaks_of_a_command_given_gives_it(of: NetworkFacts, ips: int) -> None:
    without: dict[str, Any] = {}
    for changed in (without, AUTO):
        given = replace(of, cluster=replace(of.cluster, **changed))
        found = ask(None, given, replace(MEASURED, public_ip_count=ips))
        for check in found.checks:
            assert "command given" not in check.remedy or check.commands
        assert "command given" not in " ".join((found.summary, *found.notes)) or found.commands
        remedies = " ".join(check.remedy for check in found.checks)
        assert "managed_nat_gateway" not in remedies or not given.cluster.has_auto_provisioning


@pytest.mark.parametrize("sku", ["", "Standard", "StandardV2"])
def test_a_managed_gateway_that_is_there_is_told_with_its_sku(sku: str) -> None:
    behind = replace(MANAGED.cluster, outbound_type="managedNATGateway", managed_gateway_sku=sku)
    found = ask(None, replace(MANAGED, cluster=behind, load_balancer=None))
    assert "managedNATGateway" in found.summary and (not sku or f"of SKU {sku})" in found.summary)
    assert found.commands == ()


def test_nodes_that_reach_the_api_server_privately_need_no_authorized_range() -> None:
    """Azure docs: aks/api-server-vnet-integration."""
    ranges: Any = {"authorized_ip_ranges": ("192.0.2.0/24",)}
    assert ask(None, facts(cluster(**ranges))).kind is PlanKind.RESERVE_PUBLIC_IPS
    assert ask(None, facts(cluster(**ranges, has_vnet_integration=True))).kind is PlanKind.ATTACH_NAT_GATEWAY
    assert ask(None, facts(cluster(**ranges, is_private=True))).kind is PlanKind.ATTACH_NAT_GATEWAY
    for kind, of in ((PlanKind.MANAGED_NAT_GATEWAY, MANAGED), (PlanKind.RELIEVE_LOAD_BALANCER, facts(COUNTED))):
        for more, matters in ((ranges, True), ({}, False), (ranges | {"has_vnet_integration": True}, False)):
            found = ask(kind, replace(of, cluster=replace(of.cluster, **more)))
            told = " ".join((*found.notes, *(check.message for check in found.warnings)))
            assert ("authorized IP ranges" in told) is matters


def test_alignment_names_the_addresses_that_are_lost_and_the_way_back() -> None:
    found = ask(PlanKind.ALIGN_OUTBOUND_TYPE, THEIRS)
    assert found.commands == (f"{AKS}--outbound-type userAssignedNATGateway",)
    assert found.rollback_commands == (f"{AKS}--outbound-type loadBalancer",)
    assert "20.50.10.7" in found.irreversible
    for told in (found.irreversible, found.summary):
        assert "one-click rollback" in told and "ends with it" in told


def test_a_managed_network_gets_aks_own_gateway_and_relief_beside_it() -> None:
    found = ask(None, MANAGED)
    assert found.kind is PlanKind.MANAGED_NAT_GATEWAY
    assert "no direct way back" in found.irreversible
    assert [one.kind for one in found.related] == [PlanKind.RELIEVE_LOAD_BALANCER]
    listed = replace(MANAGED, cluster=replace(MANAGED.cluster, authorized_ip_ranges=("192.0.2.0/24",)))
    warned = {check.name for check in ask(PlanKind.MANAGED_NAT_GATEWAY, listed).warnings}
    assert "API server access" in warned


def test_ipv6_gets_a_standard_v2_gateway_whose_names_are_free() -> None:
    of = facts(cluster(ip_families=("IPv4", "IPv6")), taken_names=("ng-snatbot-shop-prod-1",))
    found = ask(None, of)
    assert found.kind is PlanKind.STANDARD_V2
    gateway = next(command for command in found.commands if " nat gateway create " in command)
    assert "-n ng-snatbot-shop-prod-2 " in gateway
    assert "--sku StandardV2" in gateway
    assert sum("vnet subnet update" in command for command in found.commands) == 2


def test_more_than_sixteen_public_ips_is_an_answer_with_relief_beside_it() -> None:
    found = ask(None, facts(COUNTED), replace(MEASURED, public_ip_count=17))
    assert (found.kind, found.steps) == (PlanKind.TOO_LARGE, ())
    assert [one.kind for one in found.related] == [PlanKind.RELIEVE_LOAD_BALANCER]
    assert any("Split the node pools" in note for note in found.notes)


# --- not SNAT ---


def test_calm_ports_are_the_answer_with_what_was_measured_and_what_it_likely_is() -> None:
    found = ask(None, facts(), CALM)
    assert (found.kind, found.steps, found.commands, found.blockers) == (PlanKind.NOT_SNAT, (), (), ())
    assert CALM.no_need in found.summary
    assert [check.result for check in found.checks] == [CheckResult.PASS]
    assert any("DNS" in note for note in found.notes)


@pytest.mark.parametrize("kind", [PlanKind.ATTACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS])
def test_a_wish_goes_before_it_and_the_plan_says_so(kind: PlanKind) -> None:
    found = ask(kind, facts(), CALM)
    assert (found.kind, found.is_executable, found.is_requested) == (kind, True, True)
    assert any("planned ahead of need" in check.message for check in found.warnings)


@pytest.mark.parametrize(
    "of",
    [
        facts(ours=Ours(port_trouble=True)),
        facts(cluster(outbound_type="userDefinedRouting")),
        THEIRS,
    ],
    ids=["an incident is open", "another way out", "a gateway of others"],
)
def test_calm_ports_say_nothing_where_they_are_not_the_traffics(of: NetworkFacts) -> None:
    assert ask(None, of, CALM).kind is not PlanKind.NOT_SNAT


def test_a_subnet_that_lost_our_gateway_gets_it_back_though_nothing_fails() -> None:
    gateway = nat_gateway("ng-snatbot-shop-prod-1", tags={"snatbot": "shop-prod"}, subnet_ids=(USER_SUBNET,))
    subnets = (subnet(USER_SUBNET, nat_gateway_id=gateway.id), subnet(SYSTEM_SUBNET))
    known = Ours(frozenset({ArmId(gateway.id.lower())}))
    ip = PublicIp(gateway.public_ip_ids[0], "pip-other", "203.0.113.9", "Standard", "Succeeded")
    found = ask(None, facts(subnets=subnets, nat_gateways=(gateway,), ours=known, group_ips=(ip,)), CALM)
    assert found.kind is PlanKind.ATTACH_NAT_GATEWAY
    assert found.is_executable


# --- tags of a request ---


def planned(request: PlanRequest, **tags: str) -> Plan:
    return plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, tags=tags), request)


def tags_of(plan: Plan) -> Any:
    return next(step.tags for step in plan.steps if isinstance(step, CreatePublicIp))


def test_what_is_created_carries_product_incident_and_request_and_the_digest_is_one_a_request() -> None:
    request = PlanRequest(None, "chg-1", "inc-1")
    found = planned(request, team="net", **{REQUEST_TAG: "mine"})
    assert tags_of(found) == {"team": "net", "snatbot": "shop-prod", INCIDENT_TAG: "inc-1", REQUEST_TAG: "chg-1"}
    assert found.digest == planned(request, team="net").digest
    assert found.digest != planned(replace(request, id="chg-2"), team="net").digest
    assert tags_of(planned(PlanRequest(None, "chg-1"))) == {"snatbot": "shop-prod", REQUEST_TAG: "chg-1"}
    assert tags_of(planned(PlanRequest())) == {"snatbot": "shop-prod"}
