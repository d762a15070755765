"""Checks that leaving out the network changes nothing: one scenario again, with the SDKs over real HTTPS.

A simulator runs as a process of its own, its clock standing still between ticks. The replay in this process starts at
the same moment; both must give the same assessments and incidents, tick by tick.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from azure.identity import ManagedIdentityCredential

from shared.cloud.arm import Arm
from shared.cloud.metrics_batch import BatchMetrics
from simulator import scenario
from simulator.testing import RunningSimulator, start_simulator

from .detector_harness import DetectorHarness, ScenarioSeconds
from .in_process import DETECTOR, InProcessAzure
from .minutes import at_minute, minute_of

TICKS = 40


@dataclass(frozen=True, slots=True)
class Comparison:
    scenario: str
    ticks: int
    results: int
    differences: tuple[str, ...]

    @property
    def line(self) -> str:
        start = f"over HTTPS and in process, {self.scenario}, {self.ticks} ticks:"
        if self.differences:
            return "\n".join([f"DIFFERENT  {start}", *(f"           {text}" for text in self.differences[:10])])
        return f"same     {start} {self.results} results, all the same"


def compare(path: Path, ticks: int = TICKS) -> Comparison:
    with start_simulator(path, speed=0) as simulator:
        started = simulator.now().replace(second=0, microsecond=0)
        over_http = list(_results_over_http(simulator, started, ticks))
    in_process = list(_results_in_process(path, started, ticks))
    differences = [
        f"tick {number}: over HTTPS {remote}, in process {local}"
        for number, (remote, local) in enumerate(zip(over_http, in_process, strict=True))
        if remote != local
    ]
    return Comparison(path.stem, ticks, sum(len(tick) for tick in over_http), tuple(differences))


def _results_over_http(simulator: RunningSimulator, started: datetime, ticks: int) -> Iterator[dict[str, object]]:
    clock = ScenarioSeconds()
    with _environment(simulator.environment()), ManagedIdentityCredential(client_id=DETECTOR) as credential:
        arm = Arm(simulator.url, credential)
        batch = BatchMetrics(credential, endpoint=f"{simulator.url}/metrics/{{region}}", audience=simulator.url)
        detector = DetectorHarness(arm, batch, clock)
        for tick in range(minute_of(started) + 1, minute_of(started) + 1 + ticks):
            now = at_minute(tick)
            simulator.advance((now - simulator.now()).total_seconds())
            clock.seconds = tick * 60.0
            yield _result(detector, now)
        batch.close()
        arm.close()


def _results_in_process(path: Path, started: datetime, ticks: int) -> Iterator[dict[str, object]]:
    azure, clock = InProcessAzure(scenario.load(str(path)), started), ScenarioSeconds()
    detector = DetectorHarness(azure.arm, azure.batch, clock)
    for tick in range(minute_of(started) + 1, minute_of(started) + 1 + ticks):
        azure.go_to(at_minute(tick))
        clock.seconds = tick * 60.0
        yield _result(detector, at_minute(tick))


def _result(detector: DetectorHarness, now: datetime) -> dict[str, object]:
    """The result of a tick: every cluster's whole assessment, and its incident's moment."""
    return {key: (result.assessment, moment) for key, (result, moment) in detector.tick(now).items()}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets azure-identity's environment variables inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
