"""The second witness beside a look: read once, in the background, and never waited for at length."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import cast

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.errors import AzureError, Forbidden, NotFound, Unavailable
from shared.cloud.logs import HealthEventLog
from shared.core.detection.schedule import ScanScope
from shared.core.detection.tags import TagRules
from shared.flows.monitoring import health_events
from shared.flows.monitoring.collect import MetricCollector
from shared.flows.monitoring.node_names import NodeNames
from shared.flows.monitoring.scan import FleetScanner, ScanResult
from shared.model.health_event import HealthEvent, HealthEventVerdict
from shared.model.metric import Window
from tests.support.builders import at, by_state, cluster, window
from tests.support.every import every
from tests.support.fakes import FakeAccess, FakeAzure, balancer_of, watched

SICK = by_state(Failed={3: 5}, Successful=dict.fromkeys(range(5), 100))
HEALTHY = by_state(Successful=dict.fromkeys(range(5), 100))
REGIONS = tuple(cluster(name=f"c{number}", location=f"region{number}") for number in range(4))


class FakeEvents:
    """``trouble`` is raised; ``held`` blocks until it is set."""

    def __init__(self, trouble: AzureError | None = None, held: threading.Event | None = None) -> None:
        self.trouble = trouble
        self.held = held
        self.reads = 0

    def read_events(self, asked: Window, seconds_at_most: float) -> Mapping[str, tuple[HealthEvent, ...]]:
        self.reads += 1
        if self.held is not None:
            self.held.wait(20)
        if self.trouble is not None:
            raise self.trouble
        return {balancer_of(one).id.lower(): (HealthEvent("SnatPortExhaustion", at(3), ""),) for one in REGIONS}


def look(
    events: FakeEvents, scope: ScanScope | None = None, answer: object = SICK, seconds: float = 20
) -> list[ScanResult]:
    azure, access = FakeAzure(watched(*REGIONS)), FakeAccess({"state": answer})  # type: ignore[dict-item]
    measure = MetricCollector(access.access, NodeNames(azure.discovery).of)
    flow = FleetScanner(measure, TagRules(), 4, cast(HealthEventLog, events))
    found: list[ScanResult] = []
    scope = scope or ScanScope(window())
    for _ in range(2):
        flow.scan(azure.targets, scope, Deadline(seconds), at(8), found.extend)
    return found


def test_it_is_asked_once_for_all_regions_and_for_all_parts_of_a_minute() -> None:
    events = FakeEvents()
    found = look(events)
    assert len(found) == 8
    verdicts = [seen.assessment.health_events and seen.assessment.health_events.verdict for seen in found]
    assert verdicts == [HealthEventVerdict.AGREES] * 8
    assert events.reads == 1


def test_the_healthy_are_not_asked_about_between_port_passes() -> None:
    events = FakeEvents()
    look(events, answer=HEALTHY)
    assert events.reads == 0
    look(events, ScanScope(window(), ports=window()), answer=HEALTHY)
    assert events.reads == 1


@pytest.mark.parametrize("error", [Forbidden("logs", "no"), NotFound("logs", "no"), Unavailable("logs", "timeout")])
def test_its_absence_changes_nothing_else(error: AzureError, caplog: pytest.LogCaptureFixture) -> None:
    found = look(FakeEvents(error))
    assert {seen.assessment.health_events for seen in found} == {None}
    assert found
    assert every(seen.assessment.alarms for seen in found)
    assert caplog.text.count("could not be read") == 1


def test_why_events_can_not_be_read_is_said_until_they_can() -> None:
    events = FakeEvents(Forbidden("logs", "no", missing_action="query/ALBHealthEvent/read"))
    reader = health_events.HealthEventReader(cast(HealthEventLog, events))
    assert reader.problem is None, "nobody has asked yet"
    reader.wait(window(), Deadline(20))
    assert "query/ALBHealthEvent/read" in str(reader.problem)
    events.trouble = None
    reader.wait(Window(at(1), at(9)), Deadline(20))
    assert reader.problem == ""


def test_a_slow_workspace_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_events, "MAX_WAIT_SECONDS", 0.2)
    held = threading.Event()
    began = time.monotonic()
    found = look(FakeEvents(held=held))
    assert time.monotonic() - began < 3
    assert len(found) == 8
    assert {seen.assessment.health_events for seen in found} == {None}
    held.set()


def test_a_look_whose_time_is_over_does_not_wait_at_all() -> None:
    held = threading.Event()
    began = time.monotonic()
    look(FakeEvents(held=held), seconds=0.0)
    assert time.monotonic() - began < 2
    held.set()
