"""``snatbot slack``: Slack takes the manifest, and the app that it makes is the one that snatbot serves."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.clock import SystemClock
from shared.settings import load_settings
from simulator.services.slack.manifest import bot_scopes, manifest_problems

Print = pytest.CaptureFixture[str]
URL = {"PUBLIC_BASE_URL": "https://snat.example.com"}


def run(environment: dict[str, str], *arguments: str) -> int:
    return main(["slack", *arguments], lambda: App(load_settings(environment, needs_storage=False), SystemClock()))


@pytest.mark.parametrize(("options", "history"), [((), "channels:history"), (("--private",), "groups:history")])
def test_slack_takes_the_manifest_with_the_least_scopes(capsys: Print, options: tuple[str, ...], history: str) -> None:
    assert run({**URL, "SLACK_COMMAND": "/ports"}, "manifest", *options) == 0
    made = json.loads(capsys.readouterr().out)
    assert manifest_problems(made) == []
    assert set(bot_scopes(made)) == {"chat:write", "commands", "users:read", history}
    (command,) = made["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/ports", "https://snat.example.com/api/slack")
    assert made["settings"]["interactivity"]["request_url"] == command["url"]


def test_the_link_opens_slack_with_the_same_manifest(capsys: Print) -> None:
    run(URL, "manifest")
    made = json.loads(capsys.readouterr().out)
    assert run(URL, "install-link") == 0
    link = urlsplit(capsys.readouterr().out.strip())
    assert (link.netloc, link.path) == ("api.slack.com", "/apps")
    query = parse_qs(link.query)
    assert (query["new_app"], json.loads(query["manifest_json"][0])) == (["1"], made)


@pytest.mark.parametrize("environment", [{}, {"PUBLIC_BASE_URL": "http://127.0.0.1:7071"}])
def test_slack_calls_https_only(capsys: Print, environment: dict[str, str]) -> None:
    assert run(environment, "manifest") == 2
    assert "PUBLIC_BASE_URL: must be set, with https" in capsys.readouterr().err
