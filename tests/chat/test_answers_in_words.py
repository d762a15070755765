"""What stands beside a plan, what is left afterwards, and answers that are no change, as chat says them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.chat import change_messages, incident_messages
from shared.chat.message import Message, Section
from shared.model.change import Change, ChangeState, Outcome, Verdict
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.resource_id import ArmId
from tests.support import nouns
from tests.support.advised import FITTING, MANAGED, ask

URL = "https://bot.example.com/api/changes/chg-19c2?t=token"
RELATED = ask(None, FITTING[PlanKind.RELIEVE_LOAD_BALANCER]).related
PLAN = replace(nouns.make_plan(), related=RELATED)


def section(message: Message, heading: str) -> Section:
    return next(one for one in message.sections if one.title == heading)


def headings(message: Message) -> list[str]:
    return [one.title for one in message.sections]


def rolled_back() -> Change:
    taken_off = replace(
        nouns.make_plan(),
        kind=PlanKind.DETACH_NAT_GATEWAY,
        steps=(AssociateSubnet(ArmId(nouns.SUBNETS[0]), nouns.GATEWAY, None, {}),),
        of_change_id="chg-1",
    )
    outcome = Outcome(Verdict.ROLLED_BACK, "every subnet is without the NAT gateway again")
    return replace(nouns.make_change(ChangeState.ROLLED_BACK, taken_off), outcome=outcome)


def reserved() -> Change:
    plan = replace(nouns.make_plan(), kind=PlanKind.RESERVE_PUBLIC_IPS)
    return replace(nouns.make_change(ChangeState.DONE, plan), outcome=Outcome(Verdict.DONE, "reserved 20.61.0.1"))


def test_a_proposal_names_relief_as_another_way_with_its_commands() -> None:
    message = change_messages.change_proposed(nouns.make_change(plan=PLAN), URL)
    assert "10,000 SNAT ports a node" in section(message, "Another way, without snatbot").text
    assert "--load-balancer-outbound-ports 10000" in section(message, "Its commands").code
    assert "Another way, without snatbot" not in headings(change_messages.change_proposed(nouns.make_change(), URL))


def test_an_answer_without_approval_gives_command_what_cannot_be_undone_and_relief() -> None:
    message = incident_messages.incident_advised(nouns.make_incident(), ask(None, MANAGED))
    assert "managed NAT gateway" in message.summary
    assert "no direct way back" in section(message, "What can't be undone").text
    assert "--outbound-type managedNATGateway" in section(message, "Commands").code
    assert "--load-balancer-outbound-ports" in section(message, "Its commands").code
    assert message.buttons == ()


def test_a_proven_change_leaves_the_alignment_to_a_person() -> None:
    message = change_messages.change_finished(nouns.make_change(ChangeState.FIXED, PLAN), URL)
    assert "userAssignedNATGateway" in section(message, "For you to do").text
    assert section(message, "Its commands").code.endswith("--outbound-type userAssignedNATGateway")
    assert "For you to do" not in headings(
        change_messages.change_finished(nouns.make_change(ChangeState.NOT_FIXED, PLAN), URL)
    )


@pytest.mark.parametrize(("change", "kept"), [(rolled_back(), "are kept, and paid for"), (reserved(), "not wanted")])
def test_what_is_left_can_be_deleted_from_the_message_by_a_plan_of_its_own(change: Change, kept: str) -> None:
    message = change_messages.change_finished(change, URL)
    assert kept in section(message, "What is left").text
    assert "names each public IP that is lost" in section(message, "What is left").text
    button = message.buttons[-1]
    assert (button.text, button.url) == ("Delete what is left", f"{URL}#decision")


def test_nothing_is_offered_for_deletion_that_is_in_use() -> None:
    message = change_messages.change_finished(nouns.make_change(ChangeState.FIXED), URL)
    assert [button.text for button in message.buttons] == ["Open the change"]


def test_an_incident_that_is_over_says_that_its_plan_is_withdrawn() -> None:
    cleared = replace(nouns.make_incident(), cleared_at=nouns.NOW)
    assert (
        "withdrawn"
        in section(
            incident_messages.incident_cleared(cleared, nouns.NOW, is_withdrawn=True), "The plan that waited"
        ).text
    )
    assert "The plan that waited" not in headings(incident_messages.incident_cleared(cleared, nouns.NOW))
