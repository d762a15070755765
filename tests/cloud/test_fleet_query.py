"""The whole fleet in one query each, against a simulated Azure; and what is odd or missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.cloud.discovery import Discovery
from shared.cloud.error_mapping import from_response
from shared.cloud.errors import NotFound, Unavailable
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.logs import events_of
from shared.model.cluster import Cluster
from simulator.testing import RunningSimulator
from tests.support.builders import START
from tests.support.canned import Canned, forbidden
from tests.support.graph_rows import CLUSTER_ID, GATEWAY, PREFIX, SUBNET, balancer_row, cluster_row, gateway_row


def fleet(*pages: list[dict[str, Any]]) -> FleetDiscovery:
    canned = Canned({"/subscriptions": []}, tuple({"data": page} for page in pages))
    return FleetDiscovery(Discovery(canned.arm))


def test_a_cluster_is_found_with_its_balancer_and_its_gateways() -> None:
    found = fleet([cluster_row()], [balancer_row()], [gateway_row()]).read_fleet(START)
    (target,) = found.clusters
    assert target.load_balancer is not None
    (gateway,) = target.gateways
    assert (gateway.public_ip_count, gateway.cluster_tag) == (2, "prod")
    assert found.unreadable == ()


def test_a_page_that_would_be_too_large_is_asked_again_with_fewer_rows() -> None:
    """Load balancers name every node's interface, twice: a thousand of them with thirty nodes are above 16 MiB."""
    details = [{"code": "ResponsePayloadTooLarge", "message": "Response payload size is 94330584."}]
    body = json.dumps({"error": {"code": "BadRequest", "message": "Please provide below info", "details": details}})
    refusal = from_response("Resource Graph", 400, {}, body)
    pages = (
        {"data": [cluster_row("a"), cluster_row("b")]},
        refusal,
        {"data": [balancer_row("MC_a")], "$skipToken": "x"},
    )
    canned = Canned({"/subscriptions": []}, (*pages, refusal, {"data": [balancer_row("MC_a")], "$skipToken": "x"},
                    {"data": [balancer_row("MC_b")]}, {"data": []}))  # fmt: skip
    found = FleetDiscovery(Discovery(canned.arm)).read_fleet(START)
    assert [target.load_balancer is not None for target in found.clusters] == [True, True]
    assert found.unreadable == ()
    assert [sent["options"]["$top"] for sent in canned.posted] == [1000, 1000, 100, 100, 10, 10, 1000]


def test_a_gateway_of_another_subnet_is_not_the_clusters() -> None:
    (target,) = fleet([cluster_row()], [], [gateway_row(subnets=[])]).read_fleet(START).clusters
    assert (target.load_balancer, target.gateways) == (None, ())


def test_in_a_network_of_aks_the_gateway_is_the_one_in_the_node_group() -> None:
    managed = gateway_row(subnets=[]) | {"id": GATEWAY.replace("/net/", "/MC_prod/")}
    row = cluster_row(agentPoolProfiles=[], networkProfile={"outboundType": "managedNATGateway"})
    (target,) = fleet([row], [balancer_row()], [managed]).read_fleet(START).clusters
    assert len(target.gateways) == 1
    assert target.load_balancer is None, "its traffic doesn't leave there"


def test_addresses_of_a_prefix_count() -> None:
    prefixed = gateway_row(publicIpAddresses=[], publicIpPrefixes=[{"id": PREFIX}])
    prefix = {"id": PREFIX.lower(), "name": "pre", "properties": {"prefixLength": 30}}
    (target,) = fleet([cluster_row()], [], [prefixed], [prefix]).read_fleet(START).clusters
    assert target.gateways[0].public_ip_count == 4
    (target,) = fleet([cluster_row()], [], [prefixed], []).read_fleet(START).clusters
    assert target.gateways[0].public_ip_count is None, "of a prefix that can't be seen nothing is known"


POOL = "/subscriptions/s1/loadBalancers/kubernetes/backendAddressPools/aksOutboundBackendPool"
RULE = {"name": "aksOutboundRule", "properties": {"backendAddressPool": {"id": POOL.upper()}}}


@pytest.mark.parametrize(
    ("pools", "nodes"),
    [
        ([{"id": POOL, "properties": {"backendIPConfigurations": [{"id": "/a"}, {"id": "/b"}]}}], 2),
        ([{"id": POOL, "properties": {"backendIPConfigurations": None}}], None),
        (None, None),
        ([{"id": POOL, "properties": {"backendIPConfigurations": "odd"}}], None),
        ("odd", None),
        ([5], None),
    ],
)
def test_the_inventory_keeps_how_many_nodes_are_in_the_outbound_pool(pools: Any, nodes: int | None) -> None:
    row = balancer_row(outboundRules=[RULE], pools=pools)
    (target,) = fleet([cluster_row()], [row], []).read_fleet(START).clusters
    assert target.load_balancer is not None, "an odd backend pool doesn't hide the load balancer"
    assert target.load_balancer.outbound_rules[0].node_count == nodes
    assert target.load_balancer.outbound_ip_configuration_ids == (), "ids would be too many to keep"


@pytest.mark.parametrize(
    "changed", [{"outboundRules": []}, {"sku": {"name": "Basic"}}, {"name": "kubernetes-internal"}]
)
def test_a_balancer_that_does_no_egress_is_none(changed: dict[str, Any]) -> None:
    (target,) = fleet([cluster_row()], [balancer_row(**changed)], []).read_fleet(START).clusters
    assert target.load_balancer is None


def test_a_cluster_whose_way_out_cannot_be_read_is_not_measured_and_the_others_are() -> None:
    odd = balancer_row(outboundRules=[{"properties": {"allocatedOutboundPorts": -1}}])
    gateway = gateway_row() | {"tags": -1}
    by_user = cluster_row("b", networkProfile={"outboundType": "userAssignedNATGateway"})
    found = fleet(
        [cluster_row(agentPoolProfiles=[]), by_user, cluster_row("c", agentPoolProfiles=[])], [odd], [gateway]
    )
    a, b, c = sorted(found.read_fleet(START).clusters, key=lambda one: one.cluster.name != "prod")
    assert "allocatedOutboundPorts is -1" in a.unreadable
    assert "tags is -1" in b.unreadable
    assert c.unreadable == ""


def test_what_cannot_be_listed_is_named_and_the_rest_is_there() -> None:
    canned = Canned(
        {"/subscriptions": []},
        ({"data": [cluster_row()]}, Unavailable("POST resources", "busy", status=503), {"data": [gateway_row()]}),
    )
    found = FleetDiscovery(Discovery(canned.arm)).read_fleet(START)
    assert len(found.clusters) == 1
    assert "loadBalancers could not be listed" in found.unreadable[0].subject


def test_without_resource_graph_each_subscription_is_listed() -> None:
    answers: dict[str, Any] = {
        "/subscriptions": [{"subscriptionId": "s1"}],
        "/subscriptions/s1/providers/Microsoft.ContainerService/managedClusters": [cluster_row()],
        "/subscriptions/s1/providers/Microsoft.Network/loadBalancers": [
            {**balancer_row(), "properties": {"outboundRules": balancer_row()["outboundRules"]}},
            {**balancer_row(), "name": "other"},
        ],
        "/subscriptions/s1/providers/Microsoft.Network/natGateways": [gateway_row()],
    }
    canned = Canned(answers, (forbidden(), forbidden(), forbidden()))
    (target,) = FleetDiscovery(Discovery(canned.arm)).read_fleet(START).clusters
    assert target.load_balancer is not None
    assert len(target.gateways) == 1


def test_a_deleted_cluster_is_told_from_a_hidden_one() -> None:
    gone = FleetDiscovery(Discovery(Canned({}).arm))
    assert gone.is_gone(CLUSTER_ID)
    hidden = FleetDiscovery(Discovery(Canned({CLUSTER_ID: forbidden()}).arm))
    assert not hidden.is_gone(CLUSTER_ID)
    no_role = NotFound("GET", "The subscription could not be found.", status=404, code="SubscriptionNotFound")
    assert not FleetDiscovery(Discovery(Canned({CLUSTER_ID: no_role}).arm)).is_gone(CLUSTER_ID)
    there = FleetDiscovery(Discovery(Canned({CLUSTER_ID: cluster_row()}).arm))
    assert not there.is_gone(CLUSTER_ID)
    with pytest.raises(Unavailable):
        FleetDiscovery(Discovery(Canned({CLUSTER_ID: Unavailable("GET", "busy")}).arm)).is_gone(CLUSTER_ID)
    with pytest.raises(NotFound):
        gone.gateway_of_subnet(SUBNET)


@pytest.mark.network
def test_a_simulated_fleet_is_found_as_one_by_one(discovery: Discovery, shop: Cluster, azure: RunningSimulator) -> None:
    before = len(azure.requests())
    found = FleetDiscovery(discovery).read_fleet(START)
    assert len(azure.requests()) - before == 3, "clusters, load balancers, gateways"
    (target,) = found.clusters
    one = FleetDiscovery(discovery).read_cluster(shop)
    assert target.load_balancer is not None
    assert one.load_balancer is not None
    assert target.load_balancer.id.lower() == one.load_balancer.id.lower()
    assert target.load_balancer.outbound_rules[0].name == one.load_balancer.outbound_rules[0].name
    assert len(target.load_balancer.outbound_ip_ids) == len(one.load_balancer.outbound_ip_ids)


def test_health_events_are_sorted_by_balancer_and_odd_rows_left_out() -> None:
    rows: list[dict[str, Any]] = [
        {"LoadBalancerResourceId": "/X/LB", "TimeGenerated": "2026-11-22T10:05:00.0000000Z", "HealthEventType": "b"},
        {"LoadBalancerResourceId": "/x/lb", "TimeGenerated": START, "HealthEventType": "a"},
        {"LoadBalancerResourceId": "", "TimeGenerated": START},
        {"LoadBalancerResourceId": "/x/lb", "TimeGenerated": "soon"},
        {"LoadBalancerResourceId": "/x/lb"},
    ]
    assert {key: [one.kind for one in events] for key, events in events_of(rows).items()} == {"/x/lb": ["a", "b"]}
