"""What people read while nobody decides: how bad it is, what waits, and that a plan is renewed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.chat import waiting_messages
from shared.model.change import ChangeState
from shared.model.text import Text
from tests.support import nouns

S = ChangeState
URL = "https://snatbot.example.com/page"


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [
        (S.PROPOSED, "A plan waits for a decision until 2026-11-22 20:05 UTC.", "Review plan"),
        (S.STOPPED, "goes on only when a person resumes it. Subnet snet-user was changed", "Open change"),
        (S.DENIED, "was denied by Maria Ortega at 2026-11-22 19:11 UTC. A new plan can be asked for", "Open plan"),
        (S.EXPIRED, "The plan expired at 2026-11-22 20:05 UTC. A new plan can be asked for", "Open plan"),
        (S.CANT_TELL, "newest change against it: can't tell.", "Open plan"),
    ],
)
def test_a_reminder_names_what_waits_and_leads_there(state: ChangeState, said: str, button: str) -> None:
    message = waiting_messages.incident_reminder(
        nouns.make_incident(), nouns.make_assessment(), nouns.make_change(state), URL
    )
    assert message.summary.startswith("2,207 of 23,765 new outbound connections failed (9.3 %)")
    assert said in message.sections[0].text
    opens, metrics = message.buttons
    assert (opens.text, opens.url, metrics.text) == (button, URL, "Metrics in the portal")
    if state is S.PROPOSED:
        assert message.sections[0].steps[0].startswith("Cure: create NAT gateway ng-shop-prod-1"), "with what it costs"


def test_a_reminder_without_a_page_has_no_button_to_it() -> None:
    incident, seen = nouns.make_incident(), nouns.make_assessment()
    (metrics,) = waiting_messages.incident_reminder(incident, seen, nouns.make_change(), "").buttons
    assert metrics.text == "Metrics in the portal"
    alone = waiting_messages.incident_reminder(incident, seen, None, "")
    assert "By hand" in [section.title for section in alone.sections]


@pytest.mark.parametrize("is_the_same", [True, False])
def test_a_renewal_says_that_the_old_plan_expired_and_whether_the_new_one_differs(is_the_same: bool) -> None:
    incident = replace(nouns.make_incident(), evidence=Text("40 % of the connections failed"))
    old, new = nouns.make_change(), replace(nouns.make_change(), id="chg-new", reason=incident)
    if not is_the_same:
        new = replace(new, plan=replace(new.plan, digest="1" * 64))
    message = waiting_messages.change_renewed(old, new, URL)
    assert message.summary.startswith("Nobody decided before 2026-11-22 20:05 UTC, and the plan expired. ")
    assert ("the same plan, renewed" in message.summary) is is_the_same
    assert ("has changed" in message.title) is not is_the_same
    assert "40 % of the connections failed." in message.summary
    assert message.buttons[0].url == URL


@pytest.mark.parametrize("is_tried_again", [True, False])
def test_that_a_plan_expired_is_said_with_the_page_that_asks_again(is_tried_again: bool) -> None:
    message = waiting_messages.change_expired(nouns.make_change(S.EXPIRED), URL, is_tried_again=is_tried_again)
    assert message.summary == (
        "Expired. Nobody decided in time. Nothing was changed. A new plan can be asked for on its page."
    )
    assert ("tries again" in str(message.sections)) is is_tried_again
    assert [one.url for one in message.buttons] == [URL]
