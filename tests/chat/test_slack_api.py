"""Slack by bot token: what its answers mean, that no call goes astray, and that the token is in no error."""

from __future__ import annotations

import json
import logging
import time
import traceback
from datetime import UTC, datetime

import pytest

from shared.chat import slack_api
from shared.chat.errors import BlocksRefused, ChatError, ChatRefused, ChatUnavailable
from shared.chat.slack_api import Found, Mark, MessageGone, SlackApi
from tests.support.hostile import Asked, HostileServer, Send

pytestmark = pytest.mark.network
MARK = Mark("incident1", "message1")
SINCE = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
TOKEN = "xoxb-s3cr3t"


@pytest.fixture
def api(hostile: HostileServer) -> SlackApi:
    return SlackApi(hostile.url, TOKEN, "C1")


def error_of(api: SlackApi) -> ChatError:
    with pytest.raises(ChatError) as caught:
        api.post({"text": "x"}, MARK)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    return caught.value


@pytest.mark.parametrize("status", ["408 Timeout", "429 Too Many", "500 Oh", "503 Oh"])
def test_what_passes_is_tried_again_when_slack_says(hostile: HostileServer, api: SlackApi, status: str) -> None:
    hostile.answer_with(status, b"", Retry_After="30")
    error = error_of(api)
    assert isinstance(error, ChatUnavailable)
    assert error.retry_after_seconds == 30


@pytest.mark.parametrize("body", [b"", b'{"ok": tr', b"[]", b'"ok"', b'{"ok": "true"}', b"{}", b"<html>", b"[" * 9999])
def test_an_answer_that_cannot_be_read_may_have_been_a_yes(hostile: HostileServer, api: SlackApi, body: bytes) -> None:
    hostile.answer_with("200 OK", body)
    assert isinstance(error_of(api), ChatUnavailable)


@pytest.mark.parametrize("ts", [None, "", 3, {}])
def test_a_yes_without_a_place_is_looked_at_again(hostile: HostileServer, api: SlackApi, ts: object) -> None:
    hostile.answer_with("200 OK", json.dumps({"ok": True, "ts": ts}).encode())
    assert isinstance(error_of(api), ChatUnavailable)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ratelimited", ChatUnavailable),
        ("internal_error", ChatUnavailable),
        ("message_not_found", MessageGone),
        ("edit_window_closed", MessageGone),
        ("invalid_blocks", BlocksRefused),
        ("channel_not_found", ChatRefused),
        ("an_error_of_next_year", ChatRefused),
        (None, ChatRefused),
        (["x"], ChatRefused),
    ],
)
def test_slacks_codes_decide(hostile: HostileServer, api: SlackApi, code: object, kind: type[ChatError]) -> None:
    hostile.answer_with("200 OK", json.dumps({"ok": False, "error": code, "needed": None}).encode())
    assert type(error_of(api)) is kind


def test_a_missing_scope_is_named(hostile: HostileServer, api: SlackApi) -> None:
    hostile.answer_with("200 OK", b'{"ok": false, "error": "missing_scope", "needed": "chat:write"}')
    assert str(error_of(api)) == "slack: chat.postMessage: missing_scope (needs the scope chat:write)"


def test_a_redirect_is_not_followed_and_gets_no_token(hostile: HostileServer, api: SlackApi) -> None:
    hostile.answer_with("302 Found", b"", Location=hostile.url + "/elsewhere")
    assert isinstance(error_of(api), ChatRefused)
    assert [asked.line for asked in hostile.asked] == ["POST /chat.postMessage"]


def test_a_service_that_dribbles_holds_nobody(hostile: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def dribble(_asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nX: ")
        while not hostile.is_over.wait(0.02):
            send(b"o")

    hostile.answer = dribble
    monkeypatch.setattr(slack_api, "TIMEOUT_SECONDS", 0.3)
    assert isinstance(error_of(SlackApi(hostile.url, TOKEN, "C1")), ChatUnavailable)


def test_all_calls_of_one_message_end_before_another_worker_takes_it_up(
    hostile: HostileServer, api: SlackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.monotonic() + slack_api.ANSWERED_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert isinstance(error_of(api), ChatUnavailable)
    assert hostile.asked == []


@pytest.mark.parametrize("url", ["https://[nowhere", "nowhere", "ftp://nowhere.example"])
def test_an_address_that_is_none_names_its_setting(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        error = error_of(SlackApi(url, TOKEN, "C1"))
    assert "SLACK_API_URL is not a web address" in str(error)
    assert TOKEN not in caplog.text


def test_only_our_own_messages_are_found_oldest_first_and_no_answers(hostile: HostileServer, api: SlackApi) -> None:
    def row(ts: object, **more: object) -> dict[str, object]:
        return {"ts": ts, "metadata": MARK.as_metadata(), **more}

    rows = [
        row("3.0"),
        row("2.5", thread_ts="1.0", subtype="thread_broadcast"),
        row("2.0", thread_ts="2.0"),
        {"ts": "1.9"},
        row("1.8", metadata=None),
        row("1.7", metadata={"event_type": "other", "event_payload": {}}),
        row("1.6", metadata={"event_type": slack_api.EVENT_TYPE, "event_payload": None}),
        "text",
    ]
    hostile.answer_with("200 OK", json.dumps({"ok": True, "messages": rows, "response_metadata": None}).encode())
    assert api.messages(SINCE) == (Found("2.0", MARK), Found("3.0", MARK))


@pytest.mark.parametrize("messages", [None, {}, "x"])
def test_a_history_that_cannot_be_read_is_no_empty_one(hostile: HostileServer, api: SlackApi, messages: object) -> None:
    hostile.answer_with("200 OK", json.dumps({"ok": True, "messages": messages}).encode())
    with pytest.raises(ChatUnavailable):
        api.messages(SINCE)


_FLAGS = {"deleted": False, "is_bot": False, "is_restricted": False, "is_ultra_restricted": False}
_MEMBER = {"id": "U1", "team_id": "T1", "real_name": "Ada Moreau", "name": "ada", **_FLAGS}


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (_MEMBER, "Ada Moreau"),
        (_MEMBER | {"is_stranger": False}, "Ada Moreau"),
        (_MEMBER | {"real_name": ""}, "ada"),
        *((_MEMBER | {flag: True}, "") for flag in (*_FLAGS, "is_stranger")),
        *(({name: value for name, value in _MEMBER.items() if name != flag}, "") for flag in _FLAGS),
        *((_MEMBER | {flag: "false"}, "") for flag in _FLAGS),
        (_MEMBER | {"id": "U2"}, ""),
        (_MEMBER | {"team_id": "T2"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_only_a_member_of_the_workspace_has_a_name_and_a_missing_flag_is_no_no(
    hostile: HostileServer, api: SlackApi, user: object, name: str
) -> None:
    hostile.answer_with("200 OK", json.dumps({"ok": True, "user": user}).encode())
    assert api.member_name("T1", "U1") == name
