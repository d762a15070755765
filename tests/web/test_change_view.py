"""The page of a change: all that an approver must know is on it, and nothing in it can harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.formatting import utc
from shared.model.change import Action, Approval, Change, ChangeState
from shared.model.finding import FindingKind
from shared.model.incident import Incident
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.web.change_view import LinkedChange
from shared.web.pages import SignedIn, change_page
from tests.support import nouns
from tests.support.html_page import FORM, NOW, Page

INCIDENT = nouns.make_incident()


def page(change: Change | None = None, incident: Incident | None = INCIDENT, **options: Any) -> Page:
    given_options: dict[str, Any] = {"form": FORM, "now": NOW}
    shown = replace(change or nouns.make_change(), reason=incident)
    return Page(change_page(shown, **(given_options | options)))


def test_it_shows_the_exact_plan() -> None:
    text = page().text
    for part in (
        "Waiting for approval",
        "Create NAT gateway ng-shop-prod-1 with 2 public IP",
        "Standard, westeurope, TCP idle timeout 30 minutes, 2 public IPs, resource group rg-network",
        "Subnet snet-user NAT gateway: none → , then ng-shop-prod-1 Keeps addressPrefix",
        "The load balancer, its rules and its public IPs",
        "Now: 20.50.10.7",
        "Then: pip-shop-prod-1 pip-shop-prod-2",
        "21,430 ports × 2 headroom ÷ 64,512 per public IP → 1",
        "Cost per month: unknown here.",
        "A rollback takes the NAT gateway off the subnets again",
        "Asked for by snatbot",
        f"Digest of the plan {nouns.make_plan().digest}",
    ):
        assert part in text


def test_it_says_why_with_the_failing_nodes() -> None:
    text = page().text
    assert "2,207 new outbound connections failed on 3 nodes in 15 minutes: SNAT ports ran out." in text
    assert "aks-user-38166372-vmss000000 10.224.0.4 · user 1,204 18.2 % 12" in text


def test_trouble_without_a_failed_connection_is_not_told_as_one() -> None:
    incident = replace(
        nouns.make_incident(nodes=()),
        kinds=(FindingKind.PORT_PRESSURE, FindingKind.ALLOCATION_CLIFF),
        failed=0,
        last_failed_at=None,
        evidence=Text("node aks-user-38166372-vmss000000 uses 94 % of its 1,024 TCP ports"),
    )
    text = page(incident=incident).text
    assert "SNAT port shortage. Node aks-user-38166372-vmss000000 uses 94 % of its 1,024 TCP ports. First seen" in text
    assert "Also: A coming cut of SNAT ports." in text
    assert "SNAT ports ran out" not in text


def test_checks_show_what_is_wrong_first_with_remedy_and_source() -> None:
    text = page().text
    warned, passed = text.index("Warning Existing connections"), text.index("2 passed")
    assert warned < passed
    assert "Choose a quiet hour if that hurts. Azure docs: nat-gateway/nat-overview" in text
    blocked = page(nouns.make_change(plan=nouns.make_advice()), form=None).text
    assert "Blocks API server access" in blocked
    assert "Could not check Subnets" in blocked


def test_every_step_is_listed_and_shows_how_far_it_has_come() -> None:
    text = page(nouns.make_change(ChangeState.APPLYING), journal=nouns.make_journal(), form=None).text
    assert "Associate subnet snet-user with ng-shop-prod-1 Done , 2026-11-22 19:16 UTC. Subnet snet-user has" in text
    assert "Watch subnet snet-system until its connections leave through the gateway Why this size" in text


def test_new_egress_addresses_are_shown_as_soon_as_they_are_known() -> None:
    assert (
        "Then: 20.61.0.1 20.61.0.2" in page(nouns.make_change(ChangeState.APPLYING), journal=nouns.make_journal()).text
    )


def test_the_form_offers_each_action_once_with_its_tokens() -> None:
    shown = page()
    (form,) = shown.all("form")
    assert form == {"method": "post", "id": "decide"}
    fields = {one["name"]: one for one in shown.all("input")}
    assert fields["t"]["value"] == "link-token"
    assert fields["csrf"]["value"] == "form-token"
    assert "required" in fields["name"]
    assert [one["for"] for one in shown.all("label")] == [fields["name"]["id"]]
    buttons = [(one.get("name"), one.get("value")) for one in shown.all("button") if "disabled" not in one]
    assert buttons == [("action", "approve"), ("action", "deny")]


def test_the_name_is_asked_only_of_people_who_are_not_signed_in() -> None:
    person = SignedIn("Maria Ortega", "https://bot.example.com/api/sign-out", "sign-out-token")
    signed_in = page(form=replace(FORM, asks_name=False), signed_in=person)
    assert "name" not in {one["name"] for one in signed_in.all("input")}
    assert "Signed in as Maria Ortega" in signed_in.text
    assert signed_in.all("form")[1]["action"] == person.sign_out_url
    assert "recorded as unverified" in page().text


def test_without_a_form_nothing_can_be_sent_and_the_page_says_why() -> None:
    shown = page(form=None, notice="This app only watches: REMEDIATION is off.")
    assert not shown.all("form")
    assert not shown.all("button")
    assert "This app only watches: REMEDIATION is off." in shown.text
    assert "Nothing can be decided here." in page(form=None).text


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ((Action.RESUME, Action.ROLL_BACK), "Resume Ask for a rollback"),
        ((Action.STOP, Action.ROLL_BACK), "Stop Ask for a rollback"),
    ],
)
def test_what_else_can_be_done_is_offered(actions: tuple[Action, ...], words: str) -> None:
    shown = page(nouns.make_change(ChangeState.STOPPED), form=replace(FORM, actions=actions))
    assert words in shown.text
    assert "Nothing is taken back before that one is approved." in shown.text
    assert "Stopped Subnet snet-user was changed by someone else after the approval." in shown.text


def test_the_expiry_is_told_with_what_is_left() -> None:
    assert "Decide within 52 minutes, before 2026-11-22 20:05 UTC." in page().text
    assert "Decide before 2026-11-22 20:05 UTC." in page(now=None).text
    assert "Expired at 2026-11-22 20:05 UTC." in page(now=nouns.NOW + timedelta(hours=2), form=None).text
    assert "Decide" not in page(nouns.make_change(ChangeState.APPROVED), form=None).text


def test_a_decision_and_a_verdict_are_shown() -> None:
    text = page(nouns.make_change(ChangeState.FIXED), form=None, journal=nouns.make_journal()).text
    assert "Approved by Maria Ortega, 2026-11-22 19:11 UTC" in text
    assert "Verdict: Fixed No failed connection in 10 measured minutes" in text
    assert "Data path availability: 100.0 %" in text
    assert "Denied by Maria Ortega" in page(nouns.make_change(ChangeState.DENIED), form=None).text


RUNNING = (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.VERIFYING)


@pytest.mark.parametrize("state", ChangeState)
def test_no_page_reloads_itself_and_a_running_one_has_a_link_to(state: ChangeState) -> None:
    shown = page(nouns.make_change(state), form=None, link="?t=token")
    assert [one for one in shown.all("meta") if "http-equiv" in one] == []
    assert ({"href": "?t=token"} in shown.all("a")) == (state in RUNNING)


def test_how_far_a_change_is_stands_at_the_top() -> None:
    def text(state: ChangeState, step: int, **fields: Any) -> str:
        change = replace(nouns.make_change(state), step=step, **fields)
        return page(change, form=None, journal=nouns.make_journal()).text.partition("Why")[0]

    associate = "Associate subnet snet-user with ng-shop-prod-1"
    assert f"Step 4 of 7: {associate} – Subnet snet-user has" in text(ChangeState.APPLYING, 3)
    assert "Step 1 of 7: Create public IP pip-shop-prod-1 – " in text(ChangeState.APPLYING, 0)
    assert "Next is step 1 of 7" in text(ChangeState.APPROVED, 0)
    assert "Change chg-2 is at work." in text(ChangeState.APPROVED, 0, waits_for="change chg-2 is at work")
    assert f"It stopped at step 4 of 7: {associate}" in text(ChangeState.STOPPED, 3)
    assert "All steps are done." in text(ChangeState.VERIFYING, 7)
    assert "of 7:" not in text(ChangeState.FIXED, 7)


def test_a_change_that_was_rolled_back_says_so_and_leads_there() -> None:
    back = nouns.make_change(ChangeState.ROLLED_BACK, replace(nouns.make_plan(), kind=PlanKind.DETACH_NAT_GATEWAY))
    shown = page(nouns.make_change(ChangeState.FIXED), form=None, follow_ups=[LinkedChange(back, "https://bot/back")])
    assert "Fixed Rolled back since" in shown.text
    assert "What followed Rollback : rolled back, proposed 2026-11-22 19:05 UTC" in shown.text
    assert {"href": "https://bot/back"} in shown.all("a")
    proposed = replace(back, state=ChangeState.PROPOSED)
    shown = page(
        nouns.make_change(ChangeState.FIXED), form=None, follow_ups=[LinkedChange(proposed, "https://bot/back")]
    )
    assert "Rolled back since" not in shown.text
    assert "Rollback : waiting for approval" in shown.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PlanKind.DETACH_NAT_GATEWAY, "Takes back change chg-19c2 : fixed, proposed 2026-11-22 19:05 UTC"),
        (PlanKind.DELETE_NAT_GATEWAY, "Deletes what is left of change chg-19c2 : fixed, proposed"),
    ],
)
def test_a_change_about_another_leads_to_it(kind: PlanKind, words: str) -> None:
    about = nouns.make_change(plan=replace(nouns.make_plan(), kind=kind, of_change_id="chg-19c2"))
    original = LinkedChange(nouns.make_change(ChangeState.FIXED), "https://bot/first")
    shown = page(about, original=original)
    assert words in shown.text
    assert {"href": "https://bot/first"} in shown.all("a")
    assert "https://bot/first" not in [anchor["href"] for anchor in page(about).all("a")]


def test_on_a_phone_the_jump_says_what_it_leads_to() -> None:
    assert "Go to the decision" in page().text
    running = page(nouns.make_change(ChangeState.APPLYING), form=replace(FORM, actions=(Action.STOP,))).text
    assert "Go to what you can do" in running
    assert "Go to the decision" not in running


def test_every_time_is_marked_as_one_that_does_not_break() -> None:
    shown = page(nouns.make_change(ChangeState.STOPPED), journal=nouns.make_journal(), form=None)
    assert len(shown.all("time")) == shown.text.count(" UTC") > 5


def test_a_roll_back_says_what_it_takes_away_and_what_stays() -> None:
    attach = nouns.make_plan()
    plan = replace(
        attach,
        kind=PlanKind.DETACH_NAT_GATEWAY,
        steps=(AssociateSubnet(ArmId(nouns.SUBNETS[0]), nouns.GATEWAY, None, {"addressPrefix": "10.0.0.0/16"}),),
        of_change_id="chg-1",
    )
    text = page(nouns.make_change(plan=plan)).text
    assert "Rollback on shop-prod" in text
    assert "NAT gateway: ng-shop-prod-1 → , then none" in text
    assert "Takes back change chg-1" in text
    assert "The NAT gateway and its public IPs" in text


@pytest.mark.parametrize("number", [0, 1, 10, 11, 100])
def test_any_number_of_nodes_is_shown_in_full(number: int) -> None:
    shown = page(incident=nouns.make_incident(nodes=nouns.make_nodes(number)))
    assert sum("vmss0" in word for word in shown.words) == number
    assert (f"{number - 10} more node" in shown.text) == (number > 10)


def test_the_first_of_two_approvals_is_shown_with_who_gave_it() -> None:
    approval = Approval("a", "Ada (object id a, signed in)", "policy 1", NOW, "signature")
    text = page(replace(nouns.make_change(), approvals=(approval,))).text
    assert f"1 of 2 approvals, by Ada (object id a, signed in), {utc(NOW)}" in text


def test_a_page_of_link_mode_says_that_approvals_are_unverified() -> None:
    assert "Approvals here are unverified" in page(is_unverified=True).text
    assert "Approvals here are unverified" not in page().text
