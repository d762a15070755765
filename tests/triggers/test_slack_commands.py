"""What the worker does for people of every kind, without a network: Slack says who they are, and takes the answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import shared.app
from shared.app import App
from shared.chat import slack
from shared.chat.errors import ChatUnavailable
from shared.ids import new_id
from shared.model.audit import AuditLine
from shared.model.identity import Role
from shared.model.slack import SlackAccount, SlackLink, SlackRequest
from shared.model.text import Text
from shared.settings import load_settings
from shared.store.table import Table
from shared.triggers import slack_commands
from tests.support.nouns import NOW

pytestmark = pytest.mark.azurite
TENANT = "99999999-9999-4999-8999-999999999999"
OLGA = SlackAccount(
    "T01",
    "U01",
    "0a0a0a0a-0000-4000-8000-000000000002",
    TENANT,
    "Olga",
    frozenset({Role.OPERATE}),
    NOW,
    False,
    NOW + timedelta(days=30),
)


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    wall = now

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


@dataclass
class Room:
    """Slack: who is a member, and what it was sent."""

    app: App
    clock: Clock
    members: dict[str, str] = field(default_factory=lambda: {"U01": "Olga B."})
    sent: list[dict[str, Any]] = field(default_factory=list)

    def member_name(self, team: str, user: str) -> str:
        return self.members.get(user, "")

    def post(self, url: str, payload: dict[str, Any]) -> None:
        assert url == "https://hooks.slack.com/commands/1"
        self.sent.append(payload)

    def ask(self, text: str, user: str = "U01", team: str = "T01") -> str:
        key = new_id(32)
        request = SlackRequest(team, user, text, "https://hooks.slack.com/commands/1", self.clock.at)
        assert self.app.stored_slack_requests.add(key, request)
        slack_commands.answer(self.app, key)
        slack_commands.answer(self.app, key)  # the queue delivers at least once
        assert self.sent[-1]["response_type"] == "ephemeral"
        return str(self.sent[-1])

    def link(self, account: SlackAccount = OLGA) -> None:
        token = new_id(43)
        accounts = self.app.slack_accounts
        accounts.ask(token, SlackLink(account.team, account.user, "Olga B.", self.clock.at))
        line = AuditLine(new_id(), self.clock.at, "Olga", "Slack account linked", "U01", "")
        assert accounts.link(token, account, line)
        assert not accounts.link(token, account, line), "a link works once"

    @property
    def is_stopped(self) -> bool:
        return self.app.stop_switch.stop_flag().is_set

    def refused(self) -> list[str]:
        return [line.actor for line in self.app.records.audit("audit") if line.event == "attempt refused"]


@pytest.fixture
def room(table: Table, monkeypatch: pytest.MonkeyPatch) -> Room:
    environment = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "PUBLIC_BASE_URL": "https://bot.example.com",
        "ENTRA_TENANT_ID": TENANT,
        "ENTRA_CLIENT_ID": "aaaaaaaa-0000-4000-8000-0000000000b1",
        "SIGNING_KEYS": "k" * 32,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_CHANNEL": "C01",
        "SLACK_SIGNING_SECRET": "s",
        "SLACK_TEAM_ID": "T01",
        "SLACK_APP_ID": "A01",
    }
    clock = Clock()
    app = App(load_settings(environment), clock)
    found = Room(app, clock)
    vars(app).update(table=table, slack_api=lambda: found)
    app.stop_switch.begin(NOW)
    monkeypatch.setattr(slack, "post", found.post)
    monkeypatch.setattr(shared.app, "_app", app)
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
