"""Validates a message's content, and turns it into the visible message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...clock import iso_text
from ...http import Request
from ...state.chat import Message, Posted, Revision
from ...world import World
from .blocks import TABLES, Problem, find_problems, with_ids
from .refusals import SlackError

LONGEST_TEXT, LONGEST_UPDATE = 40_000, 4_000
"""A longer text is cut when it is posted, refused in an update (Slack docs: chat.postMessage, chat.update)."""
LONGEST_MARKDOWN = 12_000
"""Of all markdown blocks of a message together (Slack docs: markdown block)."""
PARTS = ("text", "blocks", "attachments", "metadata")


def is_true(value: object) -> bool:
    """An argument of a form or of JSON."""
    return str(value or "").lower() in ("1", "true")


def json_object(raw: bytes | str) -> dict[str, Any] | None:
    """The JSON object in a body, or None."""
    try:
        parsed = json.loads(raw)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def webhook_message(request: Request) -> dict[str, Any]:
    """The message posted to a webhook: JSON, bare or in a form's `payload`."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    message = json_object(request.form().get("payload", "") if is_form else request.body)
    if message is None:
        raise SlackError("invalid_payload")
    return message


def problems_of(message: Mapping[str, Any], newer: tuple[str, ...]) -> list[Problem]:
    """Errors in a message's blocks, including those of its attachments."""
    found = find_problems(message["blocks"], newer) if message.get("blocks") is not None else []
    for index, attachment in enumerate(message.get("attachments") or []):
        if isinstance(attachment, dict) and "blocks" in attachment:
            found += find_problems(attachment["blocks"], newer, f"/attachments/{index}/blocks")
    return found


def check_content(world: World, message: Mapping[str, Any]) -> None:
    """Raise Slack's error if a message is invalid."""
    blocks, attachments = message.get("blocks"), message.get("attachments")
    if not isinstance(attachments or [], list) or not all(isinstance(each, dict) for each in attachments or []):
        raise SlackError("invalid_attachments")
    found = problems_of(message, world.settings.slack_newer_blocks)
    if found:
        words = [str(each) for each in found]
        noted = {"messages": [f"[ERROR] {each}" for each in words]}
        raise SlackError("invalid_blocks", errors=words, response_metadata=noted)
    everything = [blocks, *(each.get("blocks") for each in attachments or [])]
    if sum(block["type"] in TABLES for some in everything for block in some or []) > 1:
        raise SlackError("invalid_attachments", errors=["only_one_table_allowed"])
    if not blocks and not message.get("text") and not attachments:
        raise SlackError("no_text")
    if (
        sum(len(block["text"]) for some in everything for block in some or [] if block["type"] == "markdown")
        > LONGEST_MARKDOWN
    ):
        raise SlackError("msg_blocks_too_long")
    metadata = message.get("metadata")
    if metadata and not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= set(metadata)):
        raise SlackError("invalid_metadata_format")


def post(
    world: World, kind: str, channel: str, message: Mapping[str, Any], *, author: str = "app", visible_to: str = ""
) -> Message:
    """Put a checked message into a channel."""
    now, ts = iso_text(world.clock.now()), world.slack.next_ts(world.clock.now())
    thread = str(message.get("thread_ts") or "")
    made = Message("slack", channel, ts, author, [Revision(now, shown(message, ts))], thread, visible_to)
    made.is_broadcast = bool(thread) and is_true(message.get("reply_broadcast"))
    world.slack.room.append(made)
    keep(world, kind, channel, message, ts)
    return made


def edit(world: World, message: Message, given: Mapping[str, Any]) -> None:
    """Change a message; what isn't given stays as it was (Slack docs: chat.update)."""
    changed = {name: given[name] for name in PARTS if given.get(name) is not None}
    content = {**message.content, **shown(changed, message.id)}
    message.revisions.append(Revision(iso_text(world.clock.now()), content))


def keep(world: World, kind: str, channel: str, body: Any, ts: str | None) -> None:
    """Note a call for `/_sim/messages`."""
    world.slack.messages.append(Posted("slack", kind, channel, world.clock.now(), 200, body, ts))


def shown(message: Mapping[str, Any], ts: str) -> dict[str, Any]:
    """The visible message, with the ids that Slack adds."""
    content = {name: message[name] for name in PARTS if message.get(name) is not None}
    if "text" in content:
        content["text"] = str(content["text"])[:LONGEST_TEXT]
    if isinstance(content.get("blocks"), list):
        content["blocks"] = with_ids(content["blocks"], ts)
    if content.get("attachments"):
        content["attachments"] = [
            each | ({"blocks": with_ids(each["blocks"], ts, index)} if "blocks" in each else {})
            for index, each in enumerate(content["attachments"])
        ]
    return content
