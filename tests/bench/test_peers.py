"""The comparison with other tools: its fleet, its proxy and its table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bench.peers.fleet import IDLE, write_fleet
from bench.peers.forward import forwarding
from bench.performance.other_tools import section
from simulator import scenario
from simulator.build import build_world
from simulator.clock import SimulatedClock
from tests.support.clients import Azure, azure


@pytest.fixture(scope="module")
def storm() -> Iterator[Azure]:
    with azure("storm") as running:
        yield running


def test_the_fleet_has_one_failing_and_one_idle_cluster(tmp_path: Path) -> None:
    world = build_world(scenario.load(str(write_fleet(10, tmp_path))), SimulatedClock())
    names = [cluster.name for cluster in world.clusters.values()]
    assert len(world.load_balancers) == len(names) == 10
    assert sum("sick" in name for name in names) == names.count(IDLE) == 1


def test_the_proxy_leads_a_public_host_to_the_simulator(storm: Azure) -> None:
    with forwarding(storm.simulator.url) as proxy:
        answer = requests.get(
            "https://management.azure.com/subscriptions?api-version=2022-12-01",
            proxies={"https": proxy},
            verify=str(storm.simulator.ca_path),
            timeout=30,
        )
    assert answer.status_code == 401, "Resource Manager answers, and wants a token"


def test_the_table_says_what_each_tool_said() -> None:
    look = {"name": "a tool", "requests": 1_010, "seconds": 2.0, "cpu_seconds": 1.0, "expected": 1, "found": 0}
    look |= {"false": 2, "node": "no", "says_idle": False, "refused": "0 named, exit code 0"}
    results = {"measured_at": "2026-11-28T10:00:00+00:00", "versions": ["tool==1"]}
    text = section(results | {"sizes": [{"load_balancers": 100, "looks": [look]}]})
    assert "| 100 | a tool | 1,010 | 2.0 | 1.0 | 0 of 1, 2 false | no | as healthy | 0 named, exit code 0 |" in text
    assert "tool==1" in text
