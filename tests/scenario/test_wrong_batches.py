"""A simulated Azure whose batches are wrong in silence, watched from outside: nothing is missed, and it is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from bench.evaluate.detector_harness import DetectorHarness
from bench.evaluate.in_process import InProcessAzure
from shared.flows.monitoring.canary import disagreeing_regions
from shared.model.metric import MINUTE
from shared.model.reading import Measured
from simulator import scenario
from simulator.events import schedule_event
from simulator.scenario import Content
from tests.support.every import every
from tests.support.thorough import sample

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
FLEET = """
name: busy
description: thirty busy clusters, one of which fails
location: westeurope
settings: {history_minutes: 70}
clusters:
  - name: steady-{n}
    replicas: 29
    resource_group: rg
    pools: [{name: pool, mode: System, nodes: 2}]
    workloads: [{name: web, new_flows_per_second: 2, hold_seconds: 5}]
  - name: sick
    resource_group: rg
    pools: [{name: pool, mode: System, nodes: 2}]
    workloads:
      - {name: web, new_flows_per_second: 2, hold_seconds: 5}
      - {name: crawler, runs_on: [pool/1], new_flows_per_second: 40, hold_seconds: 10}
"""


class Watched:
    def __init__(self, content: Content) -> None:
        self.azure = InProcessAzure(content, START)
        self.detector = DetectorHarness(self.azure.arm, self.azure.batch, lambda: 0.0, has_canary=True)
        self.minute = 0

    def tick(self, minutes: int = 1) -> dict[str, Any]:
        self.minute += minutes
        now = START + self.minute * MINUTE
        self.azure.go_to(now)
        return {result.assessment.cluster.name: (result, moment) for result, moment in self.detector.tick(now).values()}

    def set(self, **settings: Any) -> None:
        schedule_event(self.azure.world, {"settings": settings})
        self.azure.world.settle()


@pytest.fixture
def fleet() -> Watched:
    return Watched(yaml.safe_load(FLEET))


def test_batches_above_the_limit_of_series_hide_no_failure(fleet: Watched) -> None:
    fleet.tick()
    fleet.set(batch_series_limit=40)  # more than ten clusters have
    found = fleet.tick()
    assert every(isinstance(result.assessment.reading, Measured) for result, _ in found.values())
    assert {name for name, (_, moment) in found.items() if moment.is_open} == {"sick"}
    (text,) = fleet.detector.access.one_by_one.values()
    assert "batches of" in text


@pytest.mark.parametrize("settings", [{"batch_gaps_share": 0.3}, {"batch_zero_aggregation": "average"}])
def test_points_that_batches_leave_out_or_make_zero_are_said(fleet: Watched, settings: dict[str, Any]) -> None:
    fleet.tick()
    fleet.set(**settings)
    for _ in range(6):
        fleet.tick()
    assert list(disagreeing_regions(fleet.detector.suspects)) == list(fleet.detector.access.one_by_one)
    fleet.set(**dict.fromkeys(settings, 0 if "batch_gaps_share" in settings else ""))
    for _ in range(6):
        fleet.tick()
    assert (fleet.detector.suspects, fleet.detector.access.one_by_one) == ({}, {})


@pytest.mark.parametrize("name", sample(["quiet", "late-failures", "sparse-metrics"], "late-failures"))
def test_in_seven_quiet_days_nothing_disagrees(name: str) -> None:
    watched = Watched(scenario.load(name))
    while watched.minute < 7 * 24 * 60:
        watched.tick(minutes=61)  # an odd number: connections and ports are sampled in turn
        assert watched.detector.suspects == {}
    assert watched.detector.access.one_by_one == {}
