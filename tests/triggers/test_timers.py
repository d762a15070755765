"""What the timer logs after a look, and when it gives a sign of life."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from pydantic import SecretStr

from shared.cloud.deadline import Deadline
from shared.core.incidents.tallies import tally_of
from shared.flows.monitoring.tick import Tick
from shared.model.fleet import Unlisted
from shared.model.reading import Cause, Idle, Unmeasured
from shared.model.tally import Effort, Tally
from shared.model.text import Text
from shared.store.errors import StoreError
from shared.triggers import timers
from tests.support.builders import assessment, at, minutes, window

READINGS = (minutes(0, 5, {2: 4}), minutes(0, 5), Idle(window()), Unmeasured(Text("late"), Text(""), Cause.NOT_REACHED))
SEEN = tally_of([assessment(reading) for reading in READINGS], {"opened": 1, "nothing": 3}, 0)
TALLY = SEEN + Tally(one_by_one={"s1": Text("batch was refused")})
GOOD = Tick("20261122t1008", TALLY, deliver=("a",), effort=Effort(12, 3, 0.25))
BAD = Tick(
    "20261122t1008",
    TALLY,
    (Unlisted(Text("subscription x"), Text("403")),),
    problems=(Text("no cluster was ever found"),),
)

Run = Callable[[Tick], dict[str, Any]]


class Outputs:
    def set(self, messages: list[str]) -> None:
        """Not looked at."""


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr("shared.flows.notification.heartbeat.beat", sent.append)
    return sent


def no_storage(now: datetime, deadline: Deadline) -> None:
    """Deleting old rows fails: the tick has its line and its heartbeat all the same."""
    raise StoreError(Text("storage does not answer"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Run:
    """Calls the timer function as the platform does, on a watch that sees ``tick``. Returns the line."""

    def run(tick: Tick) -> dict[str, Any]:
        app = SimpleNamespace(
            settings=SimpleNamespace(heartbeat_url=SecretStr("https://hc.example.com/secret")),
            clock=SimpleNamespace(now=lambda: at(8), wall=lambda: at(8)),
            watch=SimpleNamespace(run=lambda now, wall: tick),
            refused_attempts=SimpleNamespace(flush=lambda now: None),
            policy_audit=SimpleNamespace(run=lambda now: None),
            seal_audit=SimpleNamespace(run=lambda now: None),
            retention=SimpleNamespace(run=no_storage),
        )
        monkeypatch.setattr("shared.app._app", app)
        function: Any = timers.watch
        timer: Any = SimpleNamespace(past_due=True)
        assert isinstance(timers.blueprint, func.Blueprint)
        with caplog.at_level(logging.INFO, "snatbot.triggers"):
            function._function.get_user_function()(timer, *(Outputs() for _ in range(4)))
        (line,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("tick ")]
        return dict(json.loads(line.removeprefix("tick ")))

    return run


def test_the_line_holds_what_was_seen_and_what_it_took(run: Run, beats: list[str]) -> None:
    assert run(GOOD) == {
        "tick": "20261122t1008",
        "is_success": True,
        "problems": [],
        "clusters": 4,
        "measured": 2,
        "idle": 1,
        "unmeasured": 1,
        "does_not_apply": 0,
        "failing": 1,
        "not_reached": 1,
        "not_remembered": 0,
        "effects": {"opened": 1, "nothing": 3},
        "requests": 12,
        "retries": 3,
        "seconds": 0.25,
        "unreadable": [],
        "measure": 0,
        "deliver": 1,
        "advance": 0,
        "offer": 0,
        "past_due": True,
        "one_by_one": ["s1"],
        "port_parts": 1,
    }
    assert beats == ["https://hc.example.com/secret"]


def test_the_line_is_never_sampled_away() -> None:
    host = json.loads((Path(__file__).parents[2] / "host.json").read_text(encoding="utf-8"))
    sampling = host["logging"]["applicationInsights"]["samplingSettings"]
    assert "Trace" in sampling["excludedTypes"].split(";")


def test_after_a_look_that_saw_nothing_no_heartbeat_is_sent(run: Run, beats: list[str]) -> None:
    line = run(BAD)
    assert (line["is_success"], line["problems"]) == (False, ["no cluster was ever found"])
    assert line["unreadable"] == ["subscription x: 403"]
    assert beats == []
