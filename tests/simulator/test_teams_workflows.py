"""The Teams webhook: what it accepts, what becomes of it, and how it fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.testing import RunningSimulator
from tests.simulator.faults import FAULTS, NOTHING_DONE, PATIENCE_SECONDS, comes_true
from tests.support.azure_in_process import serve_azure

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "hello"}]}
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_WORKFLOWS = itertools.count(1)


def message(card: Any, kind: str = ADAPTIVE) -> dict[str, Any]:
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


@pytest.fixture(scope="module")
def teams() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).with_name("chat.yaml"), speed=0) as running:  # time stands still
        yield running


@pytest.fixture
def workflow() -> str:
    """One that no other test uses."""
    return f"w{next(_WORKFLOWS)}"


def send(
    teams: RunningSimulator, workflow: str, body: Any, prefix: str = "", query: str = "?sig=secret", timeout: float = 30
) -> requests.Response:
    url = f"{teams.http_url}/teams{prefix}/workflows/{workflow}/triggers/manual/paths/invoke{query}"
    return requests.post(url, json=body, timeout=timeout)


@pytest.mark.parametrize("body", [message(CARD), CARD])
@pytest.mark.parametrize("prefix", ["", "/powerautomate/automations/direct"])
def test_both_shapes_are_shown_on_both_hosts(teams: RunningSimulator, workflow: str, body: Any, prefix: str) -> None:
    answer = send(teams, workflow, body, prefix)
    assert (answer.status_code, answer.content) == (202, b"")
    (shown,) = teams.chat(service="teams", channel=workflow)
    assert (shown["content"], shown["failure"], len(shown["revisions"])) == (body, "", 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "must be 'AdaptiveCard'"),
        ({"text": "plain"}, "must be 'AdaptiveCard'"),
        ({"@type": "MessageCard", "summary": "old"}, "must be 'AdaptiveCard'"),
        (message(CARD, "application/vnd.microsoft.teams.card.o365connector"), "must be 'AdaptiveCard'"),
        (message({"type": "AdaptiveCard", "body": []}), "required key: version"),
        (message(CARD | {"version": "1.6"}), "couldn't be displayed"),
        (message(CARD | {"body": [{"type": "TextBlock"}]}), "'text' not found on 'TextBlock'"),
        (
            message(CARD | {"actions": [{"type": "Action.OpenUrl", "title": "x"}]}),
            "'url' not found on 'Action.OpenUrl'",
        ),
    ],
)
def test_bad_cards_are_accepted_and_then_fail(teams: RunningSimulator, workflow: str, body: Any, words: str) -> None:
    assert send(teams, workflow, body).status_code == 202
    (shown,) = teams.chat(service="teams", channel=workflow)
    assert words in shown["failure"]


def test_a_url_without_its_signature_is_refused(teams: RunningSimulator, workflow: str) -> None:
    answer = send(teams, workflow, CARD, query="")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "DirectApiAuthorizationRequired")
    assert not teams.chat(channel=workflow)


def test_too_many_a_second_are_refused(teams: RunningSimulator, workflow: str) -> None:
    answers = [send(teams, workflow, CARD) for _ in range(5)]
    assert [each.status_code for each in answers] == [202, 202, 202, 202, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    teams.advance(1)
    assert send(teams, workflow, CARD).status_code == 202


def test_what_goes_over_25_in_five_minutes_is_accepted_but_not_shown(teams: RunningSimulator, workflow: str) -> None:
    def post_one() -> Any:
        teams.advance(1)
        assert send(teams, workflow, CARD).status_code == 202
        return teams.chat(channel=workflow)[-1]["failure"]

    failures = [post_one() for _ in range(26)]
    assert failures[:25] == [""] * 25
    assert "throttled" in failures[25]
    teams.advance(300)
    assert post_one() == ""


STATUS = {"down": 503, "throttled": 429, "a page instead": 202, "half an answer": 202}
"""What comes of a fault; an answer without a body has no half, and the rest is raised."""


@pytest.mark.parametrize("name", FAULTS)
def test_teams_can_fail(teams: RunningSimulator, workflow: str, name: str) -> None:
    teams.add_fault({"match": {"path": f"workflows/{workflow}/"}, "times": 1, "then": FAULTS[name]})
    if name in STATUS:
        answer = send(teams, workflow, CARD)
        assert answer.status_code == STATUS[name]
        assert answer.headers.get("Retry-After") == ("7" if name == "throttled" else None)
        assert ("text/html" in answer.headers.get("Content-Type", "")) == (name == "a page instead")
    else:
        with pytest.raises((requests.ConnectionError, requests.Timeout)):
            send(teams, workflow, CARD, timeout=PATIENCE_SECONDS if name == "slow" else 30)
    teams.clear_faults()
    expected = 0 if name in NOTHING_DONE else 1
    assert comes_true(lambda: len(teams.chat(channel=workflow)) == expected)


def test_a_workflows_url_can_be_revoked(teams: RunningSimulator, workflow: str) -> None:
    """Its owner has left, or made a new URL."""
    code = "DirectApiAuthorizationRequired"
    then = {"status": 401, "body": {"error": {"code": code, "message": "The request must be authenticated."}}}
    teams.add_fault({"match": {"path": f"workflows/{workflow}/"}, "then": then})
    answer = send(teams, workflow, CARD)
    teams.clear_faults()
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert teams.chat(channel=workflow) == []


def test_a_teams_whose_clock_is_off_says_so_in_its_answers(teams: RunningSimulator, workflow: str) -> None:
    teams.add_event({"settings": {"clock_skew_seconds": 600}})
    try:
        dated = parsedate_to_datetime(send(teams, workflow, CARD).headers["Date"])
    finally:
        teams.add_event({"settings": {"clock_skew_seconds": 0}})
    assert (dated - teams.now()).total_seconds() == pytest.approx(600, abs=1)
