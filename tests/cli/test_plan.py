"""``snatbot plan``: as text, as JSON and as code."""

from __future__ import annotations

import json

import pytest

from shared.chat.labels import CHECK_LABELS, describe_check
from shared.formatting import capital, sentences
from shared.web.plan_view import plan_view
from tests.support.advised import every_answer
from tests.support.every import every
from tests.support.nouns import make_advice, make_plan
from tests.support.terminal import run


def test_plan_shows_all_that_its_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", "--all") == 0
    out = capsys.readouterr().out
    plan, view = make_plan(), plan_view(make_plan())
    assert "subnet snet-user: NAT gateway none → ng-shop-prod-1" in out, "before and after"
    assert "Now: 20.50.10.7" in out
    assert plan.demand is not None
    for texts in (plan.commands, plan.rollback_commands, view.kept, plan.demand.arithmetic, plan.notes):
        assert texts
        assert every(capital(text) in out for text in texts)
    for check in (*view.concerns, *view.passed):
        assert f"{CHECK_LABELS[check.result]}, {capital(check.name)}: {describe_check(check)}" in out
        assert f"source: {check.source}" in out
    for text in (sentences(plan.summary), view.rollback_text, plan.digest):
        assert text in out


def test_plan_folds_what_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod") == 0
    out, view = capsys.readouterr().out, plan_view(make_plan())
    assert f"{len(view.passed)} checks passed; `--all` shows them" in out
    assert not any(describe_check(check) in out for check in view.passed)
    assert every(describe_check(check) in out for check in view.concerns)


def test_a_plan_that_cannot_be_executed_says_why_and_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", plan=make_advice()) == 1
    out = capsys.readouterr().out
    assert "Blocks, API server access: The API server has authorized IP ranges" in out
    assert "Egress IPs" not in out


def test_advice_shows_its_command_what_cannot_be_undone_and_what_stands_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = every_answer()
    relief = answers["relieve_load_balancer"]
    assert run("plan", "shop-prod", "--kind", "relieve_load_balancer", plan=relief) == 1
    out = capsys.readouterr().out
    assert f"By hand\n  # Azure CLI 2.56 or later\n  {relief.commands[0]}" in out
    assert "What can't be undone\n  Each change of the allocation drops open connections" in out
    assert f"  By hand:\n  # Azure CLI 2.56 or later\n  {relief.rollback_commands[0]}" in out
    assert run("plan", "shop-prod", plan=answers["too_large"]) == 1
    assert "Related plan (--kind relieve_load_balancer): Load balancer relief" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "begins"), [("az", "# Azure CLI 2.56 or later\naz network"), ("terraform", "resource "), ("bicep", "// ")]
)
def test_the_same_change_as_code_and_nothing_else(form: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", "--as", form) == 0
    out = capsys.readouterr().out
    assert out.startswith(begins)
    assert "Checks" not in out


def test_advice_has_nothing_to_write_as_terraform(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", "--as", "terraform", plan=make_advice()) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing to write as terraform" in printed.err


def test_not_snat_needs_no_attention() -> None:
    assert run("plan", "shop-prod", plan=every_answer()["not_snat"]) == 0


def test_an_unknown_kind_of_plan_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", "--kind", "magic") == 2
    assert "relieve_load_balancer" in capsys.readouterr().err


def test_plan_in_json_is_the_answer_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "shop-prod", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["digest"] == make_plan().digest
