"""Each precondition of attaching a NAT gateway, from facts that differ in one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.core.planning import preflight
from shared.core.planning.delete import plan_deletion
from shared.core.planning.detach import plan_detachment
from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanRequest
from shared.model.check import Check, CheckResult
from shared.model.cluster import NodePool
from shared.model.network import NetworkFacts, Route, Vnet
from shared.model.plan import (
    PlanKind,
)
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    NODE_GROUP,
    PLAN_OPTIONS,
    SUBSCRIPTION,
    SYSTEM_SUBNET,
    USER_SUBNET,
    VNET,
    cluster,
    facts,
    load_balancer,
    nat_gateway,
    nic_configuration,
    subnet,
)

PASS, WARN, BLOCK, UNKNOWN = CheckResult.PASS, CheckResult.WARN, CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK
NODE_NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NODE_GROUP}/providers/Microsoft.Network"
ALWAYS_WARNED = {"existing connections", "allow lists", "managed as code"}


def pool(name: str, subnet_id: ArmId | None, **changed: Any) -> NodePool:
    return NodePool(name, "User", 3, 3, vnet_subnet_id=subnet_id, **changed)


def with_routes(next_hop_type: str, next_hop_ip: str = "", prefixes: Sequence[str] = ("0.0.0.0/0",)) -> NetworkFacts:
    routes = tuple(Route("any", prefix, next_hop_type, next_hop_ip) for prefix in prefixes)
    return facts(subnets=(subnet(USER_SUBNET), subnet(SYSTEM_SUBNET, routes=routes)))


def result(check: Any, of: NetworkFacts) -> tuple[CheckResult, str]:
    found: Check = check(of)
    return found.result, found.message


def test_nothing_speaks_against_a_settled_cluster_in_its_own_network() -> None:
    checks = preflight.check_all(facts())
    assert {check.name for check in checks if check.result is not PASS} == ALWAYS_WARNED
    assert len({check.name for check in checks}) == len(checks)


def test_what_forbids_is_read_first() -> None:
    ranges = cluster(authorized_ip_ranges=("203.0.113.0/24",))
    order = [
        check.result
        for check in preflight.check_all(
            facts(ranges, unreadable=(Unreadable(UnreadableKind.SUBNET, "snet-user", Text("403")),))
        )
    ]
    assert order == sorted(order, key=[BLOCK, UNKNOWN, WARN, PASS].index)
    assert order[:3] == [BLOCK, UNKNOWN, WARN]


@pytest.mark.parametrize(
    "of",
    [
        facts(),
        facts(cluster(authorized_ip_ranges=("203.0.113.0/24",))),
        facts(unreadable=(Unreadable(UnreadableKind.NODES, "", Text("503")),)),
    ],
)
def test_every_check_names_its_source_and_every_block_what_to_do(of: NetworkFacts) -> None:
    for check in preflight.check_all(of):
        assert check.source, check.name
        assert check.remedy or check.result is PASS or check.name == "zones", check.name


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([pool("a", USER_SUBNET), pool("b", SYSTEM_SUBNET)], PASS),
        ([pool("a", None)], BLOCK),
        ([pool("a", USER_SUBNET), pool("b", None)], BLOCK),
        ([], BLOCK),
    ],
)
def test_only_a_network_of_ones_own_gets_a_gateway(pools: list[NodePool], expected: CheckResult) -> None:
    assert preflight.cluster.vnet_ownership(facts(cluster(pools))).result is expected


def test_a_cluster_without_pools_says_nothing_of_its_network() -> None:
    found = preflight.cluster.vnet_ownership(facts(cluster([])))
    assert "unknown" in found.message


def test_members_of_the_outbound_pool_in_no_known_subnet_block_a_plan() -> None:
    plain = f"{NODE_NETWORK}/networkInterfaces/aks-default-x7k2p-nic/ipConfigurations/ipconfig1"
    members = (ArmId(nic_configuration(0)), ArmId(nic_configuration(1)), ArmId(plain))
    balancer = load_balancer(outbound_ip_configuration_ids=members)
    hidden = facts(load_balancer=balancer)
    check = preflight.subnets.outbound_pool(hidden)
    assert check.result is UNKNOWN
    assert "1 of 3 members of the outbound pool are in no subnet known to the cluster" in check.message
    assert plan_attachment(hidden, DEMAND, BASELINE, PLAN_OPTIONS).kind is PlanKind.ADVICE
    attached = (*members[:2], ArmId(plain.upper()))
    placed = replace(hidden, subnets=tuple(replace(each, attached_ids=attached) for each in hidden.subnets))
    assert preflight.subnets.outbound_pool(placed).result is PASS


@pytest.mark.parametrize("kind", ["loadBalancer", "LoadBalancer", "loadbalancer"])
def test_the_outbound_type_is_compared_without_case(kind: str) -> None:
    assert preflight.cluster.outbound_type(facts(cluster(outbound_type=kind))).result is PASS


@pytest.mark.parametrize("kind", ["userDefinedRouting", "managedNATGateway", "userAssignedNATGateway", "none", "block"])
def test_other_outbound_types_are_blocked_by_name(kind: str) -> None:
    found = preflight.cluster.outbound_type(facts(cluster(outbound_type=kind)))
    assert found.result is BLOCK
    assert kind in found.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"power_state": "Stopped"}, "the cluster is Stopped"),
        ({"provisioning_state": "Upgrading"}, "cluster: Upgrading"),
        ({"provisioning_state": "Failed"}, "cluster: Failed"),
        ({"pools": [pool("apps", USER_SUBNET, provisioning_state="Scaling")]}, "pool apps: Scaling"),
    ],
)
def test_a_cluster_that_is_not_settled_is_blocked(changed: dict[str, Any], said: str) -> None:
    found = preflight.cluster.cluster_is_settled(facts(cluster(**changed)))
    assert found.result is BLOCK
    assert said in found.message


def test_states_of_azure_are_compared_without_case() -> None:
    assert (
        preflight.cluster.cluster_is_settled(
            facts(cluster(power_state="running", provisioning_state="succeeded"))
        ).result
        is PASS
    )


def test_what_could_not_be_read_is_named_and_blocks() -> None:
    found = preflight.subnets.subnets_readable(
        facts(
            unreadable=(
                Unreadable(UnreadableKind.SUBNET, "snet-user", Text("403")),
                Unreadable(UnreadableKind.NODES, "", Text("503")),
            )
        )
    )
    assert found.result is UNKNOWN
    assert found.message == "could not be read: subnet snet-user (403), nodes (503)"


def test_a_subnet_of_the_cluster_that_is_missing_from_the_facts_blocks() -> None:
    found = preflight.subnets.subnets_readable(facts(subnets=(subnet(USER_SUBNET),)))
    assert found.result is UNKNOWN
    assert "snet-system" in found.message


def test_a_subnet_that_is_not_succeeded_is_blocked() -> None:
    of = facts(subnets=(subnet(USER_SUBNET, provisioning_state="Updating"), subnet(SYSTEM_SUBNET)))
    assert result(preflight.subnets.subnets_readable, of) == (
        BLOCK,
        "an operation is running or has failed (snet-user: Updating)",
    )


def test_subnets_in_two_networks_are_blocked() -> None:
    elsewhere = ArmId(f"{NETWORK}/virtualNetworks/vnet-other/subnets/snet-b")
    of = facts(cluster([pool("a", USER_SUBNET), pool("b", elsewhere)]))
    assert preflight.subnets.subnets_readable(of).result is BLOCK


def test_one_network_in_two_spellings_is_one_network() -> None:
    of = facts(cluster([pool("a", USER_SUBNET), pool("b", ArmId(SYSTEM_SUBNET.upper()))]))
    assert preflight.subnets.subnets_readable(of).result is PASS


def test_a_gateway_that_is_there_already_is_never_replaced() -> None:
    of = facts(subnets=(subnet(USER_SUBNET, nat_gateway_id=nat_gateway().id), subnet(SYSTEM_SUBNET)))
    found = preflight.subnets.existing_gateway(of)
    assert found.result is BLOCK
    assert "snet-user: ng-other" in found.message


@pytest.mark.parametrize("prefixes", [["0.0.0.0/0"], ["0.0.0.0/1", "128.0.0.0/1"]])
@pytest.mark.parametrize("hop", ["VirtualAppliance", "virtualappliance", "VirtualNetworkGateway", "VnetLocal", "None"])
def test_routes_that_take_most_traffic_elsewhere_are_blocked(hop: str, prefixes: list[str]) -> None:
    found = preflight.routes.default_route(with_routes(hop, "10.9.0.4", prefixes))
    assert found.result is BLOCK
    assert f"snet-system: {hop} 10.9.0.4 for {' and '.join(prefixes)}, 100.0" in found.message
    assert "snet-user" not in found.message


@pytest.mark.parametrize(
    ("prefix", "hop", "result", "said"),
    [
        ("0.0.0.0/0", "Internet", WARN, "undocumented"),
        ("128.0.0.0/1", "VirtualAppliance", WARN, "snet-system: VirtualAppliance for 128.0.0.0/1, 43."),
        ("203.0.113.0/24", "VirtualAppliance", WARN, "VirtualAppliance for 203.0.113.0/24, <0.1"),
        ("203.0.113.0/24", "None", BLOCK, "None for 203.0.113.0/24"),
        ("Storage.WestEurope", "VirtualAppliance", WARN, "Storage.WestEurope, how many addresses is unknown"),
        ("10.0.0.0/8", "VirtualAppliance", PASS, "no route"),
        ("10.0.0.0/33", "VirtualAppliance", UNKNOWN, "10.0.0.0/33"),
        ("", "VirtualAppliance", UNKNOWN, "any, which has no prefix"),
        ("0.0.0.0/0", "", UNKNOWN, "no next hop for 0.0.0.0/0"),
    ],
)
def test_other_routes_are_named_with_their_prefixes(prefix: str, hop: str, result: CheckResult, said: str) -> None:
    found = preflight.routes.default_route(with_routes(hop, prefixes=[prefix]))
    assert found.result is result
    assert said in found.message
    assert found.is_blocking is (result in (BLOCK, UNKNOWN))


@pytest.mark.parametrize("ranges", [("203.0.113.0/24",), ("0.0.0.0/32",)])
def test_authorized_ranges_block_unless_the_cluster_is_private(ranges: tuple[str, ...]) -> None:
    assert preflight.cluster.authorized_ranges(facts(cluster(authorized_ip_ranges=ranges))).result is BLOCK
    assert (
        preflight.cluster.authorized_ranges(facts(cluster(authorized_ip_ranges=ranges, is_private=True))).result is PASS
    )


def test_nodes_in_several_zones_are_warned_that_egress_depends_on_one() -> None:
    of = facts(cluster([pool("a", USER_SUBNET, zones=("1", "2")), pool("b", SYSTEM_SUBNET, zones=("2",))]))
    assert preflight.cluster.zones(of).result is WARN
    assert "zones 1, 2" in preflight.cluster.zones(of).message
    assert preflight.cluster.zones(facts(cluster([pool("a", USER_SUBNET, zones=("2",))]))).result is PASS


def test_others_in_the_subnets_are_named() -> None:
    other_cluster = "MC_rg-b_billing_westeurope"
    machine = f"{NETWORK.replace('rg-network', 'rg-vms')}/networkInterfaces/nic-build/ipConfigurations/ip"
    attached = (nic_configuration(0), *(nic_configuration(one, other_cluster) for one in (0, 1)), machine)
    found = preflight.shared_ownership.shared_subnets(
        facts(subnets=(subnet(USER_SUBNET, attached_ids=attached), subnet(SYSTEM_SUBNET)))
    )
    assert found.result is WARN
    assert f"2 of aks-user-1-vmss in {other_cluster} (node group of an AKS cluster)" in found.message
    assert "1 of nic-build in rg-vms" in found.message
    assert "snet-user: " in found.message


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (None, "if the network is managed as code"),
        ({"team": "net"}, "if the network is managed as code"),
        ({"ManagedBy": "Terraform", "team": "net"}, "by its tags the network is managed as code (ManagedBy=Terraform)"),
        ({"azd-env-name": "prod"}, "azd-env-name=prod"),
    ],
)
def test_whether_the_network_is_managed_as_code_is_said_as_far_as_it_can_be_seen(
    tags: dict[str, str] | None, said: str
) -> None:
    found = preflight.shared_ownership.managed_as_code(facts(vnet=Vnet(VNET, "westeurope", tags=tags)))
    assert found.result is WARN
    assert said in found.message


def test_every_executable_kind_of_plan_says_it() -> None:
    attach = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
    reserve = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS, PlanRequest(PlanKind.RESERVE_PUBLIC_IPS))
    detach = plan_detachment(attach, facts(), "change-1", {})
    delete = plan_deletion(attach, facts(), "change-1")
    for plan in (attach, reserve, detach, delete):
        assert "managed as code" in {check.name for check in plan.checks}, plan.kind


def test_the_clusters_own_nodes_are_known_in_any_case() -> None:
    attached = (nic_configuration(0).upper(), nic_configuration(1).lower())
    of = facts(subnets=(subnet(USER_SUBNET, attached_ids=attached), subnet(SYSTEM_SUBNET)))
    assert preflight.shared_ownership.shared_subnets(of).result is PASS


def test_the_egress_ips_of_now_are_named_for_allow_lists() -> None:
    assert "now 20.50.10.7" in preflight.addresses.allow_lists(facts()).message
    assert "now unknown" in preflight.addresses.allow_lists(facts(outbound_ips=())).message


def test_existing_connections_may_drop_and_that_is_always_said() -> None:
    assert preflight.addresses.existing_connections(facts()).result is WARN


@pytest.mark.parametrize("balancer", [None, load_balancer(outbound_rules=())])
def test_without_an_outbound_rule_there_is_no_way_back_and_that_blocks(balancer: Any) -> None:
    assert BLOCK in {check.result for check in preflight.check_all(facts(load_balancer=balancer))}
