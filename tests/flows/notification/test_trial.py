"""A test message shows what would go wrong at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shared.chat.channels import SlackBot
from shared.chat.errors import ChatRefused
from shared.chat.pager import Event, PagerDuty
from shared.flows.notification.trial import try_channel
from simulator.testing import RunningSimulator
from tests.faults.telling import place, slack, title_of

WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)


@pytest.fixture
def running() -> Iterator[RunningSimulator]:
    with slack() as simulator:
        yield simulator


def install(running: RunningSimulator, *scopes: str) -> SlackBot:
    manifest = {
        "display_information": {"name": "snatbot"},
        "features": {"bot_user": {"display_name": "snatbot"}},
        "oauth_config": {"scopes": {"bot": list(scopes)}},
    }
    token = running.install_slack_app(manifest)["bot_token"]
    return SlackBot(running.http_url + "/slack/api", token, place())


@pytest.mark.network
def test_a_bot_with_its_scopes_leaves_one_message(running: RunningSimulator) -> None:
    bot = install(running, "chat:write", "channels:history")
    try_channel("slack", bot, running.now())
    (message,) = running.chat(channel=bot.place)
    assert title_of(message) == "Test message from snatbot"


@pytest.mark.network
@pytest.mark.parametrize("missing", ["chat:write", "channels:history"])
def test_a_missing_scope_shows(running: RunningSimulator, missing: str) -> None:
    bot = install(running, *({"chat:write", "channels:history", "users:read"} - {missing}))
    with pytest.raises(ChatRefused, match=rf"missing_scope \(needs the scope .*{missing}"):
        try_channel("slack", bot, running.now())


def test_a_pager_hears_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Event] = []
    monkeypatch.setattr(PagerDuty, "send", lambda _, event, __: sent.append(event))
    try_channel("pager", PagerDuty("https://x.example", "key"), WALL)
    assert [event.action for event in sent] == ["trigger", "resolve"]
    assert len({event.subject for event in sent}) == 1
    assert len({event.id for event in sent}) == 2
