"""Recorded cards of Teams, posted to the webhook.

The other recordings are what Bot Framework sends to bots; a webhook gets no messages, and the simulator has no bots.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure


@pytest.fixture(scope="module")
def teams() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).with_name("chat.yaml")) as running:
        yield running


def cards(recordings: Path) -> list[dict[str, Any]]:
    """Every card, and one with the recorded actions."""
    sequence = json.loads((recordings / "12-teams" / "approval-card-sequence-up-to-date.json").read_text())
    actions = json.loads((recordings / "12-teams" / "action-execute-vs-action-submit.json").read_text())
    with_actions = {"type": "AdaptiveCard", "version": "1.4", "body": [], "actions": actions["card_actions"]}
    return [*(each["card"] for each in sequence["cards"]), with_actions]


def test_every_recorded_card_is_accepted_and_shown(recordings: Path, teams: RunningSimulator) -> None:
    found = cards(recordings)
    assert len(found) > 3
    for number, card in enumerate(found):
        url = f"{teams.http_url}/teams/workflows/w{number}/triggers/manual/paths/invoke?sig=secret"
        assert requests.post(url, json=card, timeout=30).status_code == 202
        (shown,) = teams.chat(channel=f"w{number}")
        assert (shown["content"], shown["failure"]) == (card, "")
