"""Slack: an incoming webhook that takes Block Kit.

The length of a whole message is not documented, so ours is kept well below what is seen to work. An incoming webhook
answers ``ok`` and cannot edit what it posted.
"""

from __future__ import annotations

import json
from typing import Any

from ..first_use import import_lock
from .block_kit import blocks, fallback
from .errors import ChatRefused, ChatUnavailable, Sent, readable_reason, retry_after_seconds
from .message import Message
from .posting import post as post_json
from .truncate import truncations

CHANNEL = "slack"
TIMEOUT_SECONDS = 10
MAX_BLOCKS = 50
MAX_MESSAGE_CHARACTERS = 12_000


def render(message: Message) -> dict[str, Any]:
    """The webhook's payload: ``text`` for notifications and screen readers, and ``blocks``."""
    with import_lock:
        import slack_sdk.models.blocks  # noqa: F401 - whoever comes first loads it for all

    for smaller in truncations(message):
        laid_out = blocks(smaller)
        if len(laid_out) <= MAX_BLOCKS and _characters(laid_out) <= MAX_MESSAGE_CHARACTERS:
            break
    return {"text": fallback(smaller), "blocks": laid_out, "unfurl_links": False, "unfurl_media": False}


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> Sent:
    """Posts once. Blocks that Slack does not take are left out, so that the text arrives at least.

    Raises ChatUnavailable (429, 5xx, no connection: try again) or ChatRefused (anything else). Neither holds the
    address.
    """
    answer = post_json(CHANNEL, url, _encode(payload), timeout_seconds)
    if answer.status == 400 and "blocks" in payload and "blocks" in answer.body:
        reason = readable_reason(answer.body, url)
        answer = post_json(CHANNEL, url, _encode({"text": payload["text"]}), timeout_seconds)
        if answer.status == 200:
            return Sent(f"Slack did not take the blocks ({reason}); the plain text was posted instead")
    if answer.status == 200 and not answer.body.lstrip().startswith("<"):
        return Sent()
    if answer.status == 200:
        raise ChatRefused(CHANNEL, "the address answered with a web page: SLACK_WEBHOOK_URL is not a webhook")
    reason = f"{answer.status} {readable_reason(answer.body, url)}".strip()
    if answer.status in (408, 429) or answer.status >= 500:
        raise ChatUnavailable(CHANNEL, reason, retry_after_seconds(answer.headers))
    raise ChatRefused(CHANNEL, reason)


def _encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def _characters(node: object) -> int:
    """All the text a reader sees, whatever block it is in."""
    if isinstance(node, dict):
        return sum(
            len(value) if key == "text" and isinstance(value, str) else _characters(value)
            for key, value in node.items()
        )
    if isinstance(node, list):
        return sum(map(_characters, node))
    return 0
