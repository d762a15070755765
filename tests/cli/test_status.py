"""``snatbot status`` and ``snatbot history``: what is stored, and no more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.audit import ALL_STOPPED, EVERY_CHANGE, AuditLine
from shared.model.incident import ClusterRecord
from shared.model.resource_id import ArmId
from shared.store.records import ALL_CHANGES, Put, Records
from shared.store.stop_switch import StopFlag
from shared.store.table import Table
from tests.support.fleet import every_kind, failing, make_fleet, make_status
from tests.support.nouns import NOW, make_cluster

CLUSTER = make_cluster()
GOING = StopFlag()


def run(monkeypatch: pytest.MonkeyPatch, fleet: FleetStatus, *arguments: str, flag: StopFlag = GOING) -> int:
    monkeypatch.setattr("shared.flows.monitoring.fleet_status.read_fleet_status", lambda cache, above: fleet)
    parts = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW),
        settings=SimpleNamespace(fan_out_above=300),
        fleet_cache=None,
        stop_switch=SimpleNamespace(stop_flag=lambda: flag),
    )
    return main(("status", *arguments), lambda: cast(App, parts))


def test_status_says_the_worst_first_and_the_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, every_kind(), flag=StopFlag(True, "Ada", "freeze", NOW)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAILING: 2 failing, 2 not measured, 1 warning")
    assert lines[2:4] == ["2 clusters were never scanned", "all changes were stopped by Ada: freeze"]
    assert [line.split()[0] for line in lines[6:8]] == ["failing", "failing"]


@pytest.mark.parametrize(
    ("fleet", "code", "word"),
    [
        (make_fleet(make_status()), 0, "ok: 1 no trouble"),
        (make_fleet(make_status(), listed=2), 2, "not measured: 1 no trouble"),
        (make_fleet(make_status(at=NOW - timedelta(hours=1))), 2, "not measured: 1 not measured"),
        (FleetStatus(), 2, "not measured: no cluster was found"),
    ],
)
def test_what_no_scan_saw_is_never_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fleet: FleetStatus, code: int, word: str
) -> None:
    assert run(monkeypatch, fleet) == code
    assert capsys.readouterr().out.splitlines()[0] == word


def test_status_for_programs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet(failing())
    assert run(monkeypatch, fleet, "-o", "tsv") == 1
    assert capsys.readouterr().out.split("\t")[::6] == ["failing", f"{CLUSTER.id}\n"]
    assert run(monkeypatch, fleet, "-o", "json") == 1
    content = json.loads(capsys.readouterr().out)
    assert (content["clusters"][0]["state"], content["stop"]["is_stopped"]) == ("failing", False)


def test_history_tells_what_happened_and_who_did_it(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    records = Records(table)
    check = SimpleNamespace(id_of=ArmId)
    app = cast(App, SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW), records=records, check=check))
    assert main(("history", CLUSTER.id), lambda: app) == 0
    assert capsys.readouterr().out == f"nothing is recorded about {CLUSTER.id}\n"
    line = AuditLine("a1", NOW, "Ada", "change approved", "chg-1", "at noon")
    records.commit(CLUSTER.id, [Put(ClusterRecord(CLUSTER.id, CLUSTER.name)), Put(line)])
    assert main(("history", CLUSTER.id), lambda: app) == 0
    assert "Change approved  Ada  at noon" in capsys.readouterr().out
    assert main(("history", CLUSTER.id, "-o", "tsv"), lambda: app) == 0
    assert capsys.readouterr().out.rstrip("\n").split("\t")[1:] == ["Change approved", "Ada", "at noon", "chg-1"]
    assert main(("history", CLUSTER.id, "-o", "json"), lambda: app) == 0
    assert json.loads(capsys.readouterr().out)["audit"][0]["actor"] == "Ada"
    other = make_cluster(name="billing")
    records.commit(
        other.id, [Put(ClusterRecord(other.id, other.name)), Put(replace(line, id="a2", at=NOW - timedelta(hours=1)))]
    )
    records.commit_in(ALL_CHANGES, [Put(replace(line, id="a3", event=ALL_STOPPED, subject=EVERY_CHANGE))])
    assert main(("history",), lambda: app) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["When", "Cluster", "What", "Who", "Details"]
    assert [row.split("UTC")[1].split()[0] for row in lines] == ["billing", "shop-prod", "–"]
    assert main(("history", "-o", "json"), lambda: app) == 0
    assert sorted(each["cluster"]["cluster_name"] for each in json.loads(capsys.readouterr().out)["clusters"]) == [
        "billing",
        "shop-prod",
    ]
