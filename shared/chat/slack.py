"""Slack: an incoming webhook that takes Block Kit.

The length of a whole message is not documented, so ours is kept well below what is seen to work. An incoming webhook
answers ``ok`` and cannot edit what it posted.
"""

from __future__ import annotations

import json
from typing import Any

from ..first_use import import_lock
from .errors import readable_reason
from .message import Message
from .posting import check
from .posting import post as post_json
from .truncate import truncations

CHANNEL = "slack"
TIMEOUT_SECONDS = 10
MAX_BLOCKS = 50
MAX_MESSAGE_CHARACTERS = 12_000
refuses_charts: set[str] = set()
"""Webhooks and channels that took a message only without its chart, for as long as this process lives."""


def render(message: Message) -> dict[str, Any]:
    """The webhook's payload: ``text`` for notifications and screen readers, and ``blocks``."""
    with import_lock:
        from .block_kit import blocks, fallback  # which loads slack_sdk

    for smaller in truncations(message):
        laid_out = blocks(smaller)
        if len(laid_out) <= MAX_BLOCKS and _characters(laid_out) <= MAX_MESSAGE_CHARACTERS:
            break
    return {"text": fallback(smaller), "blocks": laid_out, "unfurl_links": False, "unfurl_media": False}


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> str:
    """Posts once. Charts that Slack does not take are left out, which is nothing unusual; then all blocks, and says so.

    Raises ChatUnavailable or ChatRefused, as ``posting`` does.
    """
    if url in refuses_charts:
        payload = without_charts(payload)
    answer = post_json(CHANNEL, url, _encode(payload), timeout_seconds)
    if answer.status == 400 and "blocks" in answer.body and without_charts(payload) != payload:
        payload = without_charts(payload)
        answer = post_json(CHANNEL, url, _encode(payload), timeout_seconds)
        if answer.status == 200:
            refuses_charts.add(url)
    if answer.status == 400 and "blocks" in payload and "blocks" in answer.body:
        text_only = post_json(CHANNEL, url, _encode({"text": payload["text"]}), timeout_seconds)
        check(text_only, CHANNEL, url)
        reason = readable_reason(answer.body, url)
        return f"Slack did not take the blocks ({reason}); the plain text was posted instead"
    check(answer, CHANNEL, url)
    return ""


def without_charts(payload: dict[str, Any]) -> dict[str, Any]:
    """For a workspace or a webhook that rejects Slack's newest blocks: facts show what charts show."""
    with import_lock:
        from .block_kit import CHART
    kept = [block for block in payload.get("blocks", ()) if block["type"] != CHART]
    return {**payload, "blocks": kept} if "blocks" in payload else payload


def _encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def _characters(node: object) -> int:
    """The number of characters that a reader sees, in all blocks."""
    if isinstance(node, dict):
        return sum(
            len(value) if key == "text" and isinstance(value, str) else _characters(value)
            for key, value in node.items()
        )
    return sum(map(_characters, node)) if isinstance(node, list) else 0
