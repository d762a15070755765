"""The page of a plan that nobody decides on, and what stands beside a plan on a change's page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model.change import Change, ChangeState
from shared.model.plan import RelatedPlan
from shared.model.text import verbatim
from shared.web.pages import change_page, plan_page
from tests.support import nouns
from tests.support.advised import every_answer
from tests.support.html_page import FORM, NOW, Page

ANSWERS = every_answer()


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_shown_whole_with_nothing_to_press(kind: str) -> None:
    plan = ANSWERS[kind]
    shown = Page(plan_page(plan))
    assert plan.summary[1:] in shown.text
    for part in (*plan.commands, *plan.rollback_commands, plan.irreversible, *plan.notes):
        assert " ".join(part.split()) in shown.text.replace("  ", " ")
    assert "there is nothing to approve" in shown.text
    assert not shown.all("form")
    assert not shown.all("button")
    ids = [one["id"] for _, one in shown.elements if "id" in one]
    assert len(ids) == len(set(ids))


def test_what_to_run_comes_first_then_what_cannot_be_undone() -> None:
    text = Page(plan_page(ANSWERS["relieve_load_balancer"])).text
    places = [text.index(words) for words in ("What to run", "What can't be undone", "Checks", "Why this size")]
    assert places == sorted(places)
    assert "What was measured" in Page(plan_page(ANSWERS["align_outbound_type"])).text


def test_a_dry_run_of_an_executable_plan_says_that_it_is_one() -> None:
    shown = Page(plan_page(nouns.make_plan()))
    assert "Dry run" in shown.text
    assert "nothing can be approved here" in shown.text
    assert not shown.all("form")


def page(change: Change, link: str = "?t=token") -> Page:
    return Page(change_page(change, form=FORM, now=NOW, link=link))


def test_a_proposal_links_to_relief_and_a_proven_change_to_alignment() -> None:
    related = (*ANSWERS["too_large"].related, *_alignment())
    plan = replace(nouns.make_plan(), related=related)
    proposed = page(nouns.make_change(plan=plan))
    assert "Another way, without snatbot Load balancer relief for shop-prod" in proposed.text
    assert "?t=token&kind=relieve_load_balancer" in [one.get("href") for one in proposed.all("a")]
    assert "For you to do" not in proposed.text
    fixed = page(nouns.make_change(ChangeState.FIXED, plan))
    assert "For you to do Outbound type of shop-prod" in fixed.text
    assert "Another way" not in fixed.text
    unlinked = page(nouns.make_change(plan=plan), "")
    assert not any("kind=" in str(one.get("href")) for one in unlinked.all("a"))


def _alignment() -> tuple[RelatedPlan, ...]:
    found = ANSWERS["align_outbound_type"]
    return (RelatedPlan(found.kind, found.summary, found.commands),)


def test_a_withdrawn_proposal_says_why() -> None:
    reason = "withdrawn: the incident that it was for is over since 2026-11-22 19:40 UTC"
    change = replace(nouns.make_change(), state=ChangeState.SUPERSEDED, stop_reason=verbatim(reason))
    assert "Withdrawn: the incident that it was for is over" in page(change).text
