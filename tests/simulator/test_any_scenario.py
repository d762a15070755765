"""Whatever a scenario says within the schema: it runs, and its metrics obey the laws of the model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator import scenario
from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.ground_truth import truth_of_world
from simulator.http import Request
from simulator.state.identities import Identity, issue_token
from tests.support.every import every
from tests.support.thorough import examples

START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POOLS = ["alpha", "beta"]

schedules = st.one_of(
    st.just({"kind": "steady"}),
    st.fixed_dictionaries({"kind": st.just("leak"), "from_minute": st.integers(-30, 20)}),
    st.fixed_dictionaries(
        {
            "kind": st.just("spike"),
            "from_minute": st.integers(-30, 20),
            "times": st.floats(0, 20),
            "ramp_minutes": st.integers(0, 4),
            "rest": st.floats(0, 2),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("burst"),
            "every_minutes": st.integers(1, 30),
            "lasts_minutes": st.integers(1, 5),
            "times": st.floats(0, 20),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("cron"), "at": st.sampled_from(["* * * * *", "*/7 9-11 * * *", "0 10 4 3 3"])}
    ),
)
workloads = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["one", "two", "three"]),
            "new_flows_per_second": st.floats(0, 80),
            "hold_seconds": st.floats(0.01, 500),
            "protocol": st.sampled_from(["tcp", "udp"]),
            "closing": st.sampled_from(["fin", "rst", "idle"]),
            "retried_share": st.floats(0, 0.95),
            "spread": st.floats(0, 0.9),
            "runs_on": st.sampled_from([[], ["alpha"], ["beta"], ["alpha/0"]]),
            "schedule": schedules,
        }
    ),
    max_size=4,
    unique_by=lambda each: each["name"],
)
clusters = st.fixed_dictionaries(
    {
        "name": st.just("one"),
        "resource_group": st.just("one"),
        "outbound_type": st.sampled_from(["loadBalancer", "loadBalancer", "managedNATGateway", "none"]),
        "outbound_ips": st.integers(1, 3),
        "allocated_outbound_ports": st.sampled_from([0, 64, 1024]),
        "pools": st.just([{"name": "alpha", "mode": "System", "nodes": 3}, {"name": "beta", "nodes": 2}]),
        "workloads": workloads,
    }
)
events = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "at_minute": st.integers(-20, 15),
                "scale": st.fixed_dictionaries(
                    {"cluster": st.just("one"), "pool": st.sampled_from(POOLS), "nodes": st.sampled_from([0, 1, 5, 49])}
                ),
            }
        ),
        st.fixed_dictionaries(
            {
                "at_minute": st.integers(-20, 15),
                "outbound_type": st.fixed_dictionaries(
                    {"cluster": st.just("one"), "to": st.sampled_from(["loadBalancer", "none"])}
                ),
            }
        ),
    ),
    max_size=3,
)


def values(simulator: Simulator, resource: str, metric: str, dimensions: str = "") -> list[dict[str, Any]]:
    token = issue_token(Identity("tester"), "tenant", "arm", START)
    path = f"{resource}/providers/Microsoft.Insights/metrics"
    query = {"api-version": "2024-02-01", "metricnames": metric, "timespan": "PT60M", "top": "9999"}
    query |= {"$filter": dimensions} if dimensions else {}
    headers = {"authorization": f"Bearer {token}"}
    reply = simulator.handle(Request("GET", path, query, headers, base_url="https://x", raw_target=path))
    assert reply.response is not None
    assert reply.response.status == 200, reply.response.body
    found: list[dict[str, Any]] = reply.response.body["value"][0]["timeseries"]
    return found


@examples(20)
@given(cluster=clusters, happening=events, drop=st.booleans())
def test_any_scenario_runs_and_keeps_the_laws(
    cluster: dict[str, Any], happening: list[dict[str, Any]], drop: bool
) -> None:
    content = {
        "settings": {"existing_flows": "drop" if drop else "keep"},
        "clusters": [cluster],
        "events": happening,
    }
    world = build_world(
        scenario.parse(yaml.safe_dump(content), "any.yaml", "any"), SimulatedClock(wall=lambda: START, speed=0)
    )
    simulator = Simulator(world)
    world.clock.advance(20 * 60)
    (made,) = world.clusters.values()
    both = "BackendIPAddress eq '*' and ProtocolType eq '*' and FrontendIPAddress eq '*'"
    used = values(simulator, made.load_balancer_id, "UsedSnatPorts", both)
    allocated = values(simulator, made.load_balancer_id, "AllocatedSnatPorts", both)
    assert len(used) == len(allocated)
    for taken, given_ports in zip(used, allocated, strict=True):
        assert taken["metadatavalues"] == given_ports["metadatavalues"]
        for now, most in zip(taken["data"], given_ports["data"], strict=True):
            assert now.get("average", 0) <= most.get("average", 0) + 1, "rounding apart, never more than there are"
    for series in values(simulator, made.load_balancer_id, "SnatConnectionCount", "ConnectionState eq '*'"):
        assert every(point.get("total", 1) > 0 for point in series["data"][:-2])
    found = truth_of_world(world)
    assert found == truth_of_world(world), "looking changes nothing"
    if made.outbound_type == "none" and not happening:
        assert used == []
