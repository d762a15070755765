"""``snatbot check``: what it prints of each reading, and its exit code."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.model.fleet import Unlisted
from shared.model.reading import DoesNotApply, Idle, Measured, Reading, Unmeasured
from shared.model.text import Text
from tests.support.nouns import make_assessment
from tests.support.terminal import HEALTHY, WINDOW, Check, assessed, run


@pytest.mark.parametrize(
    ("reading", "code", "line"),
    [
        (HEALTHY, 0, "shop-prod: 1,204 new outbound connections, none failed"),
        (Idle(WINDOW), 0, "shop-prod: idle, no new outbound connection"),
        (DoesNotApply(Text("outbound type is none")), 0, "shop-prod: does not apply: outbound type is none"),
        (
            Unmeasured(Text("Azure refused"), Text("grant Reader")),
            1,
            "shop-prod: not measured: Azure refused → grant Reader",
        ),
        (Unmeasured(Text("Azure refused")), 1, "shop-prod: not measured: Azure refused"),
    ],
)
def test_check_says_what_was_seen(capsys: pytest.CaptureFixture[str], reading: Reading, code: int, line: str) -> None:
    assert run("check", check=Check(assessed(reading))) == code
    assert capsys.readouterr().out.splitlines() == ["judged 2026-11-22 18:57 UTC to 2026-11-22 19:02 UTC", line]


def test_check_names_failing_nodes_and_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    sick = make_assessment()
    assert isinstance(sick.reading, Measured)
    unknown = replace(sick.reading.nodes[0], name="")
    nodes = (*sick.reading.nodes, replace(unknown, is_gone=True), replace(unknown, ip="10.224.0.9"))
    reading = replace(sick.reading, nodes=nodes)
    assert run("check", check=Check(replace(sick, reading=reading))) == 1
    out = capsys.readouterr().out
    assert sick.findings[0].evidence in out
    assert "aks-user-38166372-vmss000000 (10.224.0.4): 1,204 failures" in out
    assert "no node has this IP any more (10.224.0.4): 1,204 failures" in out
    assert "its node could not be named (10.224.0.9): 1,204 failures" in out


def test_check_names_what_could_not_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("check", check=Check(assessed(HEALTHY), unreadable=(Unlisted(Text("subscription x"), Text("no role")),)))
        == 1
    )
    assert "could not be listed: subscription x: no role" in capsys.readouterr().out


def test_check_asks_for_what_was_given() -> None:
    check = Check(assessed(HEALTHY))
    run("check", "--cluster", "shop-prod", "--window", "30", check=check)
    run("check", check=check)
    assert check.asked == [("shop-prod", 30), ("", None)]


def test_check_in_json_is_the_answer_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json", check=Check(assessed(HEALTHY))) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["clusters"][0]["reading"]["kind"] == "measured"
