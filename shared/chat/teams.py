"""Teams: the Workflows trigger "When a Teams webhook request is received", which takes an Adaptive Card.

A message may have 28 KB (Teams docs: connectors-using); what the workflow adds on its way is allowed for. A workflow
answers 202 for "accepted" and cannot edit what it posted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..first_use import import_lock
from .adaptive_card import card
from .errors import ChatRefused, ChatUnavailable, Sent, readable_reason, retry_after_seconds
from .message import Message
from .posting import post as post_json
from .truncate import truncations

CHANNEL = "teams"
TIMEOUT_SECONDS = 20
MAX_BYTES = 28 * 1024
RESERVED_BYTES = 4 * 1024


def render(message: Message) -> dict[str, Any]:
    """The envelope that the workflow expects, with one card, below 28 KB as sent."""
    with import_lock:
        import microsoft_teams.cards  # noqa: F401 - whoever comes first loads it for all

    for smaller in truncations(message):
        envelope = _envelope(card(smaller))
        if len(encode(envelope)) <= MAX_BYTES - RESERVED_BYTES:
            break
    return envelope


def encode(payload: dict[str, Any]) -> bytes:
    """The bytes as they are posted."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> Sent:
    """Posts once. Raises ChatUnavailable (408, 429, 5xx, no connection) or ChatRefused; neither holds the address."""
    answer = post_json(CHANNEL, url, encode(payload), timeout_seconds)
    return _judge(answer.status, answer.body, answer.headers, url)


def _judge(status: int, body: str, headers: Mapping[str, str], url: str) -> Sent:
    # An accepted post can still tell in its body that the service behind it was throttled (Teams docs:
    # connectors-using, "HTTP error 429").
    is_throttled = 200 <= status < 300 and "HTTP error 429" in body
    if 200 <= status < 300 and not is_throttled:
        return Sent()
    reason = f"{status} {readable_reason(body, url)}".strip()
    if is_throttled or status in (408, 429) or status >= 500:
        raise ChatUnavailable(CHANNEL, reason, retry_after_seconds(headers))
    raise ChatRefused(CHANNEL, reason)


def _envelope(content: dict[str, Any]) -> dict[str, Any]:
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}
