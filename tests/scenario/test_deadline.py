"""A whole tick against its deadline: alarms go out in time, whatever planning and a slow Azure cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.clock import Instant
from shared.store.records import FLEET_PARTITION
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import Theatre

CLUSTERS = 30
ROUND_TRIP_SECONDS = 0.05
DEADLINE_SECONDS = 12
_SICK = """\
  - name: c{number}
    resource_group: rg{number}
    pools: [{{name: nodepool1, mode: System, nodes: 3}}]
    workloads:
      - name: job
        new_flows_per_second: 30
        hold_seconds: 12
        destinations: [{{name: "t.example.org:443"}}]
"""


@pytest.fixture
def many(storage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Theatre]:
    """Thirty failing clusters, far away, and remediation on."""
    head = (
        f"description: mass\nlocation: westeurope\nsettings: {{round_trip_seconds: {ROUND_TRIP_SECONDS}}}\nclusters:\n"
    )
    path = tmp_path / "mass.yaml"
    path.write_text(head + "".join(_SICK.format(number=number) for number in range(CLUSTERS)))
    with serve_azure(path) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("shared.app_watching.TICK_DEADLINE_SECONDS", DEADLINE_SECONDS)
        yield Theatre(simulator, storage)


def test_thirty_alarms_are_out_within_the_deadline_and_plans_come_after(many: Theatre) -> None:
    many.clock.advance(60)
    sent, began = many.app.request_count.total, time.monotonic()
    tick = many.app.watch.run(many.clock.now(), many.clock.wall())
    seconds, sent = time.monotonic() - began, many.app.request_count.total - sent

    assert (tick.tally.failing, tick.tally.effects) == (CLUSTERS, {"opened": CLUSTERS})
    assert seconds < DEADLINE_SECONDS
    assert sent < 3 * CLUSTERS, "looking costs a few requests; planning has a turn of its own"
    assert FLEET_PARTITION in tick.deliver, "one list for the chats, beside each incident for pagers"
    assert (len(tick.deliver), len(tick.offer)) == (CLUSTERS + 1, CLUSTERS)

    partition, incident_id = tick.offer[0]
    assert many.app.incident_proposer.run(partition, incident_id, Instant.of(many.clock)) is None, "AKS's own network"
    many.clock.advance(60)
    again = many.app.watch.run(many.clock.now(), many.clock.wall())
    assert len(again.offer) == CLUSTERS - 1, "what was not reached is due again"


def test_a_list_that_does_not_come_leaves_time_to_look(many: Theatre) -> None:
    many.app.watch.run(many.clock.now(), many.clock.wall())
    many.simulator.add_fault({"match": {"path": "ResourceGraph"}, "then": {"latency_seconds": 15}})
    many.clock.advance(11 * 60)
    many.new_app()
    began = time.monotonic()
    tick = many.app.watch.run(many.clock.now(), many.clock.wall())
    assert time.monotonic() - began < DEADLINE_SECONDS
    assert tick.tally.measured == CLUSTERS
    assert any("could not be listed" in unlisted.subject for unlisted in tick.unreadable)
