"""What the worker does for people of every kind, without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.app import App
from shared.chat.errors import ChatUnavailable
from shared.model.identity import Role
from shared.model.slack import SlackAccount
from shared.model.text import Text
from shared.settings import load_settings
from shared.store.table import Table
from tests.support.nouns import NOW
from tests.support.slack_worker import OLGA, SLACK, Clock, Room

pytestmark = pytest.mark.azurite


@pytest.fixture
def room(table: Table, monkeypatch: pytest.MonkeyPatch) -> Room:
    clock = Clock()
    found = Room(App(load_settings(SLACK), clock), clock)
    found.open(table, monkeypatch)
    return found


def test_an_answer_is_sent_once(room: Room) -> None:
    room.ask("help")
    assert len(room.sent) == 1


def test_an_unlinked_person_stops_nothing_and_gets_a_link(room: Room) -> None:
    said = room.ask("stop")
    assert "not linked with a work account" in said
    assert "https://bot.example.com/api/slack/link?t=" in said
    assert not room.is_stopped
    assert room.refused() == ["Slack user U01 of T01"]


def test_a_linked_operator_stops_until_the_role_is_older_than_eight_hours(room: Room) -> None:
    room.link()
    room.clock.at = NOW + timedelta(hours=8, seconds=1)
    said = room.ask("stop")
    assert "Your app roles were last seen at" in said and "/api/slack/link?t=" in said
    assert not room.is_stopped
    room.clock.at = NOW + timedelta(hours=8)
    room.ask("stop because of *x*")
    flag = room.app.stop_switch.stop_flag()
    assert flag.is_set
    assert (flag.by, flag.reason) == (
        "Olga (object id 0a0a0a0a-0000-4000-8000-000000000002, Slack session, no MFA evidence)",
        "because of *x*",
    )


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (replace(OLGA, ends_at=NOW), "not linked"),
        (replace(OLGA, user="U02"), "not linked"),
        (replace(OLGA, tenant_id="88888888-8888-4888-8888-888888888888"), "not linked"),
        (replace(OLGA, is_guest=True), "guest"),
        (replace(OLGA, roles=frozenset({Role.READ})), "lacks the app role Snat.Operate"),
    ],
)
def test_nobody_else_stops(room: Room, account: SlackAccount, says: str) -> None:
    room.link(account)
    assert says in room.ask("stop")
    assert not room.is_stopped


@pytest.mark.parametrize(("user", "team"), [("U02", "T01"), ("U01", "T02")])
def test_a_linked_account_that_is_no_member_any_more_does_nothing(room: Room, user: str, team: str) -> None:
    room.link()
    room.link(replace(OLGA, user="U02"))
    assert "Only members" in room.ask("stop", user, team)
    assert not room.is_stopped
    assert room.refused() == [f"Slack user {user} of {team}"]


def test_nothing_is_done_while_slack_does_not_say_who_it_is(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.link()

    def unreachable(team: str, user: str) -> str:
        raise ChatUnavailable("slack", Text("no answer within 10 s"))

    monkeypatch.setattr(room, "member_name", unreachable)
    assert "Slack does not say who you are" in room.ask("stop")
    assert not room.is_stopped


def test_a_row_that_this_app_did_not_write_links_nobody(room: Room, table: Table) -> None:
    room.link()
    forged = App(room.app.settings.model_copy(update={"signing_keys": None}), room.clock)
    vars(forged).update(table=table)
    Room(forged, room.clock).link(replace(OLGA, roles=frozenset(Role)))
    assert "does not carry this app's signature" in room.ask("stop")
    assert not room.is_stopped
