"""What the metrics API says adds up to what happened in the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator import scenario
from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.http import Request
from simulator.physics.workload import Protocol
from simulator.services.monitor.common import visibility_of
from simulator.services.monitor.loadbalancer import load_balancer_series
from simulator.state.identities import Identity, issue_token
from simulator.state.metric_source import Series
from simulator.world import World

START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
CLUSTERS = """
settings: {history_minutes: 60}
clusters:
  - name: one
    resource_group: one
    outbound_ips: 3
    allocated_outbound_ports: 1200
    pools: [{name: nodepool1, mode: System, nodes: 3}]
    workloads:
      - {name: hot, new_flows_per_second: 30, hold_seconds: 10, retried_share: 0.2, runs_on: [nodepool1/0]}
      - {name: web, new_flows_per_second: 4, hold_seconds: 3}
      - {name: dns, new_flows_per_second: 3, hold_seconds: 0.1, protocol: udp}
"""


def world_of(text: str) -> World:
    return build_world(scenario.parse(text, "test.yaml", "test"), SimulatedClock(wall=lambda: START, speed=0))


def test_connections_by_frontend_and_state_add_up() -> None:
    world = world_of(CLUSTERS)
    (cluster,) = world.clusters.values()
    minutes = range(world.traffic.first_minute, world.origin_minute)
    series = load_balancer_series(world, cluster, "SnatConnectionCount", minutes)
    for node in cluster.nodes:
        windows = [world.traffic.node_window(node, protocol, minutes) for protocol in Protocol]
        for state, column in (("Successful", "admitted"), ("Failed", "failed")):
            counted = sum(
                sample or 0
                for each in series
                if each.dimensions["backendipaddress"] == node.address and each.dimensions["connectionstate"] == state
                for sample in each.samples
            )
            assert counted == sum(sum(getattr(window, column)) for window in windows), (node.name, state)
    failed_on = {
        each.dimensions["frontendipaddress"] for each in series if each.dimensions["connectionstate"] == "Failed"
    }
    assert failed_on == {cluster.frontends[-1].address}


def test_ports_lie_on_all_frontends_and_the_first_is_filled_first() -> None:
    world = world_of(CLUSTERS)
    (cluster,) = world.clusters.values()
    minutes = range(world.origin_minute - 1, world.origin_minute)
    allocated = load_balancer_series(world, cluster, "AllocatedSnatPorts", minutes)
    assert {each.samples[0] for each in allocated} == {400}
    used = {
        (each.dimensions["backendipaddress"], each.dimensions["frontendipaddress"]): each.samples[0]
        for each in load_balancer_series(world, cluster, "UsedSnatPorts", minutes)
        if each.dimensions["protocoltype"] == "TCP"
    }
    first, second, third = (frontend.address for frontend in cluster.frontends)
    hot, calm = cluster.nodes[0].address, cluster.nodes[1].address
    assert [used[hot, frontend] for frontend in (first, second, third)] == [400, 400, 400]
    assert used[calm, first] not in (None, 0)
    assert (used[calm, second], used[calm, third]) == (0, 0)


def test_minutes_add_up_to_hours_through_the_api() -> None:
    world = world_of(CLUSTERS)
    world.clock.advance(120)
    simulator = Simulator(world)
    (cluster,) = world.clusters.values()
    token = issue_token(Identity("tester"), "tenant", "arm", START)

    def totals(interval: str) -> list[float]:
        path = f"{cluster.load_balancer_id}/providers/Microsoft.Insights/metrics"
        span = f"{START - timedelta(minutes=60):%Y-%m-%dT%H:%M:%SZ}/{START:%Y-%m-%dT%H:%M:%SZ}"
        query = {
            "api-version": "2024-02-01",
            "metricnames": "SnatConnectionCount",
            "aggregation": "Total",
            "interval": interval,
            "timespan": span,
        }
        headers = {"authorization": f"Bearer {token}"}
        reply = simulator.handle(Request("GET", path, query, headers, base_url="https://x", raw_target=path))
        assert reply.response is not None
        body: Any = reply.response.body
        return [point["total"] for point in body["value"][0]["timeseries"][0]["data"] if "total" in point]

    minutes, hour, full = totals("PT1M"), totals("PT1H"), totals("FULL")
    assert len(minutes) == 60
    assert hour == full == [sum(minutes)]
    assert totals("PT15M") == [sum(minutes[i : i + 15]) for i in range(0, 60, 15)]


def test_the_newest_minute_is_partial_until_it_is_old_enough() -> None:
    world = world_of(CLUSTERS)
    simulator = Simulator(world)
    (cluster,) = world.clusters.values()
    token = issue_token(Identity("tester"), "tenant", "arm", START)
    minute = START - timedelta(minutes=2)

    def newest() -> float:
        path = f"{cluster.load_balancer_id}/providers/Microsoft.Insights/metrics"
        span = f"{minute:%Y-%m-%dT%H:%M:%SZ}/{minute + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
        query = {"api-version": "2024-02-01", "metricnames": "SnatConnectionCount", "timespan": span}
        headers = {"authorization": f"Bearer {token}"}
        reply = simulator.handle(Request("GET", path, query, headers, base_url="https://x", raw_target=path))
        assert reply.response is not None
        series: Any = reply.response.body["value"][0]["timeseries"]
        return float(series[0]["data"][0].get("total", 0)) if series else 0.0

    seen = [newest()]
    for _ in range(4):
        world.clock.advance(15)
        seen.append(newest())
    world.clock.advance(600)
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert 0 < seen[1] < seen[4] == newest()


def test_a_state_can_arrive_later_than_the_others() -> None:
    world = world_of(CLUSTERS.replace("history_minutes: 60", "history_minutes: 60, failed_lag_seconds: 180"))
    (cluster,) = world.clusters.values()
    visibility = visibility_of(world)
    newest = world.origin_minute - 3  # two minutes of lag, and the minute itself
    late, plain = (
        Series({"backendipaddress": cluster.nodes[0].address, "connectionstate": state}, [1])
        for state in ("Failed", "Successful")
    )
    assert [visibility.is_late(late, newest - back) for back in range(5)] == [True, True, True, False, False]
    assert not visibility.is_late(plain, newest)
