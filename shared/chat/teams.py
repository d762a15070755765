"""Teams: the Workflows trigger "When a Teams webhook request is received", which takes an Adaptive Card.

A message may have 28 KB (Teams docs: connectors-using); what the workflow adds on its way is allowed for. A workflow
answers 202 for "accepted" and cannot edit what it posted.
"""

from __future__ import annotations

import json
from typing import Any

from ..first_use import import_lock
from .message import Message
from .posting import check
from .posting import post as post_json
from .truncate import truncations

CHANNEL = "teams"
TIMEOUT_SECONDS = 20
MAX_BYTES = 28 * 1024
RESERVED_BYTES = 4 * 1024


def render(message: Message) -> dict[str, Any]:
    """The envelope that the workflow expects, with one card, below 28 KB as sent."""
    with import_lock:
        from .adaptive_card import card  # which loads microsoft_teams

    for smaller in truncations(message):
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card(smaller),
        }
        envelope = {"type": "message", "attachments": [attachment]}
        if len(encode(envelope)) <= MAX_BYTES - RESERVED_BYTES:
            break
    return envelope


def encode(payload: dict[str, Any]) -> bytes:
    """The bytes as they are posted."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> str:
    """Posts once; nothing is ever unusual. Raises ChatUnavailable or ChatRefused, as ``posting`` does."""
    answer = post_json(CHANNEL, url, encode(payload), timeout_seconds)
    # An accepted post can still tell in its body that the service behind it was throttled (Teams docs:
    # connectors-using, "HTTP error 429").
    is_throttled = 200 <= answer.status < 300 and "HTTP error 429" in answer.body
    check(answer, CHANNEL, url, is_throttled=is_throttled)
    return ""
