"""What Slack sends, held against recorded payloads: signature, fields and their types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from simulator.clock import SimulatedClock
from simulator.services.slack.content import post
from simulator.services.slack.interactions import block_actions, signature, slash_command
from simulator.settings import Settings
from simulator.state.people import person_of
from simulator.world import World
from tests.simulator.slack import actions, button

ADA = person_of({"name": "Ada Moreau", "user_principal_name": "ada@contoso.example"}, "tenant")
OF_ENTERPRISES = {"enterprise_id", "enterprise_name"}
OF_ATTACHMENTS = {"attachment_id", "is_app_unfurl"}
"""What only organisations of several workspaces send, and only the older buttons of attachments."""


def recorded(recordings: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((recordings / "11-slack" / f"{name}.json").read_text())
    return {**content, **content["exchanges"][0]["request"]}


@pytest.fixture
def world() -> World:
    return World(SimulatedClock(wall=lambda: datetime(2026, 1, 1, tzinfo=UTC)), Settings(), "test", "test")


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
    assert dict(parse_qsl(example["raw_body"], keep_blank_values=True)) == example["form"]
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
