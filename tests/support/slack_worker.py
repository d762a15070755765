"""The worker that answers Slack, without a network: Slack says who people are, and takes the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

import shared.app
from shared.app import App
from shared.chat import slack
from shared.ids import new_id
from shared.model.audit import AuditLine
from shared.model.identity import Role
from shared.model.slack import SlackAccount, SlackLink, SlackRequest
from shared.store.table import Table
from shared.triggers import slack_commands
from tests.support.nouns import NOW

TENANT = "99999999-9999-4999-8999-999999999999"
SLACK = {
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
"""App settings with a slash command."""
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
    advanced: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)

    def member_name(self, team: str, user: str) -> str:
        return self.members.get(user, "")

    def post(self, url: str, payload: dict[str, Any]) -> None:
        assert url == "https://hooks.slack.com/commands/1"
        self.sent.append(payload)

    def ask(self, text: str, user: str = "U01", team: str = "T01", action: str = "") -> str:
        key = new_id(32)
        request = SlackRequest(team, user, text, "https://hooks.slack.com/commands/1", self.clock.at, action)
        assert self.app.stored_slack_requests.add(key, request)
        for _ in range(2):  # the queue delivers at least once
            slack_commands.answer(self.app, key, self.advanced.append, self.delivered.append)
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

    def open(self, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
        """Storage that the app uses, and Slack that it calls."""
        vars(self.app).update(table=table, slack_api=lambda: self)
        self.app.stop_switch.begin(NOW)
        monkeypatch.setattr(slack, "post", self.post)
        monkeypatch.setattr(shared.app, "_app", self.app)
