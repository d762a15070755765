"""Slack's incoming webhooks, the response_urls of interactions, and the web API.

Webhooks answer in plain text: `ok`, or an error with 400, 403 or 404. The web API answers 200 even
for errors, with `"ok": false` (Slack docs: incoming webhooks; web API).
"""

from __future__ import annotations

from typing import Any

from ...errors import PlainError
from ...http import Request, Response
from ...routing import Route
from ...state.chat import RESPONSE_URL_LIFE, RESPONSE_URL_USES, ResponseUrl
from ...world import World
from .content import check_content, edit, keep, post, webhook_message
from .methods import call
from .refusals import SlackError, take_turn


def incoming_webhook(world: World, request: Request) -> Response:
    hook = "/".join(request.params[part] for part in ("team", "app", "secret"))
    if hook in world.slack.removed_webhooks:
        raise PlainError(404, "no_service", "no_service")
    try:
        message = webhook_message(request)
        check_content(world, message)
        take_turn(world, hook, "rate_limited")
    except SlackError as error:
        raise error.as_text() from error
    post(world, "webhook", hook, message, author="webhook")
    return Response(200, "ok")


def respond(world: World, request: Request) -> Response:
    """Answer to a response_url. The error "Expired url" is in getsentry/sentry; "Used url" is assumed."""
    grant = world.slack.response_urls.get(request.params["secret"])
    if grant is None:
        raise SlackError("no_service", status=404)
    if world.clock.now() - grant.issued > RESPONSE_URL_LIFE:
        raise SlackError("Expired url", status=404)
    if grant.uses >= RESPONSE_URL_USES:
        raise SlackError("Used url", status=404)
    answer(world, grant, webhook_message(request))
    grant.uses += 1
    return Response(200, {"ok": True})


def answer(world: World, grant: ResponseUrl, message: dict[str, Any]) -> None:
    """An answer to a click or a command: replaces or deletes the message, or is one, ephemeral unless in_channel."""
    original = grant.message
    if message.get("delete_original") and original is not None:
        original.is_deleted = True
        return keep(world, "delete", grant.channel, message, original.id)
    check_content(world, message)
    if message.get("replace_original") and original is not None:
        edit(world, original, message)
        return keep(world, "update", grant.channel, message, original.id)
    visible_to = "" if message.get("response_type") == "in_channel" else grant.user
    post(world, "response", grant.channel, message, visible_to=visible_to)
    return None


ROUTES = [
    Route("POST", "/slack/services/{team}/{app}/{secret}", incoming_webhook),
    Route("POST", "/slack/actions/{team}/{number}/{secret}", respond),
    Route("POST", "/slack/commands/{team}/{number}/{secret}", respond),
    Route("POST", "/slack/api/{method}", call),
    Route("GET", "/slack/api/{method}", call),
]
