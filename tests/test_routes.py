"""ROUTES: every mistake is told at once, by its place, and nothing that was given is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.app import App
from shared.chat.channels import Channel, SlackBot
from shared.chat.pager import PagerDuty, SignedWebhook
from shared.clock import SystemClock
from shared.errors import MisconfiguredError
from shared.routes import parse_routes
from shared.settings import Settings, load_settings

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_CHANNEL": "C0001"}
CANARY = "c4n4ry"
WEBHOOK = {"kind": "teams_webhook", "url": f"https://x.example/{CANARY}"}
BOT = {"kind": "slack_bot", "channel": "C0002"}
ALL = {"to": ["first"]}


def load(channels: dict[str, Any], *routes: dict[str, Any], **settings: str) -> Settings:
    text = json.dumps({"channels": channels, "routes": routes})
    return load_settings({**STORAGE, **settings, "ROUTES": text})


def problem(channels: dict[str, Any], *routes: dict[str, Any], **settings: str) -> str:
    with pytest.raises(MisconfiguredError) as caught:
        load(channels, *routes, **settings)
    assert list(caught.value.problems) == ["ROUTES"]
    return caught.value.problems["ROUTES"]


def test_channels_are_told_apart_by_kind_and_routes_keep_their_order() -> None:
    first = {"to": ["first", "slack"], "clusters": ["shop-*"], "tags": {"team": "pay"}, "severity": "failing"}
    routes = load({"first": WEBHOOK, "second": BOT}, first, {"to": ["second"]}, **SLACK).routes
    assert routes is not None
    assert [channel.kind for channel in routes.channels.values()] == ["teams_webhook", "slack_bot"]
    assert [route.to for route in routes.routes] == [("first", "slack"), ("second",)]


def test_each_kind_becomes_a_channel() -> None:
    key = "k" * 32
    channels = {
        "first": WEBHOOK,
        "second": BOT,
        "third": {"kind": "webhook", "url": "https://x.example", "secret": key},
        "fourth": {"kind": "pagerduty", "routing_key": key},
        "fifth": {"kind": "slack_webhook", "url": "https://x.example"},
    }
    app = App(load(channels, {"to": [*channels, "slack"]}, **SLACK), SystemClock())
    assert dict(app.channels) == {
        "slack": SlackBot("https://slack.com/api", "xoxb-1", "C0001"),
        "first": Channel("teams", WEBHOOK["url"]),
        "second": SlackBot("https://slack.com/api", "xoxb-1", "C0002"),
        "third": SignedWebhook("https://x.example", key),
        "fourth": PagerDuty("https://events.pagerduty.com/v2/enqueue", key),
        "fifth": Channel("slack", "https://x.example"),
    }


def test_a_channel_has_the_language_of_a_route_to_it_else_that_of_the_app() -> None:
    routes: list[dict[str, Any]] = [ALL | {"severity": "high", "language": "es"}, {"to": ["first", "second", "slack"]}]
    app = App(load({"first": WEBHOOK, "second": BOT}, *routes, **SLACK, LANGUAGE="en"), SystemClock())
    assert {name: channel.language for name, channel in app.channels.items()} == {
        "slack": "en",
        "first": "es",
        "second": "en",
    }
    spanish = App(load_settings({**STORAGE, **SLACK, "LANGUAGE": "es"}), SystemClock())
    assert spanish.channels["slack"].language == "es"


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ({"kind": "webhook", "url": "https://x.example", "secret": CANARY}, "must have at least 32 characters"),
        ({"kind": "webhook", "url": "http://x.example", "secret": "k" * 32}, "must be a complete https:// address"),
        ({"kind": "pagerduty", "routing_key": CANARY}, "must be the integration's key"),
        ({"kind": "pagerduty"}, "routing_key is missing"),
    ],
)
def test_a_pager_needs_its_key(channel: dict[str, Any], told: str) -> None:
    text = problem({"first": channel}, ALL)
    assert told in text
    assert CANARY not in text


def test_every_mistake_of_shape_is_told_at_once() -> None:
    channels = {"first": WEBHOOK | {"url": "x"}, "second": {"kind": CANARY}, "third": {}, CANARY.upper(): BOT}
    told = problem(
        channels,
        {"to": []},
        {"to": ["first"], "severity": CANARY, "tagz": {}},
        {"to": ["first"], "tags": 1},
        ALL | {"language": CANARY},
    )
    for part in (
        "channels.first.url must be a complete https:// address",
        "channels.second has a kind that is none of",
        "channels.third needs a kind",
        "channels holds a name that is not",
        "routes.0.to ",
        "routes.1.severity ",
        "routes.1 holds a name that is not known there",
        "routes.2.tags ",
        "routes.3.language must be one of en, es",
    ):
        assert part in told
    assert CANARY not in told.lower()


@pytest.mark.parametrize(
    ("channels", "routes", "settings", "told"),
    [
        ({"first": WEBHOOK}, [ALL, {"to": ["first"], "clusters": ["x"]}], {}, "routes.1 is never reached"),
        ({"first": WEBHOOK}, [ALL | {"to": ["first", "slack"]}], {}, "routes.0.to names a channel that is not defined"),
        ({"first": WEBHOOK, "second": WEBHOOK}, [ALL], {}, "channels.second is in no route"),
        ({"slack": WEBHOOK}, [{"to": ["slack"]}], {}, "channels.slack has the name of a channel with settings"),
        ({"first": BOT}, [ALL], {}, "channels.first needs a token, or SLACK_BOT_TOKEN"),
        ({"first": BOT | {"channel": "C0001"}}, [ALL], SLACK, "channels.first has the Slack channel of another"),
        ({"first": WEBHOOK}, [ALL | {"severity": "high"}], {}, "has no default"),
        (
            {"first": WEBHOOK},
            [ALL | {"severity": "high", "language": "es"}, ALL | {"language": "en"}],
            {},
            "routes.1.to names a channel that a route before it gives another language",
        ),
    ],
)
def test_what_cannot_be_right_together(
    channels: dict[str, Any], routes: list[dict[str, Any]], settings: dict[str, str], told: str
) -> None:
    assert told in problem(channels, *routes, **settings)


def test_mistakes_of_meaning_are_told_together() -> None:
    told = problem({"first": BOT, "slack": WEBHOOK}, {"to": ["nowhere"], "clusters": ["x"]})
    assert told.count(";") >= 4


def test_addresses_are_secrets() -> None:
    settings = load({"first": WEBHOOK}, ALL)
    assert CANARY not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("text", ["", "{", "null", "3", f'"{CANARY}"', f'{{"{CANARY}": 1}}', "[" * 5000])
def test_what_is_no_such_json_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_routes(text)
    assert CANARY not in str(caught.value)
