"""Slack and Teams: what they accept, refuse and keep."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from tests.support.clients import Azure

CARD = {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}]}


def post(running: Azure, url: str, **options: Any) -> requests.Response:
    return requests.post(url, verify=str(running.simulator.ca_path), timeout=30, **options)


def web_client(running: Azure, token: str = "xoxb-test") -> WebClient:
    context = ssl.create_default_context(cafile=str(running.simulator.ca_path))
    return WebClient(token=token, base_url=running.simulator.slack_api_url, ssl=context)


def test_incoming_webhook_keeps_what_was_posted(storm: Azure) -> None:
    context = ssl.create_default_context(cafile=str(storm.simulator.ca_path))
    answer = WebhookClient(storm.simulator.slack_webhook_url, ssl=context).send(text="hello, webhook")
    assert (answer.status_code, answer.body) == (200, "ok")
    kept = storm.simulator.messages()[-1]
    assert kept["body"]["text"] == "hello, webhook"
    assert (kept["service"], kept["kind"], kept["status"]) == ("slack", "webhook", 200)
    assert kept["channel"] == "T000/B000/secret"


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("T000/B000/secret", b"nonsense", 400, "invalid_payload"),
        ("T000/B000/secret", b"{}", 400, "no_text"),
        ("T000/B000/secret", b'{"blocks": [{}]}', 400, "invalid_blocks"),
        ("T000/B000/removed", b'{"text": "x"}', 404, "no_service"),
    ],
)
def test_incoming_webhook_refuses_in_plain_text(storm: Azure, path: str, body: bytes, status: int, text: str) -> None:
    answer = post(storm, f"{storm.simulator.url}/slack/services/{path}", data=body)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_web_api_posts_and_updates(storm: Azure) -> None:
    client = web_client(storm)
    posted = client.chat_postMessage(channel="C1", text="first", blocks=[{"type": "divider"}])
    assert posted["ok"]
    updated = client.chat_update(channel="C1", ts=posted["ts"], text="second")
    assert updated["ts"] == posted["ts"]
    kinds = [(m["kind"], m["body"]["text"]) for m in storm.simulator.messages() if m.get("ts") == posted["ts"]]
    assert kinds == [("post", "first"), ("update", "second")]


@pytest.mark.parametrize(
    ("token", "arguments", "error"),
    [
        ("", {"channel": "C1", "text": "x"}, "not_authed"),
        ("wrong", {"channel": "C1", "text": "x"}, "invalid_auth"),
        ("xoxb-1", {"channel": "channel-that-is-missing", "text": "x"}, "channel_not_found"),
        ("xoxb-1", {"channel": "C1", "text": ""}, "no_text"),
        ("xoxb-1", {"channel": "C1", "blocks": [{"type": "markdown", "text": "x" * 6_001}] * 2}, "msg_blocks_too_long"),
        ("xoxb-1", {"channel": "C1", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
    ],
)
def test_web_api_errors_come_as_200(storm: Azure, token: str, arguments: dict[str, Any], error: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = post(storm, f"{storm.simulator.slack_api_url}chat.postMessage", json=arguments, headers=headers)
    assert answer.status_code == 200
    assert (answer.json()["ok"], answer.json()["error"]) == (False, error)


def test_update_of_nothing(storm: Azure) -> None:
    with pytest.raises(SlackApiError, match="message_not_found"):
        web_client(storm).chat_update(channel="C1", ts="1.000001", text="x")


def test_teams_accepts_with_202_and_says_nothing(storm: Azure) -> None:
    answer = post(storm, storm.simulator.teams_webhook_url, json=CARD)
    assert (answer.status_code, answer.content) == (202, b"")
    kept = storm.simulator.messages()[-1]
    assert (kept["service"], kept["channel"], kept["body"]) == ("teams", "alerts", CARD)


def test_teams_refuses_what_is_too_large_or_broken(storm: Azure) -> None:
    large = CARD | {"padding": "x" * 28 * 1024}
    assert post(storm, storm.simulator.teams_webhook_url, json=large).status_code == 413
    assert post(storm, storm.simulator.teams_webhook_url, data=b"{").status_code == 400
    assert post(storm, storm.simulator.teams_webhook_url, json=[1]).status_code == 400


def test_the_page_shows_messages_as_text(storm: Azure) -> None:
    post(storm, storm.simulator.slack_webhook_url, json={"text": "<script>alert(1)</script>"})
    page = requests.get(f"{storm.simulator.url}/_sim/", verify=str(storm.simulator.ca_path), timeout=30)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "shop-prod" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
