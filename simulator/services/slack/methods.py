"""The methods of Slack's web API: arguments, scopes, effects and answers (Slack docs: reference/methods)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...http import Request, Response
from ...state.chat import Message
from ...state.people import DEFAULT_SLACK_TEAM
from ...world import World
from .blocks import MOST_BLOCKS_OF_A_VIEW, find_problems
from .content import LONGEST_TEXT, LONGEST_UPDATE, check_content, edit, is_true, json_object, keep, post, problems_of
from .manifest import manifest_problems
from .people import member
from .refusals import SlackError, take_turn

Arguments = dict[str, Any]
CUT = "message_truncated"
"""Reported: open-cli-collective/slack-chat-api#139."""
CONFIGURATION_TOKENS = "xoxe."
"""How the tokens begin that manifests are validated with (Slack docs: app-manifests/configuring-apps)."""
_JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "message", "view", "manifest")


def _arguments(request: Request) -> tuple[Arguments, str]:
    """A call's arguments, JSON or form, and its token."""
    arguments: Arguments = dict(request.query)
    if request.headers.get("content-type", "").startswith("application/json"):
        arguments |= json_object(request.body) or {}
    else:
        arguments |= request.form()
    for name in _JSON_ARGUMENTS:
        if isinstance(arguments.get(name), str):
            try:
                arguments[name] = json.loads(arguments[name])
            except ValueError:
                arguments[name] = "not JSON"
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = str(arguments.pop("token", ""))
    return arguments, token.strip() if scheme.lower() == "bearer" else given


def call(world: World, request: Request) -> Response:
    """Call a method: check the token and its scopes, then run it."""
    arguments, token = _arguments(request)
    method, app = METHODS.get(request.params["method"]), world.slack.app
    if method is None:
        raise SlackError("unknown_method", req_method=request.params["method"])
    if not token:
        raise SlackError("not_authed")
    if method.is_of_configuration:
        if not token.startswith(CONFIGURATION_TOKENS):
            raise SlackError("not_allowed_token_type" if token.startswith("xox") else "invalid_auth")
    elif not token.startswith(("xoxb-", "xoxp-")) or app.bot_token not in ("", token):
        raise SlackError("invalid_auth")
    scopes = EVERY_SCOPE if app.scopes is None else app.scopes
    provided = ",".join(sorted(scopes))
    if method.scopes and scopes.isdisjoint(method.scopes):
        raise SlackError("missing_scope", needed=",".join(method.scopes), provided=provided)
    return Response(200, {"ok": True} | method.run(world, arguments), {"x-oauth-scopes": provided})


def _channel(world: World, arguments: Arguments) -> str:
    channel = str(arguments.get("channel") or "")
    if not channel or channel in world.slack.unknown_channels:
        raise SlackError("channel_not_found")
    return channel


def _own_message(world: World, arguments: Arguments, refusal: str) -> Message:
    """The app's own message; these methods can't address ephemeral messages."""
    found = world.slack.find(_channel(world, arguments), str(arguments.get("ts")))
    if found is None or found.visible_to:
        raise SlackError("message_not_found")
    if found.author != "app":
        raise SlackError(refusal)
    return found


def message_json(world: World, message: Message, *, with_metadata: bool = True) -> dict[str, Any]:
    """A message as Slack shows it to apps."""
    slack, content = world.slack, dict(message.content)
    if not with_metadata:
        content.pop("metadata", None)
    body: dict[str, Any] = {"type": "message", "subtype": "bot_message", "ts": message.id, "bot_id": slack.bot_id}
    body |= {"user": slack.bot_user, "app_id": slack.app_id, "team": DEFAULT_SLACK_TEAM, "text": ""} | content
    replies = [each for each in slack.public(message.channel) if each.thread == message.id]
    if message.thread:
        body["thread_ts"] = message.thread
        if message.is_broadcast:
            body["subtype"] = "thread_broadcast"
    elif replies:
        body |= {"thread_ts": message.id, "reply_count": len(replies), "latest_reply": replies[-1].id}
    if len(message.revisions) > 1:
        edited = datetime.fromisoformat(message.revisions[-1].at)
        body["edited"] = {"user": slack.bot_user, "ts": f"{edited.timestamp():.6f}"}
    return body


def post_message(world: World, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(world, arguments)
    check_content(world, arguments)
    take_turn(world, channel)
    made = post(world, "post", channel, arguments)
    is_cut = len(str(arguments.get("text") or "")) > LONGEST_TEXT
    warned = {"warning": CUT, "response_metadata": {"warnings": [CUT]}} if is_cut else {}
    return {"channel": channel, "ts": made.id, "message": message_json(world, made)} | warned


def post_ephemeral(world: World, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(world, arguments)
    member(world, arguments.get("user"), "user_not_in_channel")
    check_content(world, arguments)
    take_turn(world, channel)
    return {"message_ts": post(world, "ephemeral", channel, arguments, visible_to=str(arguments["user"])).id}


def update_message(world: World, arguments: Arguments) -> dict[str, Any]:
    message = _own_message(world, arguments, "cant_update_message")
    check_content(world, arguments)
    if len(str(arguments.get("text") or "")) > LONGEST_UPDATE:
        raise SlackError("msg_too_long")
    edit(world, message, arguments)
    keep(world, "update", message.channel, arguments, message.id)
    found = {"channel": message.channel, "ts": message.id, "text": message.content.get("text", "")}
    return found | {"message": message_json(world, message)}


def delete_message(world: World, arguments: Arguments) -> dict[str, Any]:
    message = _own_message(world, arguments, "cant_delete_message")
    message.is_deleted = True
    keep(world, "delete", message.channel, arguments, message.id)
    return {"channel": message.channel, "ts": message.id}


def _page(world: World, arguments: Arguments, messages: list[Message]) -> dict[str, Any]:
    """One page of messages, between `oldest` and `latest`."""
    try:
        limit, start = int(arguments.get("limit") or 100), int(arguments.get("cursor") or 0)
        oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    except ValueError as error:
        raise SlackError("invalid_arguments") from error
    edges = is_true(arguments.get("inclusive"))
    within = [
        each for each in messages if oldest < float(each.id) < latest or (edges and float(each.id) in (oldest, latest))
    ]
    metadata = is_true(arguments.get("include_all_metadata"))
    page = [message_json(world, each, with_metadata=metadata) for each in within[start : start + limit]]
    has_more = len(within) > start + limit
    cursor = {"response_metadata": {"next_cursor": str(start + limit)}} if has_more else {}
    return {"messages": page, "has_more": has_more} | cursor


def history(world: World, arguments: Arguments) -> dict[str, Any]:
    """The newest first, without replies other than those that were broadcast."""
    found = [each for each in world.slack.public(_channel(world, arguments)) if not each.thread or each.is_broadcast]
    return _page(world, arguments, found[::-1]) | {"pin_count": 0}


def replies(world: World, arguments: Arguments) -> dict[str, Any]:
    """A message and its replies, the oldest first."""
    ts = str(arguments.get("ts"))
    found = [each for each in world.slack.public(_channel(world, arguments)) if ts in (each.id, each.thread)]
    if not found:
        raise SlackError("thread_not_found")
    return _page(world, arguments, found)


def auth_test(world: World, _arguments: Arguments) -> dict[str, Any]:
    slack = world.slack
    team = {"url": "https://contoso.slack.com/", "team": "Contoso", "team_id": DEFAULT_SLACK_TEAM}
    bot = {"user": "simulated", "user_id": slack.bot_user, "bot_id": slack.bot_id, "is_enterprise_install": False}
    return team | bot


def users_info(world: World, arguments: Arguments) -> dict[str, Any]:
    user = member(world, arguments.get("user"), "user_not_found")
    scopes = world.slack.app.scopes
    if scopes is not None and "users:read.email" not in scopes:
        user["profile"].pop("email", None)
    return {"user": user}


def validate_blocks(world: World, arguments: Arguments) -> dict[str, Any]:
    """Takes exactly one of blocks, message and view."""
    given = [name for name in ("blocks", "message", "view") if arguments.get(name) is not None]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    value, newer = arguments[given[0]], world.settings.slack_newer_blocks
    if given[0] == "blocks":
        found = find_problems(value, newer, "")
    elif not isinstance(value, dict):
        raise SlackError("invalid_arguments")
    elif given[0] == "message":
        found = problems_of(value, newer)
    else:
        found = find_problems(value.get("blocks"), newer, most=MOST_BLOCKS_OF_A_VIEW)
    if found:
        errors = [{"pointer": each.pointer, "code": "failed_constraint", "message": each.message} for each in found]
        raise SlackError(f"invalid_{given[0]}", errors=errors)
    return {}


def validate_manifest(_world: World, arguments: Arguments) -> dict[str, Any]:
    if errors := manifest_problems(arguments.get("manifest")):
        raise SlackError("invalid_manifest", errors=errors)
    return {}


@dataclass(frozen=True)
class Method:
    """A method's handler, and the scopes of which it needs one."""

    run: Callable[[World, Arguments], dict[str, Any]]
    scopes: tuple[str, ...] = ()
    is_of_configuration: bool = False


_HISTORY = ("channels:history", "groups:history", "mpim:history", "im:history")
METHODS: Mapping[str, Method] = {
    "apps.manifest.validate": Method(validate_manifest, is_of_configuration=True),
    "auth.test": Method(auth_test),
    "blocks.validate": Method(validate_blocks),
    "chat.delete": Method(delete_message, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.update": Method(update_message, ("chat:write",)),
    "conversations.history": Method(history, _HISTORY),
    "conversations.replies": Method(replies, _HISTORY),
    "users.info": Method(users_info, ("users:read",)),
}
EVERY_SCOPE = frozenset({"commands", "incoming-webhook", "users:read.email"}).union(
    *(method.scopes for method in METHODS.values())
)
