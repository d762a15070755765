"""infra/grafana-dashboard.json queries the lines that the functions log, by fields that they have."""

from __future__ import annotations

import json
import logging
import re
from types import SimpleNamespace
from typing import Any

import pytest

from shared.flows.monitoring.tick import Tick
from shared.model.change import ChangeState
from shared.model.tally import Tally
from shared.triggers import queues
from shared.triggers.log_fields import tick_fields
from shared.triggers.queue_messages import message
from tests.support.deployed import ROOT

PANELS = json.loads((ROOT / "infra/grafana-dashboard.json").read_text(encoding="utf-8"))["panels"]
CHANGE = SimpleNamespace(id="chg1", state=ChangeState.VERIFYING)
APP = SimpleNamespace(
    clock=SimpleNamespace(wall=None, now=lambda: None),
    deliver=SimpleNamespace(all_due=lambda partition, wall: SimpleNamespace(sent=1, waiting=2, given_up=3)),
    reconciler=SimpleNamespace(run=lambda partition, change: CHANGE),
    settings=SimpleNamespace(is_remediation_on=False),
)


def ran(function: Any, **keys: str) -> None:
    body = SimpleNamespace(get_body=lambda: message(**keys).encode())
    outputs = {} if function is queues.deliver else {"deliver": SimpleNamespace(set=lambda text: None)}
    function._function.get_user_function()(body, **outputs)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> dict[str, dict[str, Any]]:
    """The JSON of each kind of line."""
    monkeypatch.setattr("shared.app._app", APP)
    with caplog.at_level(logging.INFO, "snatbot.triggers"):
        ran(queues.deliver, partition="p1")
        ran(queues.advance, partition="p1", change="chg1")
        ran(queues.offer, partition="p1", incident="inc1")
    found = {name: json.loads(text) for name, text in (record.getMessage().split(" ", 1) for record in caplog.records)}
    return {**found, "tick": tick_fields(Tick("20261122t1008", Tally()))}


def test_each_line_has_the_id_of_what_was_worked_on(lines: dict[str, dict[str, Any]]) -> None:
    assert lines["deliver"] == {"partition": "p1", "sent": 1, "waiting": 2, "given_up": 3}
    assert lines["advance"] == {"change": "chg1", "state": "verifying"}
    assert lines["offer"] == {"incident": "inc1", "change": None}
    assert lines["tick"]["tick"] == "20261122t1008"


def test_the_dashboard_asks_for_lines_and_fields_that_exist(lines: dict[str, dict[str, Any]]) -> None:
    assert len(PANELS) > 5
    for panel in PANELS:
        (target,) = panel["targets"]
        query = target["azureLogAnalytics"]["query"]
        match = re.search(r'startswith "(\w+) \{" \| extend line = parse_json\(substring\(message, (\d+)\)\)', query)
        assert match is not None
        name, skipped = match[1], int(match[2])
        assert skipped == len(f"{name} ")
        assert set(re.findall(r"\bline\.(\w+)", query)) <= lines[name].keys()
        assert "$__timeFilter(timestamp)" in query
