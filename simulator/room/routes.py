"""The room's JSON, under `/chat/`: messages as people see them, clicks, slash commands, and the app that gets these.

Like `/_sim/`: no token, no faults, not in the log. Handlers take the world's lock themselves: while a click is on its
way, the app must be able to call Slack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..clock import iso_text
from ..errors import ControlError
from ..http import Request, Response
from ..routing import Handler, Route
from ..services.slack.content import json_object, post
from ..services.slack.interactions import (
    FORGERIES,
    Delivery,
    block_actions,
    click_error,
    command_error,
    deliver,
    signed,
    slash_command,
)
from ..services.slack.manifest import bot_scopes, manifest_problems
from ..services.slack.people import person_of
from ..services.slack.refusals import SlackError
from ..services.slack.routes import answer
from ..state.chat import Message, Notice, ResponseUrl, SlackApp
from ..state.people import Person
from ..world import World
from .page import ROUTES as PAGE_ROUTES

Body = Mapping[str, Any]


def _body(request: Request, *required: str) -> Body:
    body = json_object(request.body)
    missing = [name for name in required if body is None or name not in body]
    if body is None or missing:
        raise ControlError(f"the body must be a JSON object with {', '.join(required)}; missing: {', '.join(missing)}")
    return body


def list_messages(world: World, request: Request) -> Response:
    """All messages in order, or those of a `service`, a `channel`, or visible to a `person`."""
    wanted = request.query
    with world.lock:
        viewer = _person(world, wanted["person"]).chat.slack_user if "person" in wanted else None
        found = [
            each.to_json()
            for each in sorted([*world.slack.room, *world.teams.room], key=lambda message: message.revisions[0].at)
            if wanted.get("service", each.service) == each.service
            and wanted.get("channel", each.channel) == each.channel
            and (viewer is None or each.visible_to in ("", viewer))
        ]
    return Response(200, found)


def get_app(world: World, _request: Request) -> Response:
    """The app in the workspace: where clicks and commands go, its token, scopes and signing secret."""
    with world.lock:
        app = world.slack.app
        scopes = None if app.scopes is None else sorted(app.scopes)
        return Response(200, asdict(app) | {"app_id": world.slack.app_id, "scopes": scopes})


def install_app(world: World, request: Request) -> Response:
    """Install the app of a `manifest`, perhaps with a `signing_secret` and a `bot_token` of your choice."""
    body = _body(request, "manifest")
    manifest = body["manifest"]
    if problems := manifest_problems(manifest):
        raise ControlError(f"Slack refuses the manifest: {problems}")
    interactivity = manifest.get("settings", {}).get("interactivity", {})
    commands = manifest.get("features", {}).get("slash_commands", [])
    with world.lock:
        world.slack.app = SlackApp(
            signing_secret=str(body.get("signing_secret") or SlackApp.signing_secret),
            bot_token=str(body.get("bot_token") or "xoxb-simulated"),
            scopes=frozenset(bot_scopes(manifest)),
            request_url=str(interactivity.get("request_url", "")) if interactivity.get("is_enabled") else "",
            commands={each["command"]: each.get("url", "") for each in commands},
        )
    return get_app(world, request)


def _person(world: World, named: object) -> Person:
    """Find a person by user principal name, object id or Slack user id."""
    found = world.entra.person(str(named)) or person_of(world, named)
    if found is None:
        people = ", ".join(each.user_principal_name for each in world.entra.people)
        raise ControlError(f"person was {named!r}; there are {people}")
    return found


def _clicker(world: World, body: Body) -> tuple[Person, str]:
    """Who clicks or types, and how the request is forged."""
    person, forged = _person(world, body["person"]), str(body.get("forged") or "")
    if not person.chat.slack_user or person.chat.slack_kind in ("deleted", "bot"):
        raise ControlError(f"{person.name} can't use Slack: {person.chat.slack_kind}, user {person.chat.slack_user!r}")
    if forged and forged not in FORGERIES:
        raise ControlError(f"forged was {forged!r}; it must be one of {', '.join(FORGERIES)}")
    return person, forged


def _buttons(content: Body) -> Iterator[dict[str, Any]]:
    for holder in (content, *(content.get("attachments") or [])):
        for block in holder.get("blocks") or []:
            accessory = [block["accessory"]] if "accessory" in block else []
            elements = block["elements"] if block["type"] == "actions" else accessory
            yield from ({**each, "block_id": block["block_id"]} for each in elements)


def _clicked(message: Message, body: Body) -> dict[str, Any]:
    buttons = list(_buttons(message.content))
    for button in buttons:
        if button["action_id"] == body["action_id"] and body.get("block_id") in (None, button["block_id"]):
            return button
    there = ", ".join(button["action_id"] for button in buttons)
    raise ControlError(f"action_id was {body['action_id']!r}; message {message.id} has: {there or 'no buttons'}")


def _message(world: World, body: Body, person: Person) -> Message:
    for each in world.slack.room:
        if each.id == body["message"] and not each.is_deleted and each.visible_to in ("", person.chat.slack_user):
            return each
    raise ControlError(f"message was {body['message']!r}; {person.name} sees no such message in Slack")


def click(world: World, request: Request) -> Response:
    """Click a button: `message`, `action_id`, `person`, and `confirmed` where the button asks."""
    body = _body(request, "message", "action_id", "person")
    with world.lock:
        person, forged = _clicker(world, body)
        message = _message(world, body, person)
        button = _clicked(message, body)
        if "confirm" in button and body.get("confirmed") is not True:
            outcome = "dismissed" if body.get("confirmed") is False else "confirm"
            return Response(200, {"outcome": outcome, "confirm": button["confirm"]})
        form = block_actions(world, request.base_url, message, button, person)
        outgoing = signed(world, _url(world.slack.app.request_url, "clicks"), form, forged)
    delivery = deliver(outgoing, world.settings.slack_answer_seconds)
    if error := click_error(delivery):
        with world.lock:
            now = iso_text(world.clock.now())
            message.notices.append(Notice(now, person.chat.slack_user, button["action_id"], error))
    return _outcome(delivery.status, error, opens=button.get("url"))


def command(world: World, request: Request) -> Response:
    """Give a slash command: `channel`, `command`, `person`, and `text`."""
    body = _body(request, "channel", "command", "person")
    name, channel = str(body["command"]), str(body["channel"])
    with world.lock:
        person, forged = _clicker(world, body)
        form = slash_command(world, request.base_url, channel, name, str(body.get("text") or ""), person)
        outgoing = signed(world, _url(world.slack.app.commands.get(name), f"the command {name}"), form, forged)
    delivery = deliver(outgoing, world.settings.slack_answer_seconds)
    error, said = command_error(name, delivery), delivery.body.decode("utf-8", "replace").strip()
    with world.lock:
        grant = ResponseUrl(channel, person.chat.slack_user, world.clock.now())
        try:
            if said and not error:
                answer(world, grant, json_object(said) or {"text": said})
        except SlackError as refused:
            error = command_error(name, Delivery(200, failure=refused.code))
        if error:
            post(world, "response", channel, {"text": error}, author="slackbot", visible_to=grant.user)
    return _outcome(delivery.status, error)


def _url(url: str | None, what: str) -> str:
    if not url:
        raise ControlError(f"no app in the workspace takes {what}; install one that does: POST /chat/app")
    return url


def _outcome(status: int, error: str, **more: Any) -> Response:
    outcome = "failed" if error else "acknowledged"
    return Response(200, {"outcome": outcome, "status": status, "error": error or None} | more)


ROUTES: list[Route[Handler]] = [
    *PAGE_ROUTES,
    Route("GET", "/chat/messages", list_messages),
    Route("GET", "/chat/app", get_app),
    Route("POST", "/chat/app", install_app),
    Route("POST", "/chat/clicks", click),
    Route("POST", "/chat/commands", command),
]
