"""Slack: messages as Block Kit, and an incoming webhook that takes them.

The length of a whole message is not documented, so ours is kept well below what is seen to work. An incoming webhook
answers ``ok`` and cannot edit what it posted.
"""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from ..first_use import import_lock
from ..model.text import verbatim
from .errors import BlocksRefused, readable_reason
from .message import Message
from .posting import check
from .posting import post as post_json
from .truncate import truncations

log = logging.getLogger("snatbot.slack")
T = TypeVar("T")
CHANNEL = "slack"
TIMEOUT_SECONDS = 10
MAX_BLOCKS = 50
MAX_MESSAGE_CHARACTERS = 12_000
refuses_newest: set[str] = set()
"""Webhooks and channels that took a message only without Slack's newest blocks, for as long as this process lives."""


def render(message: Message, *, is_plain: bool = False) -> dict[str, Any]:
    """The webhook's payload: ``text`` for notifications and screen readers, and ``blocks``."""
    with import_lock:
        from .block_kit import blocks, fallback  # which loads slack_sdk

    for smaller in truncations(message):
        laid_out = blocks(smaller, is_plain=is_plain)
        if len(laid_out) <= MAX_BLOCKS and _characters(laid_out) <= MAX_MESSAGE_CHARACTERS:
            break
    return {"text": fallback(smaller), "blocks": laid_out, "unfurl_links": False, "unfurl_media": False}


def send(message: Message, place: str, send_payload: Callable[[dict[str, Any]], T]) -> T:
    """If Slack rejects the blocks, again without charts and tables, then only the text.

    ``place``: the webhook or the channel, for which a refusal is remembered. ``send_payload`` may raise BlocksRefused.
    """
    with import_lock:
        from .block_kit import NEWEST
    payload = render(message, is_plain=place in refuses_newest)
    has_newest = any(block["type"] in NEWEST for block in payload["blocks"])
    if has_newest:
        with suppress(BlocksRefused):
            return send_payload(payload)
        payload = render(message, is_plain=True)
    try:
        sent = send_payload(payload)
    except BlocksRefused as error:
        log.warning("Slack did not take the blocks (%s); the plain text is sent instead", error)
        return send_payload({"text": payload["text"]})
    if has_newest:
        refuses_newest.add(place)
    return sent


def post(url: str, payload: dict[str, Any], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Posts once. Raises BlocksRefused, or ChatUnavailable or ChatRefused as ``posting`` does."""
    answer = post_json(CHANNEL, url, json.dumps(payload).encode(), timeout_seconds)
    if answer.status == 400 and "blocks" in answer.body:
        raise BlocksRefused(CHANNEL, verbatim(f"400 {readable_reason(answer.body, url)}"))
    check(answer, CHANNEL, url)


def _characters(node: object) -> int:
    """The number of characters that a reader sees, in all blocks."""
    if isinstance(node, dict):
        return sum(
            len(value) if key == "text" and isinstance(value, str) else _characters(value)
            for key, value in node.items()
        )
    return sum(map(_characters, node)) if isinstance(node, list) else 0
