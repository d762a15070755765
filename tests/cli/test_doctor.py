"""``snatbot doctor``: a line a check with hint and link, and an exit code that only failures raise."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import cast

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.errors import MisconfiguredError
from shared.flows.doctor.run import Category
from shared.model.check import Check, CheckId, CheckResult
from shared.model.text import Text

OK = Check(CheckId.CLOCK, CheckResult.PASS, Text("by identity, without a key"))
ODD = Check(CheckId.METRICS, CheckResult.WARN, Text("\x1b[2Jodd"), Text("look"))
DARK = Check(CheckId.HEALTH_EVENTS, CheckResult.COULD_NOT_CHECK, Text("not set: {settings}", settings="WORKSPACE_ID"))
BROKEN = Check(CheckId.WEBHOOK, CheckResult.BLOCK, Text("dead"), Text("set it"))


def run(*arguments: str, checks: tuple[Check, ...] = (), before: tuple[Check, ...] = ()) -> int:
    doctor = SimpleNamespace(
        examine=lambda: (Category(Text("Azure"), checks),),
        examine_before=lambda: (Category(Text("Before installing"), before),),
    )
    settings = SimpleNamespace(people_sign_in=False, has_storage=True)
    return main(("doctor", *arguments), lambda: cast(App, SimpleNamespace(doctor=doctor, settings=settings)))


def test_each_check_is_a_line_and_a_hint_follows_what_is_not_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(checks=(OK, ODD, DARK, BROKEN)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Azure",
        "√ clock: by identity, without a key",
        "‼ metrics: [2Jodd",
        "    look",
        "    https://learn.microsoft.com/azure/azure-monitor/metrics/migrate-to-batch-api",
        "? health events: not measured: not set: WORKSPACE_ID",
        "    https://learn.microsoft.com/azure/load-balancer/load-balancer-health-event-logs",
        "× webhook: dead",
        "    set it",
        "    docs/telling.md",
        "",
        "1 failed, 1 to look at, 1 not measured, 1 ok",
    ]


@pytest.mark.parametrize(("checks", "code"), [((OK,), 0), ((ODD, DARK), 0), ((OK, BROKEN), 1)])
def test_only_a_failure_changes_the_exit_code(checks: tuple[Check, ...], code: int) -> None:
    assert run(checks=checks) == code
    assert run("--pre", before=checks) == code


def test_json_is_the_answer_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-o", "json", "--lang", "es", checks=(DARK,)) == 0
    (category,) = json.loads(capsys.readouterr().out)["categories"]
    (check,) = category["checks"]
    assert (check["id"], check["status"], check["name"]) == ("health_events", "not_measured", "eventos de estado")


def test_settings_that_can_not_be_used_are_failed_checks(capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> App:
        raise MisconfiguredError({"SLACK_CHANNEL": "must be set", "AzureWebJobsStorage": "must be set"})

    assert main(("doctor",), make) == 1
    out = capsys.readouterr().out
    assert "× settings: SLACK_CHANNEL must be set\n    set SLACK_CHANNEL on the function app\n" in out
    assert out.endswith("2 failed, 0 to look at, 0 not measured, 0 ok\n")
