"""Slack: an incoming webhook that takes Block Kit.

The length of a whole message is not documented, so ours is kept well below what is seen to work. An incoming webhook
answers ``ok`` and cannot edit what it posted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .block_kit import blocks, fallback
from .errors import ChatRefused, ChatUnavailable, Sent, readable_reason, retry_after_seconds
from .fit import sizes
from .message import Message

if TYPE_CHECKING:
    from slack_sdk.webhook import WebhookResponse

CHANNEL = "slack"
TIMEOUT_SECONDS = 10
MAX_BLOCKS = 50
MAX_MESSAGE_CHARACTERS = 12_000


def render(message: Message) -> dict[str, Any]:
    """The webhook's payload: ``text`` for notifications and screen readers, and ``blocks``."""
    for smaller in sizes(message):
        laid_out = blocks(smaller)
        if len(laid_out) <= MAX_BLOCKS and _characters(laid_out) <= MAX_MESSAGE_CHARACTERS:
            break
    return {"text": fallback(smaller), "blocks": laid_out, "unfurl_links": False, "unfurl_media": False}


def post(url: str, payload: dict[str, Any], timeout_seconds: int = TIMEOUT_SECONDS) -> Sent:
    """Posts once. Blocks that Slack does not take are left out, so that the text arrives at least.

    Raises ChatUnavailable (429, 5xx, no connection: try again) or ChatRefused (anything else). Neither holds the
    address.
    """
    answer = _send(url, payload, timeout_seconds)
    if answer.status_code == 400 and "blocks" in payload and "blocks" in answer.body:
        reason = readable_reason(answer.body, url)
        answer = _send(url, {"text": payload["text"]}, timeout_seconds)
        if answer.status_code == 200:
            return Sent(f"Slack did not take the blocks ({reason}); the plain text was posted instead")
    if answer.status_code == 200 and not answer.body.lstrip().startswith("<"):
        return Sent()
    if answer.status_code == 200:
        raise ChatRefused(CHANNEL, "the address answered with a web page: SLACK_WEBHOOK_URL is not a webhook")
    reason = f"{answer.status_code} {readable_reason(answer.body, url)}".strip()
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise ChatUnavailable(CHANNEL, reason, retry_after_seconds(answer.headers))
    raise ChatRefused(CHANNEL, reason)


def _send(url: str, payload: dict[str, Any], timeout_seconds: int) -> WebhookResponse:
    from http.client import HTTPException, InvalidURL

    from slack_sdk.errors import SlackRequestError
    from slack_sdk.webhook import WebhookClient

    # The client's own logger writes address and body at debug level, and errors with the address in them.
    silent = logging.Logger(__name__, level=logging.CRITICAL + 1)
    client = WebhookClient(url, timeout=timeout_seconds, logger=silent, retry_handlers=[])
    problem: ChatRefused | ChatUnavailable
    try:
        return client.send_dict(payload)
    except (SlackRequestError, InvalidURL, ValueError):
        problem = ChatRefused(CHANNEL, "SLACK_WEBHOOK_URL is not a web address that can be posted to")
    except TimeoutError:
        problem = ChatUnavailable(CHANNEL, f"no answer within {timeout_seconds} s")
    except (OSError, HTTPException) as error:
        problem = ChatUnavailable(CHANNEL, f"no connection ({type(getattr(error, 'reason', error)).__name__})")
    raise problem  # outside the handler: the original holds the address


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
