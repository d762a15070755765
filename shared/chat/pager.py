"""Messages to paging services: a signed JSON webhook, and PagerDuty's Events API v2.

Both get the incident's id with an action: ``trigger``, ``inform`` or ``resolve``. The JSON schema is
docs/webhook.schema.json. PagerDuty (developer.pagerduty.com, events-api-v2) has no ``inform``.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..formatting import clip
from ..model.audit import OutboxMessage
from ..model.finding import Severity
from ..model.incident import Incident
from ..model.text import Text, verbatim
from .errors import ChatRefused, ChatUnavailable, retry_after_seconds
from .message import Message, MessageKind, Tone, without_backticks
from .posting import JSON, post

TIMEOUT_SECONDS = 10.0
SCHEMA = 1
TROUBLE = frozenset({MessageKind.WARNING, MessageKind.FAILING, MessageKind.WORSE, MessageKind.REMINDER})
_PAGERDUTY_SEVERITY = {Severity.CRITICAL: "critical", Severity.FAILING: "error", Severity.NOTICE: "info"}
_MAX_SUMMARY_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Event:
    """``subject``: a later event with the same subject updates the earlier one."""

    id: str  # the same on each retry
    at: datetime
    action: str
    subject: str
    cluster: str
    severity: Severity | None  # None: unknown
    message: Message


def event_of(row: OutboxMessage, message: Message, incident: Incident | None) -> Event:
    """``incident``: the message's incident in its present state, if any. An incident that is over pages nobody."""
    severity = incident.severity if incident else None
    subject = message.subject or row.id
    return Event(row.id, row.created_at, _action(message, incident), subject, row.cluster_name, severity, message)


def _action(message: Message, incident: Incident | None) -> str:
    if incident is not None and not incident.is_open:
        return "resolve"
    if message.kind in TROUBLE or message.kind is MessageKind.STOPPED:
        return "trigger"
    if incident is None:
        if message.kind in (MessageKind.OUTCOME, MessageKind.CLEARED):
            return "resolve"
        if message.kind is MessageKind.FLEET and message.tone in (Tone.WARNING, Tone.ALARM):
            return "trigger"
    return "inform"


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    url: str = field(repr=False)
    secret: str = field(repr=False)
    language: str = "en"

    def send(self, event: Event, wall: datetime) -> None:
        """Raises ChatUnavailable or ChatRefused."""
        body = json.dumps(webhook_body(event)).encode()
        timestamp = str(int(wall.timestamp()))
        signed = {"X-Snatbot-Timestamp": timestamp, "X-Snatbot-Signature": signature(self.secret, timestamp, body)}
        _post("webhook", self.url, body, {**JSON, **signed})


@dataclass(frozen=True, slots=True)
class PagerDuty:
    url: str
    routing_key: str = field(repr=False)
    language: str = "en"

    def send(self, event: Event, _wall: datetime) -> None:
        """Raises ChatUnavailable or ChatRefused."""
        if event.action != "inform":
            _post("pagerduty", self.url, json.dumps(pagerduty_body(event, self.routing_key)).encode(), JSON)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The header X-Snatbot-Signature. Receivers should refuse timestamps more than five minutes off."""
    return "v1=" + hmac.new(secret.encode(), f"v1:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


def webhook_body(event: Event) -> dict[str, Any]:
    message = event.message
    return {
        "schema": SCHEMA,
        "id": event.id,
        "at": event.at.isoformat(),
        "action": event.action,
        "subject": event.subject,
        "kind": message.kind.value,
        "cluster": event.cluster,
        "severity": event.severity.value if event.severity else None,
        "title": without_backticks(message.title),
        "summary": without_backticks(message.summary),
        "facts": [{"label": label, "value": without_backticks(value)} for label, value in message.facts],
        "links": [{"text": button.text, "url": button.url} for button in message.buttons],
    }


def pagerduty_body(event: Event, routing_key: str) -> dict[str, Any]:
    body = webhook_body(event)
    summary = clip(f"{body['title']}: {body['summary']}", _MAX_SUMMARY_CHARACTERS)
    severity = _PAGERDUTY_SEVERITY.get(event.severity, "warning") if event.severity else "warning"
    return {
        "routing_key": routing_key,
        "event_action": event.action,
        "dedup_key": event.subject,
        "client": "snatbot",
        "links": [{"href": link["url"], "text": link["text"]} for link in body["links"]],
        "payload": {
            "summary": summary,
            "source": event.cluster,
            "severity": severity,
            "timestamp": body["at"],
            "custom_details": {fact["label"]: fact["value"] for fact in body["facts"]},
        },
    }


def _post(channel: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """The receiver's reason is not shown: it may repeat what was sent, with the key."""
    answer = post(channel, url, body, TIMEOUT_SECONDS, headers, Text("its url in ROUTES"))
    if answer.status in (408, 429) or answer.status >= 500:
        raise ChatUnavailable(channel, verbatim(str(answer.status)), retry_after_seconds(answer.headers))
    if not 200 <= answer.status < 300:
        raise ChatRefused(channel, verbatim(str(answer.status)))
