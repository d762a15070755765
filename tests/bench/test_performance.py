"""What is computed around the measurements: fleets, bounds, growth, cost."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import requests

from bench.performance import cost, document
from bench.performance.bound import bound, loop_requests, one_by_one, share_above
from bench.performance.cold_start import loaded
from bench.performance.fleet import SIZES, FleetSize, write_scenario
from bench.performance.goals import exponent, goals
from bench.performance.meter import KeptAnswers
from simulator import scenario
from simulator.build import build_world
from simulator.clock import SimulatedClock
from tests.support.every import every

THOUSAND = FleetSize(1_000, 2, 2)


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: str(size.load_balancers))
def test_a_fleet_has_as_many_load_balancers_and_sick_clusters_as_it_says(size: FleetSize, tmp_path: Path) -> None:
    world = build_world(scenario.load(str(write_scenario(size, tmp_path))), SimulatedClock())
    assert len(world.load_balancers) == size.load_balancers
    assert sum("sick" in cluster.name for cluster in world.clusters.values()) == size.failing
    assert len({(cluster.subscription, cluster.location) for cluster in world.clusters.values()}) == size.lanes


def test_the_bound_follows_from_batches_of_fifty_and_a_canary() -> None:
    least = bound(THOUSAND)
    # 4 lanes of 250: 5 batches each, 3 questions about the failing of each lane, and one cluster asked both ways.
    assert least.failed == 20 + 4 * 3 + 2
    # With ports: one question more to all but the failing, who have been asked.
    assert least.pressure == 20 + 20 + 4 * 3 + 2
    assert least.discovery == 3


def test_one_by_one_each_question_is_a_request() -> None:
    assert one_by_one(THOUSAND).failed == 1_000 + 10 * 3
    assert one_by_one(THOUSAND).pressure == 1_000 + 10 * 3 + 990


def test_a_loop_asks_each_load_balancer() -> None:
    assert (loop_requests(THOUSAND).failed, loop_requests(THOUSAND).pressure) == (1_010, 2_010)


def test_the_share_above_the_bound_is_negative_when_the_bound_is_wrong() -> None:
    assert share_above(42, 40) == pytest.approx(0.05)
    assert share_above(39, 40) < 0


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power: float) -> None:
    assert exponent([(x, 3 * x**power) for x in (100, 1_000, 10_000)]) == pytest.approx(power)


def test_packages_are_found_by_their_modules() -> None:
    assert loaded(["azure.mgmt", "msal"], ["azure.mgmt.core.tools", "msaljunk"]) == ["azure.mgmt"]


def _results(
    requests_factor: float = 1.0, loads: float = 0.5, loop_seconds: float = 12.0, loop_cpu: float = 3.0
) -> dict[str, Any]:
    def one(size: FleetSize) -> dict[str, Any]:
        least = bound(size)
        tick = {"seconds": 1.0, "cpu_seconds": size.load_balancers / 4_000, "requests": least.failed * requests_factor}
        sent: dict[str, Any] = {"failed": [tick], "pressure": [tick | {"requests": least.pressure}], "discovery": tick}
        sent |= {"loads_seconds": [loads * tick["cpu_seconds"]], "answer_bytes": 1_000_000}
        loop = {
            "failed": {"seconds": loop_seconds, "cpu_seconds": loop_cpu, "requests": 1},
            "pressure": tick,
            "mib": 50.0,
        }
        return {
            "load_balancers": size.load_balancers,
            "subscriptions": size.subscriptions,
            "regions": size.regions,
            "ticks": sent | {"failed_mib": 70.0, "pressure_mib": 80.0},
            "bound": {"failed": least.failed, "pressure": least.pressure, "discovery": least.discovery},
            "above_bound": {"failed": requests_factor - 1, "pressure": 0.0, "discovery": 0.0},
            "arm": None,
            "loop_requests": {"failed": loop_requests(size).failed},
            "loops": {"threads": loop} if size.load_balancers == 1_000 else {},
            "race": [{"tick": tick, "loop": loop["failed"]}] * 7 if size.load_balancers == 1_000 else None,
        }

    cold = {
        "index_seconds": 0.9,
        "index_cpu_seconds": 0.1,
        "functions": 9,
        "heavy_after_index": [],
        "never_by_check": [],
        "check_import_seconds": 0.9,
        "check_import_cpu_seconds": 0.4,
        "check_modules": 600,
        "functions_cpu_seconds": 0.1,
        "index_times": [1.1] * 7,
        "check_import_times": [2.9] * 7,
    }
    minute = {"timer_seconds": 0.4, "part_seconds": [], "requests": 32, "storage": 20}
    inline = {"failed": [minute], "pressure": [minute]}
    handed = {kind: [minute | {"part_seconds": [0.1, 0.2]}] for kind in inline}
    whole = {"load_balancers": 1_000, "inline": inline, "fan_out": handed}
    machine = {"cpus": 2, "python": "3.11", "system": "Linux"}
    about = {"measured_at": "2026-01-01T00:00", "repeats": 3, "nodes_per_cluster": 5, "workers": 16}
    return about | {"machine": machine, "sizes": [one(size) for size in SIZES], "cold_start": cold, "whole": [whole]}


def test_all_goals_can_be_reached() -> None:
    assert [goal.name for goal in goals(_results()) if not goal.is_reached] == []


def test_too_many_requests_are_a_missed_goal() -> None:
    missed = [goal.name for goal in goals(_results(requests_factor=1.3)) if not goal.is_reached]
    assert "requests within 5 % of what the batch limit demands" in missed


@pytest.mark.parametrize(
    ("worse", "goal"),
    [({"loads": 0.3}, "json.loads"), ({"loop_seconds": 7.9}, "wall time"), ({"loop_cpu": 2.4}, "processor time than")],
)
def test_a_ratio_that_is_too_bad_is_a_missed_goal(worse: dict[str, float], goal: str) -> None:
    (missed,) = [found.name for found in goals(_results(**worse)) if not found.is_reached]
    assert goal in missed


def test_answers_are_kept_outside_memory_and_decoded_as_often_as_asked() -> None:
    class Session(requests.Session):
        def get_adapter(self, url: str) -> Any:
            return _Adapter()

    class _Adapter:
        def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            response = requests.Response()
            response._content, response.request, response.url, response.raw = b'{"a": [1]}', request, "x", object()
            response.status_code = 200
            return response

    with TemporaryFile() as file:
        kept = KeptAnswers(file)
        with kept.keeping():
            Session().get("https://a.example/1", allow_redirects=False)
            Session().get("https://a.example/2", allow_redirects=False)
        Session().get("https://a.example/3", allow_redirects=False)
        assert kept.sizes == [10, 10]
        assert every(kept.loads_seconds() >= 0 for _ in range(2))


def test_the_pages_hold_every_size_and_mark_prices_that_nobody_confirmed() -> None:
    performance, money = document.page(_results()), cost.page(_results())
    assert every(f"| {size.load_balancers:,} |" in performance for size in SIZES)
    assert "UNCONFIRMED" in money
    assert "| 10,000 | 1.0 s (measured at 10,000) |" in money
