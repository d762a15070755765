"""Slack's web API as unmodified slack_sdk meets it: messages, threads, people, scopes, limits, faults."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from simulator.testing import RunningSimulator
from tests.simulator.faults import FAULTS, NOTHING_DONE, PATIENCE_SECONDS, comes_true
from tests.simulator.slack import actions, button, client, manifest
from tests.support.azure_in_process import serve_azure

_CHANNELS = itertools.count(1)
CHART = {
    "type": "data_visualization",
    "title": "Failed connections",
    "chart": {
        "type": "line",
        "series": [{"name": "node 1", "data": [{"label": "10:00", "value": 3}]}],
        "axis_config": {"categories": ["10:00"]},
    },
}


def rich(**text: str) -> list[dict[str, Any]]:
    part = {"type": "rich_text_section", "elements": [{"type": "text", **text}]}
    return [{"type": "rich_text", "elements": [part]}]


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).with_name("chat.yaml"), speed=0) as running:  # time stands still
        running.install_slack_app(manifest("http://127.0.0.1:9/"))
        yield running


@pytest.fixture
def channel() -> str:
    """One that no other test uses."""
    return f"C{next(_CHANNELS):03}"


def refusal(call: Any, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as raised:
        call(**arguments)
    return raised.value.response


def test_history_has_threads_edits_and_metadata_and_no_deleted_or_ephemeral_messages(
    slack: RunningSimulator, channel: str
) -> None:
    api = client(slack)
    metadata = {"event_type": "incident", "event_payload": {"id": "7"}}
    first = api.chat_postMessage(channel=channel, text="first", blocks=[section("first")], metadata=metadata)["ts"]
    api.chat_postMessage(channel=channel, text="reply", thread_ts=first)
    gone = api.chat_postMessage(channel=channel, text="gone")["ts"]
    whisper = api.chat_postEphemeral(channel=channel, user="U01ADA", text="only you")["message_ts"]
    api.chat_update(channel=channel, ts=first, text="first, edited")
    api.chat_delete(channel=channel, ts=gone)

    (kept,) = api.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert (kept["text"], kept["reply_count"], kept["metadata"]) == ("first, edited", 1, metadata)
    assert kept["blocks"][0]["text"]["text"] == "first", "what an update doesn't name stays"
    assert "edited" in kept
    assert "metadata" not in api.conversations_history(channel=channel)["messages"][0]
    thread = api.conversations_replies(channel=channel, ts=first)["messages"]
    assert [(each["text"], each["thread_ts"]) for each in thread] == [("first, edited", first), ("reply", first)]
    for ts in (gone, whisper):
        assert refusal(api.chat_update, channel=channel, ts=ts, text="x")["error"] == "message_not_found"
    assert refusal(api.conversations_replies, channel=channel, ts=gone)["error"] == "thread_not_found"


def test_the_room_shows_revisions_threads_and_whispers(slack: RunningSimulator, channel: str) -> None:
    api = client(slack)
    first = api.chat_postMessage(channel=channel, text="one")["ts"]
    api.chat_update(channel=channel, ts=first, text="two")
    reply = api.chat_postMessage(channel=channel, text="reply", thread_ts=first)["ts"]
    api.chat_postEphemeral(channel=channel, user="U01ADA", text="only Ada")
    api.chat_delete(channel=channel, ts=reply)
    shown = slack.chat(channel=channel)
    assert [each["content"]["text"] for each in shown] == ["two", "reply", "only Ada"]
    assert [each["content"]["text"] for each in shown[0]["revisions"]] == ["one", "two"]
    assert [(each["thread"], each["visible_to"], each["is_deleted"]) for each in shown] == [
        ("", "", False),
        (first, "", True),
        ("", "U01ADA", False),
    ]
    assert len(slack.chat(channel=channel, person="gita@fabrikam.example")) == 2
    assert len(slack.chat(channel=channel, person="ada@contoso.example")) == 3


def test_history_comes_in_pages(slack: RunningSimulator, channel: str) -> None:
    api = client(slack)
    sent = [api.chat_postMessage(channel=channel, text=str(number))["ts"] for number in range(5)]
    pages = api.conversations_history(channel=channel, limit=2)
    assert [each["text"] for page in pages for each in page["messages"]] == ["4", "3", "2", "1", "0"]
    newer = api.conversations_history(channel=channel, oldest=sent[2])["messages"]
    assert [each["text"] for each in newer] == ["4", "3"]


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([{"type": "divider"}] * 51, ["no more than 50 items allowed [json-pointer:/blocks]"]),
        (
            [section("x" * 3001)],
            [
                "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
                "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            ],
        ),
        ([{"type": "section"}], ["missing required field: text [json-pointer:/blocks/0]"]),
        ([{"type": "section", "text": "bare"}], ["must provide an object [json-pointer:/blocks/0/text]"]),
        (
            actions(*[button(str(number)) for number in range(26)]),
            ["no more than 25 items allowed [json-pointer:/blocks/0/elements]"],
        ),
        (
            actions(button(value="x" * 2001)),
            ["must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"],
        ),
        (
            actions(button(), button()),
            ['`action_id` "approve" already exists [json-pointer:/blocks/0/elements/1/action_id]'],
        ),
        (
            actions(button(confirm={"title": {"type": "plain_text", "text": "Sure?"}})),
            [
                f"missing required field: {name} [json-pointer:/blocks/0/elements/0/confirm]"
                for name in ("text", "confirm", "deny")
            ],
        ),
        (actions(button(url="shop")), ["invalid url [json-pointer:/blocks/0/elements/0/url]"]),
        (
            [{"type": "divider", "block_id": "a"}] * 2,
            ['`block_id` "a" already exists [json-pointer:/blocks/1/block_id]'],
        ),
        (rich(text=""), ["must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]"]),
        (rich(), ["missing required field: text [json-pointer:/blocks/0/elements/0/elements/0]"]),
        ([CHART], ["unsupported type: data_visualization [json-pointer:/blocks/0/type]"]),
        (
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}],
            ["no more than 100 items allowed [json-pointer:/blocks/0/rows]"],
        ),
        (
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}],
            ["no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"],
        ),
    ],
)  # fmt: skip
def test_blocks_are_refused_in_slacks_words(
    slack: RunningSimulator, channel: str, blocks: list[dict[str, Any]], words: list[str]
) -> None:
    refused = refusal(client(slack).chat_postMessage, channel=channel, text="x", blocks=blocks)
    assert (refused["error"], refused["errors"]) == ("invalid_blocks", words)
    assert refused["response_metadata"]["messages"] == [f"[ERROR] {each}" for each in words]
    hook = requests.post(f"{slack.http_url}/slack/services/T/B/{channel}", json={"blocks": blocks}, timeout=30)
    assert (hook.status_code, hook.text) == (400, "invalid_blocks")
    assert not slack.chat(channel=channel)


def test_a_long_text_is_cut_when_posted_and_refused_as_an_update(slack: RunningSimulator, channel: str) -> None:
    posted = client(slack).chat_postMessage(channel=channel, text="x" * 40_001)
    assert posted["response_metadata"] == {"warnings": ["message_truncated"]}
    assert len(slack.chat(channel=channel)[0]["content"]["text"]) == 40_000
    update = client(slack).chat_update
    assert refusal(update, channel=channel, ts=posted["ts"], text="x" * 4_001)["error"] == "msg_too_long"
    assert "warning" not in update(channel=channel, ts=posted["ts"], text="x" * 4_000)


def test_one_table_a_message(slack: RunningSimulator, channel: str) -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    api = client(slack)
    assert api.chat_postMessage(channel=channel, text="x", attachments=[{"blocks": [table]}])["ok"]
    refused = refusal(api.chat_postMessage, channel=channel, text="x", blocks=[table, table])
    assert (refused["error"], refused["errors"]) == ("invalid_attachments", ["only_one_table_allowed"])


def test_a_workspace_with_charts_takes_two_a_message(storm: Any) -> None:
    api = client(storm.simulator)
    assert api.chat_postMessage(channel="C-charts", text="x", blocks=[CHART, CHART])["ok"]
    refused = refusal(api.chat_postMessage, channel="C-charts", text="x", blocks=[CHART] * 3)
    assert refused["errors"] == ["too many data_visualization blocks [json-pointer:/blocks]"]


def test_blocks_validate_takes_exactly_one_thing(slack: RunningSimulator) -> None:
    api = client(slack)
    assert api.api_call("blocks.validate", json={"blocks": [section("fine")]})["ok"]
    refused = refusal(api.api_call, api_method="blocks.validate", json={"message": {"blocks": [section("")]}})
    assert refused["error"] == "invalid_message"
    assert refused["errors"][-1]["pointer"] == "/blocks/0/text/text"
    assert refusal(api.api_call, api_method="blocks.validate", json={})["error"] == "invalid_arguments"


def test_manifests_are_validated_with_a_configuration_token_only(slack: RunningSimulator) -> None:
    good = manifest("https://app.example/slack")
    assert client(slack, "xoxe.xoxp-1").api_call("apps.manifest.validate", json={"manifest": good})["ok"]
    assert refusal(client(slack).api_call, api_method="apps.manifest.validate")["error"] == "not_allowed_token_type"
    del good["settings"]["interactivity"]["request_url"]
    call = client(slack, "xoxe.xoxp-1").api_call
    refused = refusal(call, api_method="apps.manifest.validate", json={"manifest": good})
    assert refused["error"] == "invalid_manifest"
    assert {
        "message": "Interactivity requires a Request URL",
        "pointer": "/settings/interactivity",
    } in refused["errors"]


def test_scopes_are_checked_per_method(slack: RunningSimulator, channel: str) -> None:
    slack.install_slack_app(manifest("http://127.0.0.1:9/", ["chat:write", "commands"]))
    try:
        api = client(slack)
        assert api.auth_test().headers["x-oauth-scopes"] == "chat:write,commands"
        assert api.chat_postMessage(channel=channel, text="x")["ok"]
        refused = refusal(api.users_info, user="U01ADA")
        assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")
        assert refused["provided"] == "chat:write,commands"
        assert refusal(api.conversations_history, channel=channel)["error"] == "missing_scope"
    finally:
        slack.install_slack_app(manifest("http://127.0.0.1:9/"))
    assert refusal(client(slack, "xoxb-of-another-app").auth_test)["error"] == "invalid_auth"
    assert refusal(client(slack).api_call, api_method="chat.shout")["error"] == "unknown_method"


def test_people_of_every_kind_can_be_told_apart(slack: RunningSimulator) -> None:
    api = client(slack)
    users = {name: api.users_info(user=name)["user"] for name in ("U01ADA", "U01GITA", "U02SAM", "U01DORA", "U01ROBO")}
    flags = ("is_restricted", "is_stranger", "deleted", "is_bot")
    assert {name: [flag for flag in flags if user[flag]] for name, user in users.items()} == {
        "U01ADA": [],
        "U01GITA": ["is_restricted"],
        "U02SAM": ["is_stranger"],
        "U01DORA": ["deleted"],
        "U01ROBO": ["is_bot"],
    }
    assert users["U02SAM"]["team_id"] == "T02NORTHWIND"
    assert "email" not in users["U01ADA"]["profile"], "that needs users:read.email"
    own = api.users_info(user=api.auth_test()["user_id"])["user"]
    assert own["is_bot"]
    assert refusal(api.users_info, user="U0NOBODY")["error"] == "user_not_found"
    assert refusal(api.chat_postEphemeral, channel="C1", user="U0", text="x")["error"] == "user_not_in_channel"


def test_a_channel_takes_a_burst_then_one_a_second(slack: RunningSimulator, channel: str) -> None:
    api = client(slack)
    with pytest.raises(SlackApiError) as raised:
        for _ in range(50):
            api.chat_postMessage(channel=channel, text="x")
    assert (raised.value.response.status_code, raised.value.response["error"]) == (429, "ratelimited")
    wait = int(raised.value.response.headers["Retry-After"])
    assert wait == 1
    assert api.chat_postMessage(channel=f"{channel}-other", text="x")["ok"]
    slack.advance(wait)
    assert api.chat_postMessage(channel=channel, text="x")["ok"]


SAID = {
    "down": (SlackApiError, "service_unavailable"),
    "slow": (TimeoutError, ""),
    "throttled": (SlackApiError, "ratelimited"),
    "its answer lost": (RemoteDisconnected, ""),
    "a page instead": (SlackApiError, "<!DOCTYPE html>"),
    "half an answer": (SlackApiError, "Received a response in a non-JSON format"),
}
"""What slack_sdk makes of each fault of the web API."""
HEARD = {
    "down": (503, "service_unavailable"),
    "throttled": (429, "rate_limited"),
    "a page instead": (200, "<!DOCTYPE html>"),
    "half an answer": (200, "o"),
}
"""The same of an incoming webhook, whose answers it hands on; the rest it raises."""


@pytest.mark.parametrize("name", FAULTS)
def test_the_web_api_can_fail(slack: RunningSimulator, channel: str, name: str) -> None:
    slack.add_fault({"match": {"path": "chat.postMessage"}, "times": 1, "then": FAULTS[name]})
    api = client(slack, timeout=PATIENCE_SECONDS if name == "slow" else 30, retry_handlers=[])
    error, words = SAID[name]
    with pytest.raises(error) as raised:
        api.chat_postMessage(channel=channel, text="x")
    slack.clear_faults()
    assert words in str(raised.value)
    if isinstance(raised.value, SlackApiError):
        assert raised.value.response.headers.get("Retry-After") == ("7" if name == "throttled" else None)
    expected = 0 if name in NOTHING_DONE else 1
    assert comes_true(lambda: len(slack.chat(channel=channel)) == expected)


@pytest.mark.parametrize("name", FAULTS)
def test_a_webhook_can_fail(slack: RunningSimulator, channel: str, name: str) -> None:
    hook = f"T000/{channel}/secret"
    slack.add_fault({"match": {"path": hook}, "times": 1, "then": FAULTS[name]})
    patience: Any = PATIENCE_SECONDS if name == "slow" else 30  # by its type, a webhook's is in whole seconds
    api = WebhookClient(f"{slack.http_url}/slack/services/{hook}", timeout=patience, retry_handlers=[])
    if name in HEARD:
        answer = api.send(text="x")
        assert (answer.status_code, answer.body[: len(HEARD[name][1])]) == HEARD[name]
    else:
        with pytest.raises(OSError):
            api.send(text="x")
    slack.clear_faults()
    expected = 0 if name in NOTHING_DONE else 1
    assert comes_true(lambda: len(slack.chat(channel=hook)) == expected)


def test_a_token_can_be_revoked(slack: RunningSimulator, channel: str) -> None:
    revoked = {"status": 200, "body": {"ok": False, "error": "token_revoked"}}
    slack.add_fault({"match": {"path": "slack/api/"}, "then": revoked})
    assert refusal(client(slack).chat_postMessage, channel=channel, text="x")["error"] == "token_revoked"
    slack.clear_faults()
    assert slack.chat(channel=channel) == []


def test_a_slack_whose_clock_is_off_says_so_in_its_answers(slack: RunningSimulator) -> None:
    slack.add_event({"settings": {"clock_skew_seconds": 600}})
    try:
        dated = parsedate_to_datetime(client(slack).auth_test().headers["Date"])
    finally:
        slack.add_event({"settings": {"clock_skew_seconds": 0}})
    assert (dated - slack.now()).total_seconds() == pytest.approx(600, abs=1)


def test_slack_sdk_waits_when_told_to(slack: RunningSimulator, channel: str) -> None:
    fault = {"status": 429, "headers": {"Retry-After": "1"}}
    slack.add_fault({"match": {"path": "chat.postMessage"}, "times": 1, "then": fault})
    api = client(slack)
    api.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    assert api.chat_postMessage(channel=channel, text="x")["ok"]
    slack.clear_faults()
    assert [each["status"] for each in slack.requests()[-2:]] == [429, 200]


def test_a_message_can_be_posted_though_its_answer_is_lost(slack: RunningSimulator, channel: str) -> None:
    slack.add_fault({"match": {"path": "chat.postMessage"}, "times": 1, "then": {"drop": "after"}})
    api = client(slack, retry_handlers=[])
    with pytest.raises(RemoteDisconnected):
        api.chat_postMessage(channel=channel, text="x", metadata={"event_type": "t", "event_payload": {"key": "7"}})
    slack.clear_faults()
    (found,) = api.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert found["metadata"]["event_payload"] == {"key": "7"}, "by this its sender finds it again"
