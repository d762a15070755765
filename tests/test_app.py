"""The composition root: one App a process, built from the environment; every client and flow can be made."""

from __future__ import annotations

import pytest

import shared.app
from shared.app import App, current, use_clock
from shared.auth.errors import RemediationOff
from shared.chat.channels import Channel, SlackBot
from shared.clients import Clients
from shared.clock import SystemClock
from shared.errors import MisconfiguredError
from shared.first_use import cached_property
from shared.settings import load_settings

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
ACTING = {
    **STORAGE,
    "REMEDIATION": "on",
    "REMEDIATOR_CLIENT_ID": "writer",
    "DETECTOR_CLIENT_ID": "reader",
    "SIGNING_KEYS": "k" * 32,
    "ENTRA_TENANT_ID": "99999999-9999-4999-8999-999999999999",
    "ENTRA_CLIENT_ID": "aaaaaaaa-0000-4000-8000-0000000000b1",
    "PUBLIC_BASE_URL": "https://bot.example.com",
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x",
    "WORKSPACE_ID": "workspace",
}
IN_SLACK = {
    "SLACK_WEBHOOK_URL": "",
    "SLACK_BOT_TOKEN": "xoxb-1-2",
    "SLACK_CHANNEL": "C01",
    "SLACK_SIGNING_SECRET": "secret",
    "SLACK_TEAM_ID": "T01",
    "SLACK_APP_ID": "A01",
}
PARTS = [name for made in (Clients, App) for name, part in vars(made).items() if isinstance(part, cached_property)]


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_made_once_and_without_a_request(name: str) -> None:
    app = App(load_settings({**ACTING, **IN_SLACK}), SystemClock())
    made = getattr(app, name)
    assert made is not None
    assert getattr(app, name) is made


def test_watching_alone_needs_no_key_and_acting_says_that_it_is_off() -> None:
    app = App(load_settings(STORAGE), SystemClock())
    assert app.watch is not None
    assert (app.writer_arm, app.health_events, dict(app.channels)) == (None, None, {})
    with pytest.raises(RemediationOff):
        app.links  # noqa: B018
    with pytest.raises(RemediationOff):
        app.signer  # noqa: B018


def test_slack_is_a_webhook_or_a_bot_in_a_channel() -> None:
    slack = App(load_settings(ACTING), SystemClock()).channels["slack"]
    assert slack == Channel("slack", ACTING["SLACK_WEBHOOK_URL"])
    bot = {"SLACK_BOT_TOKEN": "xoxb-1-2", "SLACK_CHANNEL": "C01", "SLACK_API_URL": "https://slack-gov.com/api/"}
    slack = App(load_settings({**STORAGE, **bot}), SystemClock()).channels["slack"]
    assert slack == SlackBot("https://slack-gov.com/api", "xoxb-1-2", "C01")
    assert "xoxb" not in repr(slack)


def test_a_process_has_one_app_until_a_host_gives_another_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.app, "_app", None)
    monkeypatch.setattr(shared.app, "_clock", SystemClock())
    monkeypatch.setenv("AzureWebJobsStorage", STORAGE["AzureWebJobsStorage"])
    first, clock = current(), SystemClock()
    assert current() is first
    use_clock(clock)
    assert current() is not first
    assert current().clock is clock


def test_wrong_settings_are_found_at_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.app, "_app", None)
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    with pytest.raises(MisconfiguredError, match="AzureWebJobsStorage"):
        current()
