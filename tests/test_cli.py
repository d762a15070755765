"""The terminal's commands: what they print, and the exit code that a pipeline can act on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.app import App
from shared.chat.labels import CHECK_LABELS, describe_check
from shared.cli.__main__ import main
from shared.cli.settings import settings_document
from shared.cloud.errors import Unavailable
from shared.errors import BadInput, MisconfiguredError, NotFoundHere
from shared.flows.monitoring.check import CheckReport
from shared.flows.remediation.stop import StopChanges
from shared.formatting import capital, sentences
from shared.model.assessment import Assessment
from shared.model.audit import AuditLine
from shared.model.metric import Window
from shared.model.plan import Plan
from shared.model.reading import DoesNotApply, Idle, Measured, Reading, Unmeasured
from shared.store.stop_switch import StopFlag, StopSwitch
from shared.web.plan_view import plan_view
from tests.support.advised import every_answer
from tests.support.nouns import make_advice, make_assessment, make_cluster, make_plan

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=8), NOW - timedelta(minutes=3))
CLUSTER = make_cluster()
HEALTHY = Measured(WINDOW, measured_minutes=5, failed=0, successful=1_204)


class FakeSwitch:
    def __init__(self) -> None:
        self.flag = StopFlag()

    def set_stop_flag(self, flag: StopFlag, line: AuditLine) -> None:
        self.flag = flag


class Check:
    """Answers with what it was given, and notes what was asked."""

    def __init__(
        self, *assessments: Assessment, unreadable: tuple[str, ...] = (), error: Exception | None = None
    ) -> None:
        self.report = CheckReport(NOW, WINDOW, assessments, unreadable)
        self.error = error
        self.asked: list[tuple[str, int | None]] = []

    def all(self, now: datetime, minutes: int | None = None) -> CheckReport:
        return self.one("", now, minutes)

    def one(self, selector: str, now: datetime, minutes: int | None = None) -> CheckReport:
        self.asked.append((selector, minutes))
        if self.error is not None:
            raise self.error
        return self.report

    def find(self, selector: str) -> Any:
        if self.error is not None:
            raise self.error
        return CLUSTER


def run(*arguments: str, check: Check | None = None, plan: Plan | None = None, switch: FakeSwitch | None = None) -> int:
    parts = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW),
        check=check or Check(),
        planner=SimpleNamespace(plan_cluster=lambda cluster_id, now, request: plan or make_plan()),
        stop=StopChanges(cast(StopSwitch, switch or FakeSwitch())),
    )
    return main(arguments, lambda: cast(App, parts))


def assessed(reading: Reading) -> Assessment:
    return Assessment(CLUSTER, NOW, reading)


@pytest.mark.parametrize(
    ("reading", "code", "line"),
    [
        (HEALTHY, 0, "shop-prod: 1,204 new outbound connections, none failed"),
        (Idle(WINDOW), 0, "shop-prod: idle, no new outbound connection"),
        (DoesNotApply("outbound type is none"), 0, "shop-prod: does not apply: outbound type is none"),
        (Unmeasured("Azure refused", "grant Reader"), 1, "shop-prod: not measured: Azure refused → grant Reader"),
        (Unmeasured("Azure refused"), 1, "shop-prod: not measured: Azure refused"),
    ],
)
def test_check_says_what_was_seen(capsys: pytest.CaptureFixture[str], reading: Reading, code: int, line: str) -> None:
    assert run("check", check=Check(assessed(reading))) == code
    assert capsys.readouterr().out.splitlines() == ["judged 2026-11-22 18:57 UTC to 19:02", line]


def test_check_names_failing_nodes_and_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    sick = make_assessment()
    nodes = (*sick.reading.nodes, replace(sick.reading.nodes[0], name="")) if isinstance(sick.reading, Measured) else ()
    reading = replace(sick.reading, nodes=nodes) if isinstance(sick.reading, Measured) else sick.reading
    assert run("check", check=Check(replace(sick, reading=reading))) == 1
    out = capsys.readouterr().out
    assert sick.findings[0].evidence in out
    assert "aks-user-38166372-vmss000000 (10.224.0.4): 1,204 failures" in out
    assert "no node has this IP any more (10.224.0.4): 1,204 failures" in out


def test_check_names_what_could_not_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", check=Check(assessed(HEALTHY), unreadable=("subscription x: no role",))) == 1
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


def test_plan_shows_all_that_its_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod") == 0
    out = capsys.readouterr().out
    plan, view = make_plan(), plan_view(make_plan())
    assert "subnet snet-user: NAT gateway none → ng-shop-prod-1" in out, "before and after"
    assert "now: 20.50.10.7" in out
    assert plan.demand is not None
    for texts in (plan.commands, plan.rollback_commands, view.kept, plan.demand.arithmetic, plan.notes):
        assert texts
        assert all(capital(text) in out for text in texts)
    for check in (*view.concerns, *view.passed):
        assert f"{CHECK_LABELS[check.result]}, {capital(check.name)}: {describe_check(check)}" in out
        assert f"source: {check.source}" in out
    for text in (sentences(plan.summary), view.rollback_text, plan.digest):
        assert text in out


def test_a_plan_that_cannot_be_executed_says_why_and_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod", plan=make_advice()) == 1
    out = capsys.readouterr().out
    assert "Blocks, API server access: The API server has authorized IP ranges" in out
    assert "Egress IPs" not in out


def test_advice_shows_its_command_what_cannot_be_undone_and_what_stands_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = every_answer()
    relief = answers["relieve_load_balancer"]
    assert run("plan", "--cluster", "shop-prod", "--kind", "relieve_load_balancer", plan=relief) == 1
    out = capsys.readouterr().out
    assert f"By hand\n  {relief.commands[0]}" in out
    assert "What can't be undone\n  Each change of the allocation drops open connections" in out
    assert f"by hand: {relief.rollback_commands[0]}" in out
    assert run("plan", "--cluster", "shop-prod", plan=answers["too_large"]) == 1
    assert "Related plan (--kind relieve_load_balancer): Load balancer relief" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "begins"), [("az", "az network"), ("terraform", "resource "), ("bicep", "// ")])
def test_the_same_change_as_code_and_nothing_else(form: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod", "--as", form) == 0
    out = capsys.readouterr().out
    assert out.startswith(begins)
    assert "Checks" not in out


def test_advice_has_nothing_to_write_as_terraform(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod", "--as", "terraform", plan=make_advice()) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing to write as terraform" in printed.err


def test_not_snat_needs_no_attention() -> None:
    assert run("plan", "--cluster", "shop-prod", plan=every_answer()["not_snat"]) == 0


def test_an_unknown_kind_of_plan_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod", "--kind", "magic") == 2
    assert "relieve_load_balancer" in capsys.readouterr().err


def test_plan_in_json_is_the_answer_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--cluster", "shop-prod", "--json") == 0
    assert json.loads(capsys.readouterr().out)["digest"] == make_plan().digest


def test_stop_is_kept_with_who_and_why_and_lifted_again() -> None:
    switch = FakeSwitch()
    assert run("stop", "--by", " Maria Ortega ", "--reason", "freeze", switch=switch) == 0
    assert switch.flag == StopFlag(True, "Maria Ortega", "freeze", NOW)
    assert run("resume-all", "--by", "Maria Ortega", switch=switch) == 0
    assert switch.flag == StopFlag(False, "Maria Ortega", "", NOW)


@pytest.mark.parametrize(
    "error",
    [
        NotFoundHere("no cluster 'x' that this app's identity may read"),
        BadInput("window is 0 minutes; it must be 1 to 1440"),
        Unavailable("GET /subscriptions", "the connection was\nrefused"),
    ],
)
def test_an_error_is_one_clear_line_and_exits_with_two(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    for arguments in (("check",), ("plan", "--cluster", "x")):
        assert run(*arguments, check=Check(error=error)) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == f"snatbot: {' '.join(str(error).split())}\n"


def test_a_stop_by_nobody_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    switch = FakeSwitch()
    assert run("stop", "--by", "  ", switch=switch) == 2
    assert "by is empty" in capsys.readouterr().err
    assert not switch.flag.is_set


def test_wrong_settings_are_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def misconfigured() -> App:
        raise MisconfiguredError({"WINDOW_MINUTES": "must be 1 to 60"})

    assert main(["check"], misconfigured) == 2
    assert capsys.readouterr().err == "snatbot: 1 setting(s) cannot be used: WINDOW_MINUTES: must be 1 to 60\n"


def test_settings_need_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    def never() -> App:
        raise AssertionError("the table is the same for everybody")

    assert main(["settings"], never) == 0
    assert capsys.readouterr().out == settings_document()


@pytest.mark.parametrize("arguments", [[], ["look"], ["plan"], ["stop"], ["check", "--window", "soon"]])
def test_wrong_usage_exits_with_two(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: snatbot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["settings"], 0, "| `REMEDIATION` | `off` |"),
        (["--help"], 0, "Exit codes"),
        (["stop", "--by", "Ada"], 2, "AzureWebJobsStorage"),
    ],
)
def test_it_runs_as_a_program(arguments: list[str], code: int, said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "shared.cli", *arguments], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_looking_needs_no_storage_and_everything_else_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shared.app._app", None)
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    monkeypatch.setenv("ARM_ENDPOINT", "https://127.0.0.1:9")
    assert main(["stop", "--by", "Ada"]) == 2
    assert "AzureWebJobsStorage: must be set" in capsys.readouterr().err
    monkeypatch.setattr("shared.app.App.check", Check(assessed(HEALTHY)))
    assert main(["check"]) == 0
