"""Clusters, nodes, networks and metrics as a simulated Azure shows them, read with the real client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud import metric_queries
from shared.cloud.arm import Arm
from shared.cloud.discovery import Discovery
from shared.cloud.errors import BadRequest, MetricUnavailable, NotFound
from shared.cloud.metric_queries import ALLOCATED_SNAT_PORTS, MetricQuery
from shared.cloud.metrics import Metrics
from shared.cloud.network import Network
from shared.cloud.network_facts import read_network_facts
from shared.model.cluster import Cluster, VnetOwnership
from shared.model.metric import MetricAnswer, Window
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.every import every

FAILING = {"10.40.1.5", "10.40.1.8", "10.40.1.10"}
LOAD_BALANCERS = "Microsoft.Network/loadBalancers"


def by(answer: MetricAnswer, dimension: str) -> set[str]:
    return {series.dimensions[dimension] for series in answer.series if series.points}


def total(answer: MetricAnswer, **dimensions: str) -> float:
    return sum(
        value
        for series in answer.series
        if all(series.dimensions[name].lower() == wanted.lower() for name, wanted in dimensions.items())
        for _, value in series.points
    )


# --- discovery ---


def test_the_cluster_is_found_with_its_own_network(discovery: Discovery) -> None:
    found = discovery.clusters()
    assert found.unreadable == ()
    (shop,) = found.clusters
    assert (shop.name, shop.outbound_type, shop.location) == ("shop-prod", "loadBalancer", "westeurope")
    assert shop.vnet_ownership is VnetOwnership.OWN
    assert [pool.name for pool in shop.pools] == ["system", "user"]


def test_resource_graph_and_resource_manager_tell_the_same(discovery: Discovery, shop: Cluster) -> None:
    (listed,) = discovery.clusters().clusters
    assert listed == shop


def test_without_resource_graph_the_same_clusters_are_found(azure: RunningSimulator, discovery: Discovery) -> None:
    (with_graph,) = discovery.clusters().clusters
    refusal = {"error": {"code": "AuthorizationFailed", "message": "no"}}
    azure.add_fault({"match": {"path": "ResourceGraph"}, "then": {"status": 403, "body": refusal}})
    found = discovery.clusters()
    assert (found.clusters, found.unreadable) == ((with_graph,), ())


def test_a_subscription_that_is_not_there_is_named(arm: Arm) -> None:
    nowhere = "00000000-0000-0000-0000-00000000dead"
    found = Discovery(arm, (nowhere,)).clusters()
    assert found.clusters == ()
    assert len(found.unreadable) == 1
    assert nowhere in found.unreadable[0].subject


def test_a_fleet_of_more_than_a_page_is_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_azure("quiet", clusters=999) as simulator, ManagedIdentityCredential(client_id="r") as identity:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        arm = Arm(simulator.url, identity)
        found = Discovery(arm).clusters()
        arm.close()
        pages = [sent for sent in simulator.requests() if "ResourceGraph" in sent["path"]]
    assert len({cluster.id for cluster in found.clusters}) == 1001
    assert len(pages) == 2


def test_the_nodes_are_those_in_the_outbound_pool(discovery: Discovery, shop: Cluster) -> None:
    load_balancer = discovery.load_balancer(shop)
    nodes = discovery.nodes(shop).nodes
    assert load_balancer is not None
    assert len(nodes) == len(load_balancer.outbound_ip_configuration_ids) == 12
    assert {node.pool for node in nodes} == {"system", "user"}
    assert {node.ip for node in nodes} >= FAILING
    assert {node.interface_id for node in nodes} == set(load_balancer.outbound_interface_ids)


def test_a_cluster_that_does_not_exist_is_not_found(discovery: Discovery, shop: Cluster) -> None:
    for given in ("no-such-cluster", f"{shop.id}-gone"):
        with pytest.raises(NotFound):
            discovery.cluster(given)


# --- facts ---


def test_the_facts_for_planning_are_complete(arm: Arm, discovery: Discovery, shop: Cluster) -> None:
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    facts = read_network_facts(arm, discovery, shop.id, now)
    assert facts.unreadable == ()
    assert facts.vnet_location == "westeurope"
    assert [subnet.name for subnet in facts.subnets] == ["aks-user", "aks-system"]
    assert [len(subnet.attached_ids) for subnet in facts.subnets] == [9, 3]
    assert every({"networkSecurityGroup", "serviceEndpoints"} <= set(subnet.properties) for subnet in facts.subnets)
    assert len(facts.outbound_ips) == 1
    assert facts.outbound_ips[0].address
    assert (facts.nat_gateways, facts.taken_names) == ((), ())


def test_a_subnet_reads_the_same_for_the_planner_and_for_the_writer(
    azure: RunningSimulator, reader: ManagedIdentityCredential, arm: Arm, discovery: Discovery, shop: Cluster
) -> None:
    network = Network(azure.url, reader, shop.subscription)
    facts = read_network_facts(arm, discovery, shop.id, datetime(2026, 11, 22, tzinfo=UTC))
    assert tuple(network.read_subnet(subnet.id) for subnet in facts.subnets) == facts.subnets
    network.close()


# --- metrics ---


def test_failures_are_told_per_node(metrics: Metrics, load_balancer_id: str, window: Window) -> None:
    answer = metrics.query(load_balancer_id, metric_queries.SNAT_CONNECTIONS_BY_BACKEND, window)
    failing = {
        series.dimensions["backendipaddress"]
        for series in answer.series
        if series.dimensions["connectionstate"].lower() == "failed" and sum(value for _, value in series.points) > 0
    }
    assert failing == FAILING
    assert not answer.is_truncated


def test_the_whole_is_the_sum_of_the_nodes(metrics: Metrics, load_balancer_id: str, window: Window) -> None:
    whole = metrics.query(load_balancer_id, metric_queries.SNAT_CONNECTIONS, window)
    nodes = metrics.query(load_balancer_id, metric_queries.SNAT_CONNECTIONS_BY_BACKEND, window)
    assert total(whole, connectionstate="failed") == total(nodes, connectionstate="failed") > 0
    assert total(whole, connectionstate="successful") == total(nodes, connectionstate="successful") > 0


def test_points_are_the_minutes_of_the_window(metrics: Metrics, load_balancer_id: str, window: Window) -> None:
    (series,) = metrics.query(load_balancer_id, ALLOCATED_SNAT_PORTS, window).series
    assert [at for at, _ in series.points] == [window.start + timedelta(minutes=minute) for minute in range(5)]


def test_minutes_that_have_not_been_measured_yet_have_no_points(
    azure: RunningSimulator, metrics: Metrics, load_balancer_id: str
) -> None:
    now = azure.now().replace(second=0, microsecond=0)
    future = Window(now + timedelta(minutes=5), now + timedelta(minutes=10))
    answer = metrics.query(load_balancer_id, metric_queries.SNAT_CONNECTIONS, future)
    assert not any(series.points for series in answer.series)


def test_used_and_allocated_ports_are_told_per_node_and_protocol(
    metrics: Metrics, load_balancer_id: str, window: Window
) -> None:
    allocated = metrics.snat_ports_by_backend(load_balancer_id, metric_queries.ALLOCATED_SNAT_PORTS_BY_BACKEND, window)
    used = metrics.snat_ports_by_backend(load_balancer_id, metric_queries.USED_SNAT_PORTS_BY_BACKEND, window)
    for answer in (allocated, used):
        assert len(by(answer, "backendipaddress")) == 12
        assert {protocol.upper() for protocol in by(answer, "protocoltype")} == {"TCP", "UDP"}
        assert answer.series
        assert every("frontendipaddress" not in series.dimensions for series in answer.series)
        assert every("isawaitingremoval" in series.dimensions for series in answer.series)
    full = {
        series.dimensions["backendipaddress"]
        for series in used.series
        if series.dimensions["protocoltype"].upper() == "TCP" and max(value for _, value in series.points) >= 1000
    }
    assert full == FAILING


def test_a_low_top_is_seen_to_cut(metrics: Metrics, load_balancer_id: str, window: Window) -> None:
    split = "BackendIPAddress eq '*' and ConnectionState eq 'Failed'"
    query = MetricQuery(LOAD_BALANCERS, "SnatConnectionCount", "Total", split, top=2, order_by="total desc")
    answer = metrics.query(load_balancer_id, query, window)
    assert answer.is_truncated
    assert len(answer.series) == 2


def test_readiness_is_told_per_node(metrics: Metrics, shop: Cluster, discovery: Discovery, window: Window) -> None:
    answer = metrics.query(shop.id, metric_queries.NODE_READINESS, window)
    assert by(answer, "node") == {node.name for node in discovery.nodes(shop).nodes}
    assert {condition.lower() for condition in by(answer, "condition")} == {"ready"}


def test_an_unknown_dimension_is_a_bad_request_with_azures_words(
    metrics: Metrics, load_balancer_id: str, window: Window
) -> None:
    with pytest.raises(BadRequest, match=r"(?i)colour"):
        query = MetricQuery(LOAD_BALANCERS, "SnatConnectionCount", "Total", "Colour eq '*'")
        metrics.query(load_balancer_id, query, window)


def test_metrics_of_what_does_not_exist_are_not_found(metrics: Metrics, load_balancer_id: str, window: Window) -> None:
    with pytest.raises(NotFound):
        metrics.query(f"{load_balancer_id}-gone", ALLOCATED_SNAT_PORTS, window)


def test_a_metric_that_failed_inside_a_success_is_an_error(
    azure: RunningSimulator, metrics: Metrics, load_balancer_id: str, window: Window
) -> None:
    failed = {
        "name": {"value": "AllocatedSnatPorts"},
        "errorCode": "InternalError",
        "errorMessage": "Try later.",
        "timeseries": [],
    }
    azure.add_fault({"match": {"path": "Insights/metrics"}, "then": {"status": 200, "body": {"value": [failed]}}})
    with pytest.raises(MetricUnavailable, match="Try later"):
        metrics.query(load_balancer_id, ALLOCATED_SNAT_PORTS, window)
