"""What people read while nobody decides: how bad it is, what waits, and that a plan is renewed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.chat import waiting_messages
from shared.model.change import ChangeState
from tests.support import nouns

S = ChangeState
URL = "https://snatbot.example.com/page"


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [
        (S.PROPOSED, "A plan waits for a decision until 2026-11-22 20:05 UTC: create NAT gateway", "Review and decide"),
        (S.STOPPED, "goes on only when a person says so. Subnet snet-user was changed", "Open the change"),
        (S.DENIED, "was denied by Maria Ortega at 2026-11-22 19:11 UTC. A new plan can be asked for", "Open the plan"),
        (S.EXPIRED, "The plan expired at 2026-11-22 20:05 UTC. A new plan can be asked for", "Open the plan"),
        (S.CANT_TELL, "It is: can't tell.", "Open the plan"),
    ],
)
def test_a_reminder_names_what_waits_and_leads_there(state: ChangeState, said: str, button: str) -> None:
    message = waiting_messages.incident_reminder(
        nouns.make_incident(), nouns.make_assessment(), nouns.make_change(state), URL
    )
    assert message.summary.startswith("2,207 of 23,765 new outbound connections failed (9.3 %)")
    assert said in message.sections[0].text
    assert [(one.text, one.url) for one in message.buttons] == [(button, URL)]


def test_a_reminder_without_a_page_has_no_button() -> None:
    incident, seen = nouns.make_incident(), nouns.make_assessment()
    assert waiting_messages.incident_reminder(incident, seen, nouns.make_change(), "").buttons == ()
    alone = waiting_messages.incident_reminder(incident, seen, None, "")
    assert "By hand" in [section.title for section in alone.sections]


@pytest.mark.parametrize("is_the_same", [True, False])
def test_a_renewal_says_that_the_old_plan_expired_and_whether_the_new_one_differs(is_the_same: bool) -> None:
    old, new = nouns.make_change(), replace(nouns.make_change(), id="chg-new")
    if not is_the_same:
        new = replace(new, plan=replace(new.plan, digest="1" * 64))
    incident = replace(nouns.make_incident(), evidence="40 % of the connections failed")
    message = waiting_messages.change_renewed(old, new, incident, URL)
    assert message.summary.startswith("Nobody decided before 2026-11-22 20:05 UTC, and the plan expired. ")
    assert ("the same plan, renewed" in message.summary) is is_the_same
    assert ("has changed" in message.title) is not is_the_same
    assert message.sections[0].text == "40 % of the connections failed."
    assert [one.url for one in message.buttons] == [URL]


@pytest.mark.parametrize("is_tried_again", [True, False])
def test_that_a_plan_expired_is_said_with_the_page_that_asks_again(is_tried_again: bool) -> None:
    message = waiting_messages.change_expired(nouns.make_change(S.EXPIRED), URL, is_tried_again=is_tried_again)
    assert message.summary == (
        "Expired. Nobody decided in time. Nothing was changed. A new plan can be asked for on its page."
    )
    assert ("tries again" in str(message.sections)) is is_tried_again
    assert [one.url for one in message.buttons] == [URL]
