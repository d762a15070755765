"""What batches of metrics get wrong in silence, where a scenario asks for it; single requests stay right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator import scenario
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.services.monitor.natgateway import nat_gateway_series
from tests.support.clients import LOAD_BALANCER, SUBSCRIPTION, Azure, azure

BATCH = f"/metrics/westeurope/subscriptions/{SUBSCRIPTION}/metrics:getBatch"
ASKED = {
    "api-version": "2024-02-01",
    "metricnamespace": "Microsoft.Network/loadBalancers",
    "metricnames": "UsedSnatPorts",
    "aggregation": "Average,Maximum",
    "top": "1000",
}


def ask(running: Azure, times: int = 1) -> list[dict[str, Any]]:
    """Points with a value."""
    filtered = ASKED | {"filter": "BackendIPAddress eq '*'"}
    body = {"resourceids": [LOAD_BALANCER] * times}
    answer = running.send("POST", f"{BATCH}?api-version=2024-02-01", params=filtered, json=body)
    assert answer.status_code == 200
    metrics = [metric for row in answer.json()["values"] for metric in row["value"]]
    points = [point for metric in metrics for series in metric["timeseries"] for point in series["data"]]
    return [point for point in points if len(point) > 1]


def alone(running: Azure) -> list[dict[str, Any]]:
    filtered = ASKED | {"$filter": "BackendIPAddress eq '*'"}
    answer = running.send("GET", f"{LOAD_BALANCER}/providers/Microsoft.Insights/metrics", params=filtered)
    points = [point for series in answer.json()["value"][0]["timeseries"] for point in series["data"]]
    return [point for point in points if len(point) > 1]


@pytest.fixture
def spoiled(request: pytest.FixtureRequest) -> Any:
    with azure("storm") as running:
        running.simulator.add_event({"settings": request.param})
        yield running


@pytest.mark.parametrize("spoiled", [{"batch_series_limit": 30}], indirect=True)
def test_above_a_number_of_series_a_batch_has_no_point_whatever_its_filter_says(spoiled: Azure) -> None:
    assert alone(spoiled)
    assert ask(spoiled, 1)  # 12 nodes with two protocols
    assert ask(spoiled, 2) == []


@pytest.mark.parametrize("spoiled", [{"batch_gaps_share": 0.5}], indirect=True)
def test_points_are_missing_at_random_with_four_and_more_resources(spoiled: Azure) -> None:
    whole = len(alone(spoiled))
    assert len(ask(spoiled, 3)) == 3 * whole
    assert whole < len(ask(spoiled, 4)) < 3 * whole


@pytest.mark.parametrize("spoiled", [{"batch_zero_aggregation": "average"}], indirect=True)
def test_one_aggregation_is_zero(spoiled: Azure) -> None:
    assert {point["average"] for point in ask(spoiled)} == {0}
    assert max(point["maximum"] for point in ask(spoiled)) > 0
    assert max(point["average"] for point in alone(spoiled)) > 0


def test_attempted_counts_failed_connections_or_does_not() -> None:
    world = build_world(scenario.load("behind-nat-gateway"), SimulatedClock())
    minutes = range(world.origin_minute - 10, world.origin_minute)

    def counted(gateway: str, state: str, setting: str) -> float:
        world.settings = replace(world.settings, gateway_attempted=setting)
        found = nat_gateway_series(world, gateway, "SNATConnectionCount", minutes)
        return sum(
            sample or 0 for each in found if each.dimensions["connectionstate"] == state for sample in each.samples
        )

    lost = []
    for gateway in world.traffic._gateways:
        both, failed = counted(gateway, "Attempted", "with_failed"), counted(gateway, "Failed", "with_failed")
        assert counted(gateway, "Attempted", "without_failed") == both - failed
        lost.append(failed)
    assert max(lost) > 0
