"""Clicks on a plan that waits: who may decide in chat, what is recorded, and what changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import shared.app
from shared.app import App
from shared.auth.signing import LinkTarget
from shared.chat.message import Click, Message, MessageKind, Tone
from shared.ids import cluster_key
from shared.model.change import Change, ChangeState
from shared.model.identity import Role
from shared.model.plan import PlanKind
from shared.model.text import Text
from shared.settings import load_settings
from shared.store.records import Put
from shared.store.table import Table
from tests.support.nouns import NOW, make_change, make_plan
from tests.support.slack_worker import OLGA, SLACK, Clock, Room

pytestmark = pytest.mark.azurite
ADA = replace(OLGA, object_id="0a0a0a0a-0000-4000-8000-000000000001", name="Ada", roles=frozenset({Role.APPROVE}))
RULE: dict[str, Any] = {"clusters": "all", "kinds": "all", "who": ["Snat.Approve"], "where": ["page", "chat"]}
SOON = NOW + timedelta(minutes=1)


def room_with(table: Table, monkeypatch: pytest.MonkeyPatch, change: Change, **rule: Any) -> Room:
    environment = {
        **SLACK,
        "REMEDIATION": "on",
        "REMEDIATOR_CLIENT_ID": "writer",
        "APPROVAL_POLICY": json.dumps([{**RULE, **rule}]),
    }
    room = Room(App(load_settings(environment), clock := Clock(SOON)), clock)
    room.open(table, monkeypatch)
    room.app.records.commit_in(cluster_key(change.cluster_id), [Put(change)])
    return room


def buttons(room: Room, change: Change) -> dict[str, Click]:
    message = Message(
        Text("x"), Text("y"), Tone.WARNING, kind=MessageKind.APPROVAL_WANTED, subject=change.incident_id or change.id
    )
    decisions = room.app.deliver._decisions
    assert decisions is not None
    return {click.action: click for click in decisions(cluster_key(change.cluster_id), message)}


def stored(room: Room, change: Change) -> Change:
    found = room.app.records.change(cluster_key(change.cluster_id), change.id)
    assert found is not None
    return found.value


def test_an_approval_in_chat_is_recorded_as_one_without_proof_of_a_second_factor(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = make_change(ChangeState.PROPOSED)
    room = room_with(table, monkeypatch, change)
    room.link(ADA)
    approve = buttons(room, change)["snat_approve"]
    for address in (*change.plan.egress_now[:1], *change.plan.egress_then[:1]):
        assert address in approve.meaning
    assert "approved" in room.ask(approve.value, action=approve.action)
    decision = stored(room, change).decision
    assert decision is not None
    assert decision.approver == f"Ada (object id {ADA.object_id}, Slack session, no MFA evidence)"
    assert (len(room.advanced), len(room.delivered)) == (1, 1)
    assert buttons(room, stored(room, change)) == {}
    again = room.ask(approve.value, action=approve.action)
    assert "Already decided: approved by Ada" in again
    assert len(room.advanced) == 1


def test_a_denial_needs_no_rule_for_chat(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    change = make_change(ChangeState.PROPOSED)
    room = room_with(table, monkeypatch, change, where=["page"])
    room.link(OLGA)
    offered = buttons(room, change)
    assert [*offered] == ["snat_deny"]
    room.ask(offered["snat_deny"].value, action="snat_deny")
    assert stored(room, change).state is ChangeState.DENIED
    assert len(room.delivered) == 1, "which rewrites the message"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"where": ["page"]}, PlanKind.ATTACH_NAT_GATEWAY),
        ({"where": ["page_with_step_up"]}, PlanKind.ATTACH_NAT_GATEWAY),
        ({"people": 2}, PlanKind.ATTACH_NAT_GATEWAY),
        ({}, PlanKind.DETACH_NAT_GATEWAY),
        ({}, PlanKind.DELETE_NAT_GATEWAY),
    ],
)
def test_what_is_not_for_chat_has_no_button_there_and_a_click_approves_nothing(
    table: Table, monkeypatch: pytest.MonkeyPatch, rule: dict[str, Any], kind: PlanKind
) -> None:
    change = make_change(ChangeState.PROPOSED)
    change = replace(change, plan=replace(change.plan, kind=kind))
    room = room_with(table, monkeypatch, change, **rule)
    room.link(ADA)
    offered = buttons(room, change)
    assert [*offered] == ["snat_deny"]
    assert "be approved in chat" in room.ask(offered["snat_deny"].value, action="snat_approve")
    assert stored(room, change) == change
    assert room.advanced == []
    assert room.refused() == ["Slack user U01 of T01"]


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (None, "not linked with a work account"),
        (OLGA, "lacks the app role Snat.Approve"),
        (replace(ADA, roles_as_of=SOON - timedelta(hours=8, seconds=1)), "Your app roles were last seen"),
        (replace(ADA, is_guest=True), "guest"),
    ],
)
def test_who_is_not_entitled_approves_nothing_and_reads_why(
    table: Table, monkeypatch: pytest.MonkeyPatch, account: Any, says: str
) -> None:
    change = make_change(ChangeState.PROPOSED)
    room = room_with(table, monkeypatch, change)
    if account:
        room.link(account)
    assert says in room.ask(buttons(room, change)["snat_approve"].value, action="snat_approve")
    assert stored(room, change) == change
    assert room.refused() == ["Slack user U01 of T01"]


def test_a_person_whom_a_rule_names_needs_no_fresh_role(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    change = make_change(ChangeState.PROPOSED)
    room = room_with(table, monkeypatch, change, who=[ADA.object_id])
    room.link(replace(ADA, roles=frozenset(), roles_as_of=SOON - timedelta(days=29)))
    assert "approved" in room.ask(buttons(room, change)["snat_approve"].value, action="snat_approve")


def test_a_button_of_another_plan_or_of_nobody_decides_nothing(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    change = make_change(ChangeState.PROPOSED)
    room = room_with(table, monkeypatch, change)
    room.link(ADA)
    other = LinkTarget(cluster_key(change.cluster_id), change.id, make_plan().digest + "x")
    assert "The plan has changed" in room.ask(room.app.signer.link_token(other), action="snat_approve")
    assert "not made by this app" in room.ask("guessed", action="snat_approve")
    token = buttons(room, change)["snat_deny"].value
    assert "no such button" in room.ask(token, action="snat_roll_back")
    assert "No such cluster" in room.ask(token, action="snat_silence")
    assert room.refused() == ["Slack user U01 of T01"], "the button that this app did not make"
    assert stored(room, change) == change


def test_lifting_the_stop_needs_a_rule_for_chat(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_with(table, monkeypatch, make_change(ChangeState.PROPOSED))
    room.link(ADA)
    room.ask("stop")
    assert room.is_stopped
    room.ask("resume all is well")
    assert not room.is_stopped


def test_without_such_a_rule_the_stop_is_not_lifted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_with(table, monkeypatch, make_change(ChangeState.PROPOSED), where=["page"])
    room.link(ADA)
    room.ask("stop")
    assert "No rule of APPROVAL_POLICY allows it in chat" in room.ask("resume")
    assert room.is_stopped
    assert shared.app.current() is room.app
