"""Preconditions that interfaces, addresses, address families and gateways of the network set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.core.planning.preflight import addresses, routes, subnets
from shared.core.planning.preflight import cluster as of_cluster
from shared.model.check import Check, CheckResult
from shared.model.cluster import NodePool
from shared.model.network import NetworkFacts, PublicIp, Vnet
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from tests.support.builders import NETWORK, SYSTEM_SUBNET, USER_SUBNET, VNET, cluster, facts, node, subnet

PASS, WARN, BLOCK = CheckResult.PASS, CheckResult.WARN, CheckResult.BLOCK
EGRESS = facts().outbound_ips[0]
TABLE = ArmId(f"{NETWORK}/routeTables/kubenet")
ELSEWHERE = ArmId(VNET.replace("0000000000aa", "0000000000bb"))
GIVEN = PublicIp(ArmId(f"{NETWORK}/publicIPPrefixes/p"), "p", "203.0.113.8/30", "Standard", "Succeeded")


def nodes(state: str) -> NetworkFacts:
    return facts(nodes=(replace(node(0), provisioning_state=state), node(1)))


def behind(vnet: Vnet | None, *, takes_routes: bool = True) -> NetworkFacts:
    both = (USER_SUBNET, SYSTEM_SUBNET)
    return facts(vnet=vnet, subnets=tuple(subnet(one, takes_propagated_routes=takes_routes) for one in both))


@pytest.mark.parametrize(
    ("check", "of", "result", "said"),
    [
        (subnets.network_interfaces, nodes("Succeeded"), PASS, "no network interface has failed"),
        (subnets.network_interfaces, nodes(""), PASS, "no network interface has failed"),
        (subnets.network_interfaces, nodes("Updating"), WARN, "are being changed"),
        (subnets.network_interfaces, nodes("Failed"), BLOCK, "aks-user-1-vmss000000"),
        (subnets.other_subscription, facts(), PASS, "one subscription"),
        (subnets.other_subscription, facts(vnet_id=ELSEWHERE), WARN, "0000000000bb"),
        (routes.propagated_routes, behind(Vnet(VNET, "westeurope")), PASS, "no gateway"),
        (routes.propagated_routes, behind(Vnet(VNET, "westeurope", learns_routes=True)), WARN, "snet-user"),
        (
            routes.propagated_routes,
            behind(Vnet(VNET, "westeurope", learns_routes=True), takes_routes=False),
            PASS,
            "no gateway",
        ),
        (routes.propagated_routes, behind(None), CheckResult.COULD_NOT_CHECK, "unknown"),
        (routes.kept_route_table, facts(subnets=(subnet(USER_SUBNET, route_table_id=TABLE),)), PASS, "kubenet"),
        (subnets.dual_stack, facts(), PASS, "IPv4 only"),
        (subnets.dual_stack, facts(cluster(ip_families=("IPv4", "IPv6"))), BLOCK, "has IPv6"),
        (
            subnets.dual_stack,
            facts(subnets=(subnet(USER_SUBNET, properties={"addressPrefixes": ["10.0.0.0/24", "fd00::/64"]}),)),
            BLOCK,
            "snet-user has IPv6",
        ),
        (addresses.basic_sku, facts(), PASS, "Standard"),
        (addresses.basic_sku, facts(cluster(load_balancer_sku="basic")), BLOCK, "the cluster's load balancer"),
        (addresses.basic_sku, facts(outbound_ips=(replace(EGRESS, sku="Basic"),)), BLOCK, "aks"),
        (addresses.internet_routing, facts(), PASS, "no outbound IP"),
        (
            addresses.internet_routing,
            facts(outbound_ips=(replace(EGRESS, has_internet_routing=True),)),
            BLOCK,
            "routing preference Internet",
        ),
        (addresses.ddos_protection, facts(), PASS, "no DDoS protection"),
        (
            addresses.ddos_protection,
            facts(vnet=Vnet(VNET, "westeurope", has_ddos_protection=True)),
            WARN,
            "DDoS protection plan",
        ),
        (
            addresses.ddos_protection,
            facts(given_prefix=replace(GIVEN, has_ddos_protection=True)),
            BLOCK,
            "can't be on a NAT gateway",
        ),
        (of_cluster.node_public_ips, facts(), PASS, "no public IPs of their own"),
        (
            of_cluster.node_public_ips,
            facts(cluster([NodePool("edge", "User", 3, 3, vnet_subnet_id=USER_SUBNET, has_node_public_ips=True)])),
            WARN,
            "nodes of edge",
        ),
        (of_cluster.node_public_ips, facts(nodes=(replace(node(0), public_ip_ids=(TABLE,)),)), WARN, "nodes of user"),
        (of_cluster.egress_gateway, facts(), PASS, "no node pool"),
        (
            of_cluster.egress_gateway,
            facts(cluster([NodePool("fixed", "GATEWAY", 2, 2, vnet_subnet_id=SYSTEM_SUBNET)])),
            BLOCK,
            "pool fixed",
        ),
        (
            subnets.subnets_readable,
            facts(unreadable=(Unreadable(UnreadableKind.NODE_PUBLIC_IPS, "aks-edge-1-vmss", Text("403")),)),
            PASS,
            "Succeeded: 2",
        ),
    ],
)
def test_each_by_itself(
    check: Callable[[NetworkFacts], Check], of: NetworkFacts, result: CheckResult, said: str
) -> None:
    found = check(of)
    assert (found.result, bool(found.source)) == (result, True)
    assert said in found.message
    assert found.remedy or result is PASS


def test_a_default_route_that_can_not_be_seen_does_not_forbid() -> None:
    """The gate after the first subnet would show it: nothing would come through the gateway."""
    assert not routes.propagated_routes(behind(None)).is_blocking


@pytest.mark.parametrize(
    ("address", "is_listed"),
    [
        ("203.0.113.7", True),
        ("203.0.113.8/30", True),
        ("203.0.112.0/22", False),
        ("198.51.100.9", True),
        ("198.51.100.8", False),
        ("2001:db8::1", False),
        ("pip-1", False),
    ],
)
def test_an_address_is_listed_when_a_range_holds_all_of_it(address: str, is_listed: bool) -> None:
    ranges = ("203.0.113.0/27", "198.51.100.9", "nonsense", "0.0.0.0/32")
    assert of_cluster.is_listed(address, ranges) is is_listed
