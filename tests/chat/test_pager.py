"""What wakes people: signed JSON by its schema, and PagerDuty's events; the key is in no error."""

from __future__ import annotations

import hashlib
import hmac
import json
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.chat import pager
from shared.chat.errors import ChatError, ChatRefused, ChatUnavailable
from shared.chat.message import Message, MessageKind, Tone
from shared.chat.pager import PagerDuty, SignedWebhook, event_of, pagerduty_body, signature, webhook_body
from shared.chat.posting import Answer
from shared.model.audit import OutboxMessage
from shared.model.finding import Severity
from shared.model.incident import Incident, IncidentState
from shared.model.text import Text
from tests.support.hostile import HostileServer
from tests.support.nouns import make_incident
from tests.support.strategies import MESSAGES

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/webhook.schema.json").read_text(encoding="utf-8"))
WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
KEY = "k3y" * 11
ROW = OutboxMessage("m1", "shop-prod", "pager", "", WALL, WALL)
INCIDENT = replace(make_incident(), severity=Severity.CRITICAL)
CLEARED = replace(INCIDENT, state=IncidentState.CLEARED)
ALARM = Message(
    Text("Connections of `shop` fail"),
    Text("3 a minute"),
    Tone.ALARM,
    kind=MessageKind.FAILING,
    subject=INCIDENT.id,
)


@given(MESSAGES, st.sampled_from(MessageKind), st.sampled_from([None, INCIDENT, CLEARED]), st.sampled_from(Severity))
def test_every_body_is_by_its_schema_and_pagerduty_takes_what_it_gets(
    message: Message, kind: MessageKind, incident: Incident | None, severity: Severity
) -> None:
    incident = replace(incident, severity=severity) if incident else None
    event = event_of(ROW, replace(message, kind=kind), incident)
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(webhook_body(event))))
    body = pagerduty_body(event, KEY)
    assert 0 < len(body["payload"]["summary"]) <= 1024
    assert body["payload"]["severity"] in ("critical", "error", "warning", "info")
    assert 0 < len(body["dedup_key"]) <= 255


def test_the_schema_knows_all_that_the_bot_says() -> None:
    known = SCHEMA["properties"]
    assert set(known["kind"]["examples"]) <= {kind.value for kind in MessageKind}
    assert known["severity"]["enum"] == [*(severity.value for severity in Severity), None]


@pytest.mark.parametrize(
    ("kind", "tone", "incident", "action"),
    [
        (MessageKind.WARNING, Tone.WARNING, INCIDENT, "trigger"),
        (MessageKind.FAILING, Tone.ALARM, INCIDENT, "trigger"),
        (MessageKind.STOPPED, Tone.ALARM, INCIDENT, "trigger"),
        (MessageKind.STOPPED, Tone.ALARM, None, "trigger"),
        (MessageKind.APPROVAL_WANTED, Tone.NEUTRAL, INCIDENT, "inform"),
        (MessageKind.OUTCOME, Tone.GOOD, INCIDENT, "inform"),  # such as addresses that were reserved
        (MessageKind.OUTCOME, Tone.GOOD, CLEARED, "resolve"),
        (MessageKind.OUTCOME, Tone.NEUTRAL, None, "resolve"),
        (MessageKind.CLEARED, Tone.GOOD, CLEARED, "resolve"),
        (MessageKind.FAILING, Tone.ALARM, CLEARED, "resolve"),  # it comes late
        (MessageKind.FLEET, Tone.WARNING, None, "trigger"),
        (MessageKind.FLEET, Tone.GOOD, None, "inform"),
    ],
)
def test_the_incident_decides_who_is_woken(
    kind: MessageKind, tone: Tone, incident: Incident | None, action: str
) -> None:
    assert event_of(ROW, replace(ALARM, kind=kind, tone=tone), incident).action == action


def test_events_of_an_incident_belong_together_and_severity_is_pagerdutys() -> None:
    body = pagerduty_body(event_of(ROW, ALARM, INCIDENT), KEY)
    assert (body["routing_key"], body["event_action"], body["dedup_key"]) == (KEY, "trigger", INCIDENT.id)
    assert body["payload"]["summary"] == "Connections of shop fail: 3 a minute"
    assert (body["payload"]["severity"], body["payload"]["source"]) == ("critical", "shop-prod")


def test_the_signature_is_over_timestamp_and_body() -> None:
    expected = hmac.new(b"secret", b'v1:1700000000:{"a": 1}', hashlib.sha256).hexdigest()
    assert signature("secret", "1700000000", b'{"a": 1}') == f"v1={expected}"
    assert signature("secret", "1700000001", b'{"a": 1}') != f"v1={expected}"


def test_a_receiver_can_check_what_it_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[bytes, Mapping[str, str]]] = []

    def take(_channel: str, _url: str, body: bytes, _seconds: float, headers: Mapping[str, str], _: str) -> Answer:
        posted.append((body, headers))
        return Answer(200, "", {})

    monkeypatch.setattr(pager, "post", take)
    SignedWebhook("https://x.example", KEY).send(event_of(ROW, ALARM, INCIDENT), WALL)
    ((body, headers),) = posted
    assert headers["X-Snatbot-Timestamp"] == str(int(WALL.timestamp()))
    assert headers["X-Snatbot-Signature"] == signature(KEY, headers["X-Snatbot-Timestamp"], body)
    assert json.loads(body)["id"] == ROW.id


def channels(url: str) -> list[Any]:
    return [SignedWebhook(url, KEY), PagerDuty(url, KEY)]


@pytest.mark.network
@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("200 OK", None),
        ("202 Accepted", None),
        ("302 Found", ChatRefused),
        ("400 Bad", ChatRefused),
        ("404 Gone", ChatRefused),
        ("429 Slow", ChatUnavailable),
        ("503 Oh", ChatUnavailable),
    ],
)
def test_answers_decide(hostile: HostileServer, kind: int, status: str, error: type[ChatError] | None) -> None:
    hostile.answer_with(status, KEY.encode(), Retry_After="30", Location=hostile.url)
    channel = channels(hostile.url)[kind]
    if error is None:
        channel.send(event_of(ROW, ALARM, INCIDENT), WALL)
    else:
        with pytest.raises(error) as caught:
            channel.send(event_of(ROW, ALARM, INCIDENT), WALL)
        assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(channel)
        assert getattr(caught.value, "retry_after_seconds", 30) == 30
    assert len(hostile.asked) == 1


@pytest.mark.network
def test_pagerduty_gets_nothing_that_wakes_nobody(hostile: HostileServer) -> None:
    PagerDuty(hostile.url, KEY).send(event_of(ROW, replace(ALARM, kind=MessageKind.ADVICE), INCIDENT), WALL)
    assert hostile.asked == []
