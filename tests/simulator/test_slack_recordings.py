"""What Slack sends, held against recorded payloads: signature, encoding, fields and their types, addresses.

The recordings have no answers: they are what apps get. What they get is modals too, which the simulator lacks.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from simulator.app import OPEN_ROUTES
from simulator.clock import SimulatedClock
from simulator.hosts import path_on_simulator
from simulator.http import Request
from simulator.routing import Router
from simulator.services.slack.content import post
from simulator.services.slack.interactions import FORGERIES, block_actions, signature, signed, slash_command
from simulator.settings import Settings
from simulator.state.chat import SlackApp
from simulator.state.people import person_of
from simulator.world import World
from tests.simulator.slack import actions, button

ADA = person_of({"name": "Ada Moreau", "user_principal_name": "ada@contoso.example"}, "tenant")
SECRET = "signing-secret-of-the-test"
NAMES = (
    "block-actions-ephemeral-message-button",
    "block-actions-message-attachment-button",
    "signature-worked-example-slash-command",
    "slash-command-enterprise",
    "view-submission-modal",
    "view-submission-with-response-urls",
)
OF_ENTERPRISES = {"enterprise_id", "enterprise_name"}
OF_ATTACHMENTS = {"attachment_id", "is_app_unfurl"}
"""What only organisations of several workspaces send, and only the older buttons of attachments."""


def recorded(recordings: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((recordings / "11-slack" / f"{name}.json").read_text())
    return {**content, **content["exchanges"][0]["request"]}


@pytest.fixture
def world() -> World:
    return World(SimulatedClock(wall=lambda: datetime(2026, 1, 1, tzinfo=UTC)), Settings(), "test", "test")


@pytest.fixture(scope="module")
def app() -> App:
    """An unmodified app that takes every click and command."""
    logger = logging.getLogger("bolt-of-recordings")
    logger.setLevel(logging.CRITICAL)  # it logs the bodies of forged requests
    installed = AuthorizeResult(enterprise_id=None, team_id=None, bot_user_id="U1", bot_id="B1", bot_token="xoxb-x")
    made = App(authorize=lambda: installed, signing_secret=SECRET, process_before_response=True, logger=logger)
    for listen in (made.action, made.command, made.view):
        listen(re.compile(".*"))(lambda ack: ack())
    return made


def missing(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Where the recorded object has a key that ours lacks, or another type."""
    if not isinstance(theirs, dict):
        return [] if type(theirs) is type(ours) else [f"{place}: {type(ours).__name__}"]
    if not isinstance(ours, dict):
        return [place]
    known = set(theirs) - OF_ENTERPRISES - OF_ATTACHMENTS
    return [each for key in sorted(known) for each in missing(theirs[key], ours.get(key), f"{place}.{key}")]


def test_the_worked_example_of_signing(recordings: Path) -> None:
    example = recorded(recordings, "signature-worked-example-slash-command")
    headers = example["headers"]
    body, timestamp = example["raw_body"].encode(), int(headers["X-Slack-Request-Timestamp"])
    assert signature(example["signing_secret"], timestamp, body) == headers["X-Slack-Signature"]


@pytest.mark.parametrize("name", ["signature-worked-example-slash-command", "slash-command-enterprise"])
def test_fields_of_a_slash_command(recordings: Path, world: World, name: str) -> None:
    example = recorded(recordings, name)
    assert signed(world, "http://app", example["form"]).data == example["raw_body"].encode()
    assert missing(example["form"], slash_command(world, "http://slack", "C1", "/snat", "", ADA)) == []


@pytest.mark.parametrize(
    ("name", "visible_to"),
    [("block-actions-ephemeral-message-button", "U01ADA"), ("block-actions-message-attachment-button", "")],
)
def test_fields_of_a_click(recordings: Path, world: World, name: str, visible_to: str) -> None:
    payload = recorded(recordings, name)["payload"]
    message = post(world, "post", "C1", {"text": "?", "blocks": actions(button(value="7"))}, visible_to=visible_to)
    element = message.content["blocks"][0]["elements"][0] | {"block_id": "b"}
    form = block_actions(world, "http://slack", message, element, ADA)
    ours = json.loads(form["payload"])
    assert missing(payload, ours) == []
    assert missing(payload["actions"][0] | {"text": {}}, ours["actions"][0]) == []
    assert ("message" in payload) == ("message" in ours)


@pytest.mark.parametrize("name", NAMES[:-1])  # the last modal has no callback_id, by which apps listen
@pytest.mark.parametrize("forged", ["", *FORGERIES])
def test_an_app_takes_each_recorded_request_as_the_simulator_signs_it_and_no_forged_one(
    recordings: Path, app: App, name: str, forged: str
) -> None:
    example = recorded(recordings, name)
    fields = example.get("form") or {"payload": json.dumps(example["payload"])}
    now = World(SimulatedClock(), Settings(), "test", "test")
    now.slack.app = SlackApp(signing_secret=SECRET)
    sent = signed(now, "http://app", fields, forged)
    headers: dict[str, str | Sequence[str]] = {key.lower(): value for key, value in sent.header_items()}
    assert isinstance(sent.data, bytes)
    answer = app.dispatch(BoltRequest(body=sent.data.decode(), headers=headers))
    assert answer.status == (401 if forged else 200)


def test_recorded_addresses_for_answers_are_served(recordings: Path) -> None:
    found = {url for name in NAMES for url in _urls(recorded(recordings, name)["exchanges"])}
    assert len(found) >= 4
    for url in found:
        path = path_on_simulator(urlsplit(url).netloc, urlsplit(url).path)
        assert path is not None
        assert Router(OPEN_ROUTES).find(Request("POST", path)) is not None, url


def _urls(part: Any) -> Iterator[str]:
    """The response_urls of clicks and commands; a modal's, which begin with /app/, are for channels it asked for."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "response_url" and "/app/" not in value:
                yield value
            yield from _urls(value)
    elif isinstance(part, list):
        for value in part:
            yield from _urls(value)
