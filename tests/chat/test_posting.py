"""Posting to a simulated Slack and Teams over https: what is tried again, what is not, and which secrets are kept."""

from __future__ import annotations

import gzip
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest

from shared.bounded_http import MOST_BYTES
from shared.chat import slack, teams
from shared.chat.channels import Channel
from shared.chat.errors import ChatError, ChatRefused, ChatUnavailable, readable_reason, retry_after_seconds
from shared.chat.message import Button, Chart, Message, MessageKind, Section, Tone
from shared.flows.notification.heartbeat import beat
from shared.model.text import Text
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.hostile import Asked, HostileServer, Send

pytestmark = pytest.mark.network
MESSAGE = Message(
    Text("SNAT port exhaustion on shop-prod"),
    Text("Connections fail."),
    Tone.ALARM,
    sections=(Section(Text("By hand"), steps=(Text("Look"), Text("Act"))),),
    buttons=(Button(Text("Review the plan"), "https://x.example/a"),),
)
Service = Literal["slack", "teams"]
SERVICES: tuple[Service, ...] = ("slack", "teams")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with serve_azure("quiet") as simulator:
        yield simulator


@pytest.fixture
def chat(running: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    yield running
    running.clear_faults()


def channel(chat: RunningSimulator, service: Service) -> Channel:
    return Channel(service, chat.slack_webhook_url if service == "slack" else chat.teams_webhook_url)


def answer_with(chat: RunningSimulator, service: str, status: int, body: str = "", **headers: str) -> None:
    chat.add_fault(
        {"match": {"path": f"/{service}/"}, "times": 1, "then": {"status": status, "headers": headers, "body": body}}
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_message_arrives_as_it_was_rendered(chat: RunningSimulator, service: Service) -> None:
    channel(chat, service).send(MESSAGE)
    posted = chat.messages()[-1]
    render = {"slack": slack.render, "teams": teams.render}[service]
    assert (posted["service"], posted["body"]) == (service, render(MESSAGE))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again_later(chat: RunningSimulator, service: Service, status: int) -> None:
    answer_with(chat, service, status, "later", **{"Retry-After": "30"})
    with pytest.raises(ChatUnavailable) as caught:
        channel(chat, service).send(MESSAGE)
    assert caught.value.retry_after_seconds == 30
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("status", "body"), [(400, "invalid_payload"), (403, "action_prohibited"), (410, "gone")])
def test_what_is_wrong_is_not_tried_again_and_says_why(
    chat: RunningSimulator, service: Service, status: int, body: str
) -> None:
    answer_with(chat, service, status, body)
    with pytest.raises(ChatRefused) as caught:
        channel(chat, service).send(MESSAGE)
    assert str(caught.value) == f"{service}: {status} {body}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_lost_connection_is_tried_again(chat: RunningSimulator, service: Service) -> None:
    chat.add_fault({"match": {"path": f"/{service}/"}, "times": 1, "then": {"drop": "before"}})
    with pytest.raises(ChatUnavailable, match="no connection"):
        channel(chat, service).send(MESSAGE)


def test_a_slow_service_is_tried_again(chat: RunningSimulator) -> None:
    for post, url, service in (
        (slack.post, chat.slack_webhook_url, "slack"),
        (teams.post, chat.teams_webhook_url, "teams"),
    ):
        chat.add_fault({"match": {"path": f"/{service}/"}, "times": 1, "then": {"latency_seconds": 3}})
        with pytest.raises(ChatUnavailable, match="no answer within 1 s"):
            post(url, {"text": "x"}, 1)


def test_blocks_that_slack_refuses_still_arrive_as_text(
    chat: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    answer_with(chat, "slack", 400, "invalid_blocks")
    channel(chat, "slack").send(MESSAGE)
    assert "invalid_blocks" in caplog.text
    body = chat.messages()[-1]["body"]
    assert body == {"text": slack.render(MESSAGE)["text"]}


def test_a_chart_that_slack_refuses_is_left_out_and_the_blocks_arrive(chat: RunningSimulator) -> None:
    drawn = replace(MESSAGE, charts=(Chart(Text("Failed connections a minute"), (("10:00", 1), ("10:01", 2))),))
    answer_with(chat, "slack", 400, "invalid_blocks")
    channel(chat, "slack").send(drawn)
    assert chat.messages()[-1]["body"] == slack.render(MESSAGE)
    asked = len(chat.requests())
    channel(chat, "slack").send(drawn)
    assert len(chat.requests()) == asked + 1, "it is remembered"
    slack.refuses_newest.clear()


@pytest.mark.parametrize("service", SERVICES)
def test_a_web_page_is_no_answer_of_a_webhook(chat: RunningSimulator, service: Service) -> None:
    answer_with(chat, service, 200, "<!doctype html><title>Sign in</title>")
    with pytest.raises(ChatRefused, match=f"{service.upper()}_WEBHOOK_URL, or its url in ROUTES, is not a webhook"):
        channel(chat, service).send(MESSAGE)


@pytest.mark.parametrize("service", SERVICES)
def test_a_webhook_is_spared_the_steps_of_a_change(chat: RunningSimulator, service: Service) -> None:
    before = chat.messages()
    for kind in (MessageKind.STEP, MessageKind.PROVING, MessageKind.SILENCED):
        channel(chat, service).send(replace(MESSAGE, kind=kind))
    assert chat.messages() == before


def test_throttling_that_teams_tells_in_the_body_is_seen(chat: RunningSimulator) -> None:
    answer_with(chat, "teams", 200, "Webhook message delivery failed with error: ... HTTP error 429 ...")
    with pytest.raises(ChatUnavailable, match="HTTP error 429"):
        channel(chat, "teams").send(MESSAGE)


@pytest.mark.parametrize("service", SERVICES)
def test_a_redirect_is_not_followed(chat: RunningSimulator, service: Service) -> None:
    answer_with(chat, service, 302, "", Location=f"{chat.url}/_sim/")
    with pytest.raises(ChatRefused, match="302"):
        channel(chat, service).send(MESSAGE)


POSTS: dict[str, Callable[[str], object]] = {
    "slack": lambda url: slack.post(url, {"text": "x"}, 0.3),
    "teams": lambda url: teams.post(url, {"text": "x"}, 0.3),
}


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"])
def test_a_service_that_dribbles_holds_nobody(
    hostile: HostileServer, post: Callable[[str], object], begun: bytes
) -> None:
    def dribble(_asked: Asked, send: Send) -> None:
        send(begun)
        while not hostile.is_over.wait(0.02):
            send(b"o")

    hostile.answer = dribble
    began = time.monotonic()
    with pytest.raises(ChatUnavailable, match="no answer within 0"):
        post(hostile.url)
    assert time.monotonic() - began < 20
    assert not beat(hostile.url + "/beat", 0.3)


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
def test_a_service_that_sends_a_bomb_fills_no_memory(hostile: HostileServer, post: Callable[[str], object]) -> None:
    hostile.answer_with("200 OK", gzip.compress(b"o" * (MOST_BYTES + 1)), Content_Encoding="gzip")
    with pytest.raises(ChatUnavailable, match="AnswerTooLarge"):
        post(hostile.url)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "url", ["ftp://secret-part.example/x", "secret-part", "http://[secret-part/x", "http://a b/secret-part"]
)
def test_an_address_that_is_none_is_refused_and_not_shown(
    service: Service, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ChatRefused) as caught:
        Channel(service, url).send(MESSAGE)
    assert "ROUTES, is not a web address" in str(caught.value)
    assert "secret-part" not in traceback_of(caught.value) + caplog.text


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "fault", [{"status": 500, "body": "echo {url}"}, {"status": 404, "body": "{url}"}, {"drop": "before"}]
)
def test_the_address_is_in_no_error_and_no_log(
    chat: RunningSimulator, service: Service, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    url = channel(chat, service).url
    then = {name: value.format(url=url) if isinstance(value, str) else value for name, value in fault.items()}
    chat.add_fault({"match": {"path": f"/{service}/"}, "times": 1, "then": then})
    with caplog.at_level(logging.DEBUG, logger="shared"), pytest.raises(ChatError) as caught:
        channel(chat, service).send(MESSAGE)
    shown = traceback_of(caught.value) + caplog.text + repr(channel(chat, service))
    assert "secret" not in shown


def traceback_of(error: BaseException) -> str:
    """All that a logger would write of an exception, causes included."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "soon"}, 900.0),
        ({"retry-after": "12"}, 12.0),
        ({"Retry-After": "-4"}, 900.0),
        ({"Retry-After": "nan"}, 900.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "Sun, 22 Nov 2026 19:05:30 GMT", "Date": "Sun, 22 Nov 2026 19:05:00 GMT"}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 19:05:30 GMT"}, 900.0),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_services_own_words_lose_what_is_secret() -> None:
    url = "https://x.example/workflows/abc/invoke?sig=s3cr3tsig&v=1"
    reason = readable_reason(f"no  flow at {url}\nsig s3cr3tsig", url)
    assert "s3cr3tsig" not in reason
    assert "abc/invoke" not in reason
    assert reason.startswith("no flow at [address]")
    assert len(readable_reason("x" * 900, url)) == 200
    assert readable_reason("\n<html>Bad gateway</html>", url) == ""
