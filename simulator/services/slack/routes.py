"""Slack's incoming webhooks and `chat.postMessage`, `chat.update`.

Webhooks answer in plain text: `ok`, or an error with 400, 403 or 404. The web API answers 200 even
for errors, with `"ok": false` (Slack docs: incoming webhooks; web API).
"""

from __future__ import annotations

import json
from typing import Any

from ...errors import PlainError
from ...http import Request, Response
from ...routing import Route
from ...state.chat import Posted
from ...world import World

MOST_BLOCKS = 50
LONGEST_TEXT = 40_000


def incoming_webhook(world: World, request: Request) -> Response:
    hook = "/".join(request.params[part] for part in ("team", "app", "secret"))
    if hook in world.slack.removed_webhooks:
        raise PlainError(404, "no_service", "no_service")
    message = _webhook_message(request)
    problem = _content_problem(message)
    if problem is not None:
        raise PlainError(400, problem, problem)
    world.slack.messages.append(Posted("slack", "webhook", hook, world.clock.now(), 200, message))
    return Response(200, "ok")


def _webhook_message(request: Request) -> dict[str, Any]:
    raw: bytes | str = request.body
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raw = request.form().get("payload", "")
    try:
        message = json.loads(raw)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise PlainError(400, "invalid_payload", "invalid_payload")
    return message


def _content_problem(message: dict[str, Any]) -> str | None:
    """What Slack would say is wrong with a message's content, or None."""
    blocks = message.get("blocks")
    if blocks is not None and (not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS):
        return "invalid_blocks"
    if blocks and any(not isinstance(block, dict) or "type" not in block for block in blocks):
        return "invalid_blocks"
    if not blocks and not message.get("text") and not message.get("attachments"):
        return "no_text"
    if len(str(message.get("text") or "")) > LONGEST_TEXT:
        return "msg_too_long"
    return None


def _web_api_message(request: Request) -> tuple[dict[str, Any], str | None]:
    """The call's arguments (JSON or form) and its token."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            message = json.loads(request.body)
        except ValueError:
            message = None
        arguments = message if isinstance(message, dict) else {}
    else:
        arguments = dict(request.form())
        for name in ("blocks", "attachments"):
            if name in arguments:
                try:
                    arguments[name] = json.loads(arguments[name])
                except ValueError:
                    arguments[name] = "not JSON"
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return arguments, token if scheme.lower() == "bearer" else arguments.pop("token", None)


def _refusal(world: World, arguments: dict[str, Any], token: str | None) -> str | None:
    """Slack's error for a web API call that can't be done, or None."""
    if not token:
        return "not_authed"
    if not token.startswith(("xoxb-", "xoxp-")):
        return "invalid_auth"
    channel = arguments.get("channel")
    if not channel or channel in world.slack.unknown_channels:
        return "channel_not_found"
    return _content_problem(arguments)


def post_message(world: World, request: Request) -> Response:
    arguments, token = _web_api_message(request)
    error = _refusal(world, arguments, token)
    if error is not None:
        return Response(200, {"ok": False, "error": error})
    now, channel = world.clock.now(), str(arguments["channel"])
    ts = world.slack.next_ts(now)
    world.slack.messages.append(Posted("slack", "post", channel, now, 200, arguments, ts))
    return Response(200, {"ok": True, "channel": channel, "ts": ts, "message": _message(arguments, ts)})


def update_message(world: World, request: Request) -> Response:
    arguments, token = _web_api_message(request)
    error = _refusal(world, arguments, token)
    channel, ts = str(arguments.get("channel")), str(arguments.get("ts"))
    if error is None and world.slack.find(channel, ts) is None:
        error = "message_not_found"
    if error is not None:
        return Response(200, {"ok": False, "error": error})
    world.slack.messages.append(Posted("slack", "update", channel, world.clock.now(), 200, arguments, ts))
    body = {"ok": True, "channel": channel, "ts": ts, "text": arguments.get("text", "")}
    return Response(200, body | {"message": _message(arguments, ts)})


def _message(arguments: dict[str, Any], ts: str) -> dict[str, Any]:
    shown = {key: arguments[key] for key in ("text", "blocks", "attachments") if key in arguments}
    return {"type": "message", "subtype": "bot_message", "ts": ts} | shown


ROUTES = [
    Route("POST", "/slack/services/{team}/{app}/{secret}", incoming_webhook),
    Route("POST", "/slack/api/chat.postMessage", post_message),
    Route("POST", "/slack/api/chat.update", update_message),
]
