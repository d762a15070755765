"""``snatbot test-message``: each channel is tried, and says what came of it and who uses it."""

from __future__ import annotations

import json

import pytest

from shared.app import App
from shared.chat.channels import Channel
from shared.chat.errors import ChatRefused
from shared.chat.message import Message
from shared.cli.__main__ import main
from shared.clock import SystemClock
from shared.model.text import Text
from shared.settings import load_settings

STORELESS = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x", "TEAMS_WEBHOOK_URL": "https://x.example/y"}


def run(*arguments: str, routes: object = None) -> int:
    env = {**STORELESS, **({"ROUTES": json.dumps(routes)} if routes else {})}
    app = App(load_settings(env, needs_storage=False), SystemClock())
    return main(["test-message", *arguments], lambda: app)


@pytest.fixture(autouse=True)
def posted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    titles: list[str] = []

    def send(channel: Channel, message: Message) -> None:
        if channel.service == "teams":
            raise ChatRefused("teams", Text("404 gone"))
        titles.append(message.title)

    monkeypatch.setattr(Channel, "send", send)
    return titles


def test_each_channel_is_tried_and_a_failure_shows(posted: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 1
    assert posted == ["Test message from snatbot"]
    assert capsys.readouterr().out.splitlines() == [
        "slack (default): posted",
        "teams (default): FAILED: teams: 404 gone",
    ]


def test_one_channel_can_be_tried_with_its_routes(capsys: pytest.CaptureFixture[str]) -> None:
    channels = {"shop": {"kind": "slack_webhook", "url": "https://hooks.slack.com/services/y"}}
    routes = {"channels": channels, "routes": [{"to": ["teams"], "clusters": ["a"]}, {"to": ["shop"]}]}
    assert run("--channel", "shop", routes=routes) == 0
    assert capsys.readouterr().out == "shop (routes.1): posted\n"


def test_a_channel_that_is_none_is_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--channel", "sales") == 2
    assert "there are: slack, teams" in capsys.readouterr().out


def test_it_needs_no_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def current(*, needs_storage: bool) -> App:
        asked.append(needs_storage)
        return App(load_settings(STORELESS, needs_storage=needs_storage), SystemClock())

    monkeypatch.setattr("shared.cli.__main__.current", current)
    assert main(["test-message", "--channel", "slack"]) == 0
    assert asked == [False]
