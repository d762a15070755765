"""Seeing on simulated Azures: every way to read sees the same, warnings come before failures, imports stay small."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from shared.model.finding import FindingKind, Severity
from shared.model.incident import IncidentState
from shared.store.records import FLEET_PARTITION
from shared.triggers import http_health
from shared.web.answers import plain
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import READER, Theatre

ROOT = Path(__file__).parent.parent.parent
WORKSPACE = {"WORKSPACE_ID": "00000000-0000-0000-0000-000000000001"}


@contextmanager
def playing(scenario: str, storage: str, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Theatre]:
    with serve_azure(scenario) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield Theatre(simulator, storage, **{"REMEDIATION": "off", **settings})


@pytest.mark.parametrize("mode", ["auto", "batch", "arm"])
def test_every_way_to_read_sees_the_same(storage: str, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    with playing("same-node-ips", storage, monkeypatch, METRICS_MODE=mode) as theatre:
        now = theatre.clock.now()
        found = {one.cluster.name: one for one in theatre.app.check.all(now).assessments}
        assert [finding.kind for finding in found["blue"].findings] == [
            FindingKind.SNAT_FAILING,
            FindingKind.PORT_PRESSURE,
        ]
        assert found["green"].findings == (), "the other cluster has nodes with the same IPs"
        for one in found.values():
            (alone,) = theatre.app.check.one(one.cluster.id, now).assessments
            assert plain(alone.findings) == plain(one.findings)
        batched = any("getBatch" in entry["path"] for entry in theatre.simulator.requests())
        assert batched == (mode != "arm")


def test_a_leak_is_told_before_the_first_connection_fails(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("slow-leak", storage, monkeypatch, **WORKSPACE) as theatre:
        theatre.work()
        (opened,) = theatre.app.records.incidents(theatre.partition)
        assert opened.severity.rank < Severity.FAILING.rank
        for _ in range(30):
            theatre.tick()
            (incident,) = theatre.app.records.incidents(theatre.partition)
            if incident.last_failed_at is not None:
                break
        assert incident.last_failed_at is not None
        assert incident.last_failed_at - opened.opened_at >= timedelta(minutes=5)
        assert incident.severity.rank >= Severity.FAILING.rank
        assert len(theatre.slack_texts()) == 2
        for _ in range(6):
            theatre.tick()
        (assessment,) = theatre.app.check.all(theatre.clock.now()).assessments
        assert assessment.health_events is not None and "agrees" in assessment.health_events.text


def test_health_says_which_action_the_table_of_health_events_needs(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = "Microsoft.OperationalInsights/workspaces/query/ALBHealthEvent/read"
    with playing("storm", storage, monkeypatch, **WORKSPACE) as theatre:
        monkeypatch.setattr("shared.app._app", theatre.app)
        theatre.simulator.add_event({"take_role": {"identity": READER, "action": action}})
        theatre.work()
        assert action in http_health._limited()["health_events"]
        theatre.simulator.add_event({"give_role": {"identity": READER, "role": "Reader"}})
        theatre.tick()
        assert http_health._limited()["health_events"] == ""


def test_a_gateway_in_trouble_is_seen_and_its_neighbour_is_well(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("behind-nat-gateway", storage, monkeypatch) as theatre:
        found = {one.cluster.name: one for one in theatre.app.check.all(theatre.clock.now()).assessments}
        assert [finding.kind for finding in found["full"].findings] == [FindingKind.NAT_GATEWAY_FAILING]
        assert found["calm"].findings == ()
        assert found["calm"].reading.kind == "measured"


def test_quiet_clusters_stay_quiet_for_hours(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("quiet", storage, monkeypatch) as theatre:
        for _ in range(12):
            theatre.clock.advance(20 * 60)
            theatre.work()
        assert theatre.slack_texts() == []


def test_after_the_cure_losing_the_gateway_is_an_incident(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_azure("storm") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        theatre = Theatre(simulator, storage, DISCOVERY_MINUTES="1")
        change = theatre.run_on(theatre.approved(), is_watching=True)
        told = len(theatre.slack_texts())
        theatre.tick(12)
        assert len(theatre.slack_texts()) == told, "nothing more to tell"
        subnet_id = next(step.subnet_id for step in change.plan.steps if step.kind == "associate_subnet")
        network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
        subnet = network.read_subnet(subnet_id)
        network.put_subnet(subnet, None, subnet.etag)
        theatre.clock.advance(60)
        theatre.tick(3)
        assert any("lost NAT gateway association" in text for text in theatre.slack_texts()[told:])
        newest = max(theatre.app.records.incidents(theatre.partition), key=lambda one: one.opened_at)
        assert (newest.state, newest.severity) == (IncidentState.OPEN, Severity.CRITICAL)


def test_a_new_deployment_posts_once_to_each_chat_what_it_sees(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_azure("quiet") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        theatre = Theatre(simulator, storage, TEAMS_WEBHOOK_URL=simulator.teams_webhook_url)
        theatre.app.table.delete(FLEET_PARTITION, "fleet")
        theatre.tick(3)
        told = simulator.messages()
        assert sorted(message["service"] for message in told) == ["slack", "teams"]
        for message in told:
            text = json.dumps(message["body"], ensure_ascii=False)
            assert "snatbot is up, and sees" in text and "What snatbot may do" in text


@pytest.mark.parametrize("scenario", ["quiet", "storm"])
def test_a_look_never_loads_the_network_sdk_and_little_else(
    azurite: str, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    """Also where a cluster is sick and remediation is on."""
    code = (
        "import os, sys\n"
        "from shared.app import App\n"
        "from shared.clock import SystemClock\n"
        "from shared.settings import load_settings\n"
        "app = App(load_settings(os.environ), SystemClock())\n"
        "now = app.clock.now()\n"
        "app.check.all(now)\n"
        "tick = app.watch.run(now, app.clock.wall())\n"
        "assert (tick.tally.failing > 0) == (len(tick.offer) > 0) == (sys.argv[1] == 'storm'), tick\n"
        "print(*sorted(sys.modules))\n"
    )
    with playing(scenario, azurite, monkeypatch, REMEDIATION="on") as theatre:
        for name, value in theatre._settings.items():
            monkeypatch.setenv(name, value)
        run = subprocess.run(
            [sys.executable, "-c", code, scenario], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert {"azure.identity", "azure.core", "azure.data.tables"} <= loaded
    assert len(loaded) <= 1000, "923 when this was written"
    heavy = ("azure.mgmt.network", "azure.monitor", "jinja2", "slack_sdk")
    assert [name for name in loaded if name.startswith(heavy)] == []
