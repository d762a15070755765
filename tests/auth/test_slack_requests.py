"""Requests from Slack, signed by slack_sdk: what counts, what doesn't, and what never reaches a log."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from shared.auth.errors import NotFromSlack
from shared.auth.slack_requests import MOST_BYTES, SlackRequests
from shared.model.slack import SlackRequest

SECRET, NOW = "8f742231b10e8888abcd99yyyzzz85a5", datetime(2026, 11, 28, 12, tzinfo=UTC)
COMMAND = {
    "command": "/snat",
    "text": "check c4n4ry",
    "team_id": "T1",
    "user_id": "U1",
    "api_app_id": "A1",
    "response_url": "https://hooks.slack.com/commands/c4n4ry",
    "trigger_id": "1.2.c4n4ry",
}


@pytest.fixture(scope="module")
def requests() -> SlackRequests:
    return SlackRequests(SECRET, "A1", "/snat")


def signed(of: bytes, age: int = 0, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=of)
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": str(signature),
    }


def body_of(**more: str) -> bytes:
    return urlencode({**COMMAND, **more}).encode()


def test_a_command_is_read_as_slack_signed_it(requests: SlackRequests) -> None:
    body = body_of()
    headers = signed(body)
    found = requests.read(body, headers, NOW)
    assert found.request == SlackRequest("T1", "U1", "check c4n4ry", "https://hooks.slack.com/commands/c4n4ry", NOW)
    assert requests.read(body, headers, NOW).key == found.key, "a replay has the key of the first"
    later = body_of(trigger_id="2")
    assert requests.read(later, signed(later), NOW).key != found.key
    assert "c4n4ry" not in repr(found.request).replace("check c4n4ry", "")


def test_an_empty_command_has_no_text(requests: SlackRequests) -> None:
    body = body_of(text="")
    assert getattr(requests.read(body, signed(body), NOW).request, "text", None) == ""


def click_of(**action: str) -> bytes:
    payload = {
        "type": "block_actions",
        "api_app_id": "A1",
        "team": {"id": "T1"},
        "user": {"id": "U2", "team_id": "T2"},
        "response_url": "https://hooks.slack.com/actions/1",
        "actions": [{"type": "button", "block_id": "b", "action_ts": "1", **action}],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def test_a_click_counts_for_the_workspace_of_the_person(requests: SlackRequests) -> None:
    body = click_of(action_id="snat_deny", value="v")
    expected = SlackRequest("T2", "U2", "v", "https://hooks.slack.com/actions/1", NOW, action="snat_deny")
    assert requests.read(body, signed(body), NOW).request == expected


def test_a_button_that_only_opens_a_page_asks_for_nothing(requests: SlackRequests) -> None:
    body = click_of(action_id="open_link_1", url="https://bot.example.com")
    assert requests.read(body, signed(body), NOW).request is None


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "signing"),
    [
        (body_of(), None),
        (body_of(), {"secret": "another"}),
        (body_of() + b"&x=1", {"of": body_of()}),
        (body_of(), {"age": 310}),
        (body_of(), {"age": -310}),
        (body_of(api_app_id="A2"), {}),
        (body_of(command="/other"), {}),
        (b"ssl_check=1", None),
        (b"\xff", {"of": b"x"}),
        (b"payload=" + b"[" * 100_000, None),
        (b"payload=1", None),
        (b"x" * (MOST_BYTES + 1), {}),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_slack_did_not_sign_now_for_this_app_is_refused_and_not_logged(
    requests: SlackRequests, body: bytes, signing: dict[str, Any] | None, caplog: pytest.LogCaptureFixture
) -> None:
    """slack_bolt's own loggers show body and signature."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if "slack_bolt" in name:
            caplog.set_level(logging.DEBUG, name)
    headers = FORM if signing is None else signed(**{"of": body, **signing})
    with pytest.raises(NotFromSlack):
        requests.read(body, headers, NOW)
    logged = [record for record in caplog.records if "slack_bolt" in record.name]
    assert all(record.getMessage().startswith("message of slack_bolt, ") for record in logged)
    assert not any(record.exc_info or record.exc_text for record in logged)
    assert logged or body[:1] in (b"\xff", b"p", b"x")
