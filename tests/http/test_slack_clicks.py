"""The alarm's buttons in Slack, from the click of a person to the rewritten message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from devhost import slack_text
from devhost.stage import Stage
from tests.support.sign_in import ADA, stage_with_people
from tests.support.slack_room import LINK, SlackPerson, alarm

POLICY = [{"clusters": "all", "kinds": "all", "who": ["Snat.Approve"], "where": ["page", "chat"]}]


@pytest.fixture
def stage(tmp_path: Path, azurite: str) -> Iterator[Stage]:
    policy = json.dumps(POLICY)
    with stage_with_people(tmp_path, azurite, with_slack_bot=True, APPROVAL_POLICY=policy) as ready:
        yield ready


def person(stage: Stage, name: str) -> SlackPerson:
    return SlackPerson(stage, name if "@" in name else f"{name}@contoso.example")


def said(message: dict[str, Any]) -> str:
    return " ".join(" ".join(slack_text.lines(message["content"])).split())


def shown(stage: Stage) -> str:
    return said(alarm(stage))


def test_people_of_every_kind_click_and_one_approval_counts(stage: Stage) -> None:
    before = shown(stage)
    for button in ("[ Approve ]", "[ Deny ]", "[ Silence 1 h ]", "[ Review plan ]"):
        assert button in before
    message = alarm(stage)["id"]
    assert "not linked" in person(stage, "bob").click(message, "snat_approve").text
    assert LINK in person(stage, "bob").click(message, "snat_deny").urls
    assert "Only members" in person(stage, "gita@fabrikam.example").click(message, "snat_approve").text
    person(stage, "rui").link()
    assert "lacks the app role Snat.Approve" in person(stage, "rui").click(message, "snat_approve").text
    assert stage.simulator.click(message, "open_link_1", "rui@contoso.example")["outcome"] in ("acknowledged", "opened")
    assert shown(stage) == before, "nobody changed anything"

    for name in ("ada", "bob"):
        person(stage, name).link()

    def approve(name: str) -> str:
        sent = stage.simulator.click(message, "snat_approve", f"{name}@contoso.example", confirmed=True)
        return str(sent["outcome"])

    with ThreadPoolExecutor(2) as both:
        assert [*both.map(approve, ("ada", "bob"))] == ["acknowledged"] * 2
    stage.host.drain(120)
    answers = [person(stage, name).private("C0ALERTS")[-1].text for name in ("ada", "bob")]
    assert sorted("approved by" in answer for answer in answers) == [False, True], answers
    after = shown(stage)
    assert "[ Approve ]" not in after and "[ Deny ]" not in after


def test_a_denial_counts_and_shows_though_slack_takes_neither_its_answer_nor_an_edit(stage: Stage) -> None:
    person(stage, "olga").link()
    message = alarm(stage)["id"]
    assert "Nothing is posted about shop-prod until" in person(stage, "olga").click(message, "snat_silence").text
    closed = {"ok": False, "error": "edit_window_closed"}
    stage.simulator.add_fault(
        {"match": {"path": "/slack/actions/"}, "then": {"status": 500}},
        {"match": {"path": "api/chat.update"}, "times": 1, "then": {"status": 200, "body": closed}},
    )
    sent = stage.simulator.click(message, "snat_deny", "olga@contoso.example", confirmed=True)
    assert sent["outcome"] == "acknowledged"
    stage.host.drain(60)
    old, new = (
        each for each in stage.simulator.chat(channel="C0ALERTS") if not each["thread"] and not each["visible_to"]
    )
    assert old["id"] == message
    after = said(new)
    assert "enied by Olga" in after
    assert "Slack session, no MFA evidence" in after
    assert "[ Deny ]" not in after
    assert ADA not in after
