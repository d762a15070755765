"""The words about a change: asked, decided, each step, stopped, finished."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.chat import change_messages, outcome_messages
from shared.chat.labels import state_label
from shared.chat.message import Message, Section, Tone
from shared.model.change import FINAL_STATES, Change, ChangeState, Outcome, Verdict
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support import nouns
from tests.support.advised import FITTING, ask
from tests.support.every import every

URL = "https://snatbot.example.net/api/changes/chg-19c2?t=x"


RELATED = ask(None, FITTING[PlanKind.RELIEVE_LOAD_BALANCER]).related
PLAN = replace(nouns.make_plan(), related=RELATED)


def section(message: Message, heading: str) -> Section:
    return next(part for part in message.sections if part.title == heading)


def headings(message: Message) -> list[str]:
    return [part.title for part in message.sections]


def test_a_proposal_says_what_will_be_done_and_until_when_to_decide() -> None:
    message = change_messages.change_proposed(nouns.make_change(), URL)
    assert message.title == "Approval needed for shop-prod"
    assert message.summary.endswith("Nothing is changed until someone approves it.")
    assert dict[str, str](message.facts)["Decide before"] == "2026-11-22 20:05 UTC"
    choices, *details = message.sections
    assert choices.steps == (
        "Cure: create NAT gateway ng-shop-prod-1 with 2 public IPs and associate it with 2 subnets: snet-user, "
        "snet-system. Open connections may drop; egress IPs change (now 20.50.10.7, then pip-shop-prod-1 and "
        "pip-shop-prod-2); it can be rolled back.",
    )
    assert every(section.is_detail for section in details)
    assert "Subnets: snet-user and snet-system" in section(message, "The plan").bullets
    assert section(message, "What will be done").steps == (
        "Create public IP `pip-shop-prod-1`",
        "Create public IP `pip-shop-prod-2`",
        "Create NAT gateway `ng-shop-prod-1` with 2 public IPs",
        "Associate subnet `snet-user` with `ng-shop-prod-1`",
        "Watch subnet `snet-user` until its connections leave through the gateway",
        "Associate subnet `snet-system` with `ng-shop-prod-1`",
        "Watch subnet `snet-system` until its connections leave through the gateway",
    )
    assert section(message, "Please note").bullets[0].startswith("Open outbound connections may drop")
    assert section(message, "How to undo").text.startswith("A rollback takes the NAT gateway off")
    (button,) = message.buttons
    assert (button.text, button.url) == ("Review plan", URL)
    assert message.footer == "snatbot · change chg-19c2 · plan 4f1d6c0be7a9"


@pytest.mark.parametrize(
    ("state", "title", "summary"),
    [
        (
            ChangeState.APPROVED,
            "Plan for shop-prod approved",
            "Approved by Maria Ortega at 2026-11-22 19:11 UTC. The first step follows.",
        ),
        (
            ChangeState.DENIED,
            "Plan for shop-prod denied",
            "Denied by Maria Ortega at 2026-11-22 19:11 UTC. Nothing was changed.",
        ),
        (ChangeState.EXPIRED, "Plan for shop-prod expired", "Expired. Nobody decided in time. Nothing was changed."),
    ],
)
def test_a_decision_says_who_and_when(state: ChangeState, title: str, summary: str) -> None:
    message = change_messages.change_decided(nouns.make_change(state))
    assert (message.title, message.summary) == (title, summary)


@pytest.mark.parametrize(
    ("state", "button", "asks_again"),
    [(ChangeState.APPROVED, "Open change", False), (ChangeState.DENIED, "Open plan", True)],
)
def test_a_decision_leads_to_the_page_of_the_change(state: ChangeState, button: str, asks_again: bool) -> None:
    message = change_messages.change_decided(nouns.make_change(state), URL)
    assert (message.buttons[0].text, message.buttons[0].url) == (button, URL)
    assert ("can be asked for" in message.summary) == asks_again


def test_resuming_is_not_told_as_another_approval() -> None:
    message = change_messages.change_decided(replace(nouns.make_change(ChangeState.APPROVED), step=2))
    assert message.title == "Plan for shop-prod resumed"
    assert message.summary == "Resumed. It goes on with the step that stopped."


def test_a_wait_is_told_with_its_reason() -> None:
    change = nouns.make_change(ChangeState.APPLYING)
    message = change_messages.change_waiting(change, "waiting for AKS: shop-prod is Upgrading", "https://example.com/c")
    assert message.title == "The change on shop-prod waits"
    assert message.summary.startswith("Waiting for AKS: shop-prod is Upgrading. It goes on by itself")


def test_progress_names_the_step_and_what_was_read_back() -> None:
    message = change_messages.change_progress(nouns.make_change(ChangeState.APPLYING), nouns.make_journal()[3], URL)
    assert message.title == "shop-prod: step 4 of 7 done"
    assert message.summary == "Subnet snet-user has ng-shop-prod-1; every other property is as before."
    assert dict[str, str](message.facts)["At"] == "2026-11-22 19:16 UTC"
    assert message.buttons[0].url == URL


def test_progress_without_a_note_names_the_step() -> None:
    entry = replace(nouns.make_journal()[3], note=Text(""))
    summary = change_messages.change_progress(nouns.make_change(ChangeState.APPLYING), entry, URL).summary
    assert summary == "Associate subnet `snet-user` with `ng-shop-prod-1`", "no full stop to copy"


def test_progress_of_a_step_that_the_plan_does_not_have_is_no_crash() -> None:
    entry = replace(nouns.make_journal()[0], step=40, note=Text(""))
    assert "does not name" in change_messages.change_progress(nouns.make_change(), entry, URL).summary


def test_a_stop_says_why_and_what_was_done_and_what_not() -> None:
    message = change_messages.change_stopped(nouns.make_change(ChangeState.STOPPED), URL)
    assert message.tone is Tone.ALARM
    assert message.summary == "Subnet snet-user was changed by someone else after the approval."
    assert dict[str, str](message.facts)["Steps done"] == "4 of 7"
    now, done, not_done = message.sections
    assert (len(done.bullets), len(not_done.bullets)) == (4, 3)
    assert done.is_detail
    assert not_done.is_detail
    assert "resumes it, rolls it back or gives it up" in now.text


@pytest.mark.parametrize(
    ("state", "title", "tone", "sections"),
    [
        (
            ChangeState.FIXED,
            "Fixed: egress of shop-prod works through the NAT gateway",
            Tone.GOOD,
            ["Measured", "Please note"],
        ),
        (
            ChangeState.NOT_FIXED,
            "Not fixed: connections of shop-prod still fail",
            Tone.ALARM,
            ["Measured", "How to undo"],
        ),
        (ChangeState.CANT_TELL, "Can't tell whether shop-prod is fixed", Tone.WARNING, ["Measured", "How to undo"]),
        (ChangeState.ROLLED_BACK, "Rolled back on shop-prod", Tone.NEUTRAL, []),
        (ChangeState.FAILED, "The change on shop-prod failed", Tone.ALARM, ["How to undo"]),
    ],
)
def test_the_end_gives_the_verdict_with_its_figures(
    state: ChangeState, title: str, tone: Tone, sections: list[str]
) -> None:
    change = nouns.make_change(state)
    message = outcome_messages.change_finished(change, URL)
    assert (message.title, message.tone) == (title, tone)
    assert [section.title for section in message.sections] == sections
    if change.outcome:
        assert message.summary.lower() == f"{change.outcome.reason}.".lower()
        assert [bullet.lower() for bullet in message.sections[0].bullets] == [
            one.lower() for one in change.outcome.figures
        ]
    assert dict[str, str](message.facts)["Approved by"] == "Maria Ortega, 2026-11-22 19:11 UTC"


def test_a_fix_tells_the_new_egress_addresses() -> None:
    fixed = nouns.make_change(ChangeState.FIXED)
    assert (
        dict[str, str](outcome_messages.change_finished(fixed, URL, nouns.make_journal()).facts)["Egress IPs"]
        == "20.61.0.1 and 20.61.0.2"
    )
    assert (
        dict[str, str](outcome_messages.change_finished(fixed, URL).facts)["Egress IPs"]
        == "pip-shop-prod-1 and pip-shop-prod-2"
    )


def test_every_state_has_words() -> None:
    assert len({state_label(state) for state in ChangeState}) == len(ChangeState)
    for state in FINAL_STATES:
        assert outcome_messages.change_finished(nouns.make_change(state), URL).title


def rolled_back() -> Change:
    taken_off = replace(
        nouns.make_plan(),
        kind=PlanKind.DETACH_NAT_GATEWAY,
        steps=(AssociateSubnet(ArmId(nouns.SUBNETS[0]), nouns.GATEWAY, None, {}),),
        of_change_id="chg-1",
    )
    outcome = Outcome(Verdict.ROLLED_BACK, Text("every subnet is without the NAT gateway again"))
    return replace(nouns.make_change(ChangeState.ROLLED_BACK, taken_off), outcome=outcome)


def reserved() -> Change:
    plan = replace(nouns.make_plan(), kind=PlanKind.RESERVE_PUBLIC_IPS)
    return replace(nouns.make_change(ChangeState.DONE, plan), outcome=Outcome(Verdict.DONE, Text("reserved 20.61.0.1")))


def test_a_proposal_names_relief_as_another_choice_with_its_command_and_cost() -> None:
    choices = change_messages.change_proposed(nouns.make_change(plan=PLAN), URL).sections[0]
    assert "10,000 SNAT ports per node" in choices.steps[1]
    assert "open connections drop. The way back drops them too" in choices.steps[1]
    assert "egress IPs join the present ones (3 addresses that AKS makes)" in choices.steps[1]
    assert "--load-balancer-outbound-ports 10000" in choices.code
    alone = change_messages.change_proposed(nouns.make_change(), URL).sections[0]
    assert (len(alone.steps), alone.code) == (1, "")


def test_a_proven_change_leaves_the_alignment_to_a_person() -> None:
    message = outcome_messages.change_finished(nouns.make_change(ChangeState.FIXED, PLAN), URL)
    assert "userAssignedNATGateway" in section(message, "For you to do").text
    assert section(message, "For you to do").code.endswith("--outbound-type userAssignedNATGateway")
    assert "For you to do" not in headings(
        outcome_messages.change_finished(nouns.make_change(ChangeState.NOT_FIXED, PLAN), URL)
    )


@pytest.mark.parametrize(("change", "kept"), [(rolled_back(), "are kept, and paid for"), (reserved(), "not wanted")])
def test_what_is_left_can_be_deleted_from_the_message_by_a_plan_of_its_own(change: Change, kept: str) -> None:
    message = outcome_messages.change_finished(change, URL)
    assert kept in section(message, "What is left").text
    assert "names each public IP that is lost" in section(message, "What is left").text
    button = message.buttons[-1]
    assert (button.text, button.url) == ("Delete what is left", f"{URL}#decision")


def test_nothing_is_offered_for_deletion_that_is_in_use() -> None:
    message = outcome_messages.change_finished(nouns.make_change(ChangeState.FIXED), URL)
    assert [button.text for button in message.buttons] == ["Open change"]
