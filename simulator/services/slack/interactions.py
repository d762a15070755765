"""Requests from Slack to an app: clicks and slash commands, signed over the raw body, with three seconds to answer.

Slack docs: interactivity/handling-user-interaction, reference/interaction-payloads, slash commands, and
authentication/verifying-requests-from-slack (with a worked example that tests replay).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from ...noise import stable_digits, stable_uuid
from ...state.chat import Message, ResponseUrl
from ...state.people import Person
from ...world import World
from .methods import message_json
from .people import user_name

FORGERIES = ("unsigned", "wrong_secret", "changed_body", "stale")
STALE_SECONDS = 600
TIMEOUT = "operation_timeout"
UNREACHABLE = "dispatch_failed"
_CLICKED = ("action_id", "block_id", "text", "value", "style", "url", "type", "confirm")
_LARGEST_ANSWER_BYTES = 1_000_000
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass(frozen=True)
class Delivery:
    """The app's answer: its status, or 0 and the reason why there is none."""

    status: int
    body: bytes = b""
    failure: str = ""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """X-Slack-Signature."""
    return "v0=" + hmac.new(secret.encode(), b"v0:%d:%b" % (timestamp, body), hashlib.sha256).hexdigest()


def signed(world: World, url: str, fields: Mapping[str, str], forged: str = "") -> Request:
    """The request with these form fields. `forged` is one of FORGERIES: requests that don't come from Slack."""
    timestamp = int(world.outside_now().timestamp()) - (STALE_SECONDS if forged == "stale" else 0)
    secret = world.slack.app.signing_secret + ("x" if forged == "wrong_secret" else "")
    body = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": _AGENT}
    if forged != "unsigned":
        headers["X-Slack-Signature"] = signature(secret, timestamp, body)
        headers["X-Slack-Request-Timestamp"] = str(timestamp)
    return Request(url, body + b"&x=1" if forged == "changed_body" else body, headers, method="POST")


def deliver(request: Request, seconds: float) -> Delivery:
    """Send it once. A redirect is an answer like any other."""
    try:
        with build_opener(_NoRedirects, ProxyHandler({})).open(request, timeout=seconds) as answer:
            return Delivery(answer.status, answer.read(_LARGEST_ANSWER_BYTES))
    except HTTPError as error:
        with error:
            return Delivery(error.code)
    except (OSError, HTTPException) as error:
        is_late = isinstance(getattr(error, "reason", error), TimeoutError)
        return Delivery(0, failure=TIMEOUT if is_late else UNREACHABLE)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _response_url(world: World, kind: str, base_url: str, grant: ResponseUrl) -> str:
    number = len(world.slack.response_urls) + 1
    secret = stable_uuid("response_url", world.seed, number).replace("-", "")
    world.slack.response_urls[secret] = grant
    return f"{base_url}/slack/{kind}/{world.slack.app_id}/{stable_digits(10, number)}/{secret}"


def _trigger_id(world: World, person: Person) -> str:
    moment, team = stable_digits(11, world.clock.now()), stable_digits(12, person.chat.slack_team)
    return f"{moment}.{team}.{stable_uuid(world.seed).replace('-', '')}"


def block_actions(
    world: World, base_url: str, message: Message, element: Mapping[str, Any], person: Person
) -> dict[str, str]:
    """The form that a click on an element is sent as. `element` has its `block_id` too."""
    slack, chat, now = world.slack, person.chat, world.clock.now()
    where = {"message_ts": message.id, "channel_id": message.channel, "is_ephemeral": bool(message.visible_to)}
    grant = ResponseUrl(message.channel, chat.slack_user, now, message)
    name = user_name(person)
    clicked = {key: element[key] for key in _CLICKED if key in element}
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": chat.slack_user, "username": name, "name": name, "team_id": chat.slack_team},
        "api_app_id": slack.app_id,
        "token": "legacy-fixed-value",
        "container": {"type": "message"} | where,
        "trigger_id": _trigger_id(world, person),
        "team": {"id": chat.slack_team, "domain": chat.slack_team.lower()},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": message.channel, "name": message.channel},
        "response_url": _response_url(world, "actions", base_url, grant),
        "actions": [clicked | {"action_ts": f"{now.timestamp():.6f}"}],
    }
    if not message.visible_to:
        payload |= {"message": message_json(world, message), "state": {"values": {}}}
    return {"payload": json.dumps(payload)}


def slash_command(world: World, base_url: str, channel: str, command: str, text: str, person: Person) -> dict[str, str]:
    """The form that a slash command is sent as."""
    chat = person.chat
    grant = ResponseUrl(channel, chat.slack_user, world.clock.now())
    return {
        "token": "legacy-fixed-value",
        "team_id": chat.slack_team,
        "team_domain": chat.slack_team.lower(),
        "channel_id": channel,
        "channel_name": channel,
        "user_id": chat.slack_user,
        "user_name": user_name(person),
        "command": command,
        "text": text,
        "api_app_id": world.slack.app_id,
        "is_enterprise_install": "false",
        "response_url": _response_url(world, "commands", base_url, grant),
        "trigger_id": _trigger_id(world, person),
    }


def click_error(delivery: Delivery) -> str:
    """The error shown at the message; empty when the app acknowledged."""
    if delivery.failure == TIMEOUT:
        return "Operation timed out. Apps need to respond within 3 seconds."
    if delivery.failure:
        return "This app did not respond."  # assumed: no public source has this text
    return "" if delivery.status == 200 else f"This app responded with Status Code {delivery.status}."


def command_error(command: str, delivery: Delivery) -> str:
    """Slackbot's answer to the command's sender; empty when the app acknowledged."""
    code = delivery.failure or ("" if delivery.status == 200 else "http_service_error")
    return f'{command} failed with the error "{code}"' if code else ""
