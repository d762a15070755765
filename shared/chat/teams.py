"""Teams: the Workflows trigger "When a Teams webhook request is received", which takes an Adaptive Card.

A message may have 28 KB (Teams docs: connectors-using), with what the workflow adds. A workflow answers 202 for
"accepted" and cannot edit a post.
"""

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
    """The envelope that the workflow expects, with one card, in less than 28 KB."""
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
    """The bytes to post."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Post once. Raises ChatUnavailable or ChatRefused, as ``posting`` does."""
    answer = post_json(CHANNEL, url, encode(payload), timeout_seconds)
    # The body of an accepted post may say that the service behind it throttled (Teams docs: connectors-using, "HTTP
    # error 429").
    is_throttled = 200 <= answer.status < 300 and "HTTP error 429" in answer.body
    check(answer, CHANNEL, url, is_throttled=is_throttled)
