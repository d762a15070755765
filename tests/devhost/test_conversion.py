"""What handlers take and return, against what the host sends and receives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from devhost.conversion import queue_messages, to_answer, to_argument
from devhost.messages import HttpAnswer, HttpCall, TimerCall


@pytest.mark.parametrize(
    ("value", "bodies"),
    [
        (None, []),
        ("text", [b"text"]),
        ("", [b""]),
        (b"\x00bytes", [b"\x00bytes"]),
        ('{"a": 1}', [b'{"a": 1}']),
        ('["a", {"b": 1}, 2]', [b"a", b'{"b": 1}', b"2"]),
        ("[]", []),
        ("[broken", [b"[broken"]),
        (func.QueueMessage(body="body"), [b"body"]),
        (["a", func.QueueMessage(body=b"b")], [b"a", b"b"]),
    ],
)
def test_a_queue_output_becomes_messages(value: Any, bodies: list[bytes]) -> None:
    assert list(queue_messages(value)) == bodies


@pytest.mark.parametrize("value", [42, [b"bytes"], [1], object()])
def test_what_cannot_be_a_message_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="not str"):
        list(queue_messages(value))


def test_a_response_keeps_its_headers_its_type_and_its_bytes() -> None:
    response = func.HttpResponse(b"\x89PNG", status_code=206, mimetype="image/png", headers={"X-A": "1"})
    response.headers.add("Set-Cookie", "a=1")
    response.headers.add("Set-Cookie", "b=2")
    assert to_answer(response) == HttpAnswer(
        206,
        (("X-A", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "image/png")),
        b"\x89PNG",
    )


def test_text_has_a_charset() -> None:
    assert ("Content-Type", "text/html; charset=utf-8") in to_answer(
        func.HttpResponse("x", mimetype="text/html")
    ).headers


def test_the_content_type_of_a_header_wins() -> None:
    response = func.HttpResponse("x", mimetype="text/plain", headers={"Content-Type": "text/csv"})
    assert to_answer(response).headers == (("Content-Type", "text/csv"),)


def test_a_request_has_json_and_a_form() -> None:
    def request(content_type: str, body: bytes) -> Any:
        return to_argument(HttpCall("POST", "http://h/", {"Content-Type": content_type}, {}, {}, body))

    assert request("application/json", b'{"a": 1}').get_json() == {"a": 1}
    assert dict(request("application/x-www-form-urlencoded", b"a=1&b=%20").form) == {"a": "1", "b": " "}


def test_a_timer_knows_its_status() -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    timer = to_argument(TimerCall(past_due=True, last=None, next=at))
    assert isinstance(timer, func.TimerRequest)
    assert timer.past_due
