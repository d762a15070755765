"""Slash commands from a simulated Slack to the function app: signed by Slack, answered in private."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devhost import slack_text
from devhost.stage import Stage, set_up

ADA, GITA, SAM = "ada@contoso.example", "gita@fabrikam.example", "sam@northwind.example"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with set_up(tmp_path_factory.mktemp("stage"), "storm", storage=azurite, with_slack_bot=True) as ready:
        ready.host.run_timer("watch")
        ready.host.drain(60)
        yield ready


def ask(stage: Stage, text: str, person: str = ADA) -> list[str]:
    """The lines of the private answer."""
    before = len(stage.simulator.chat(channel="C1"))
    sent = stage.simulator.command("C1", "/snat", person, text=text)
    assert sent["outcome"] == "acknowledged", sent
    stage.host.drain(60)
    (answer,) = stage.simulator.chat(channel="C1")[before:]
    users = {each["user_principal_name"]: each["chat"]["slack_user"] for each in stage.simulator.people()}
    assert answer["visible_to"] == users[person]
    return list(slack_text.lines(answer["content"]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "/snat plan CLUSTER: what would cure it"),
        ("nonsense", "/snat status: what the last scan saw"),
        ("check", "failed"),
        ("CHECK shop-prod ", "failures"),
        ("plan shop-prod", "A dry run: nothing was written."),
        ("plan shop-prod", "az network nat gateway create"),
        ("status", "shop-prod: failing"),
        ("check *bold* <!channel>", "o cluster '*bold* <!channel>'"),
        ("plan", "Name a cluster"),
    ],
)
def test_a_command_is_answered_in_private(stage: Stage, text: str, says: str) -> None:
    answer = "\n".join(ask(stage, text))
    assert says in answer.replace("`", ""), answer


@pytest.mark.parametrize("person", [GITA, SAM])
def test_a_guest_and_somebody_of_another_workspace_learn_nothing_and_are_audited(stage: Stage, person: str) -> None:
    answer = ask(stage, "status", person)
    assert "Only members of this app's workspace" in "\n".join(answer)
    assert not any("shop" in line for line in answer)


def test_nobody_is_answered_while_slack_does_not_say_who_they_are(stage: Stage) -> None:
    stage.simulator.add_fault({"match": {"path": "slack/api/users.info"}, "then": {"status": 500}})
    try:
        assert "Slack does not say who you are" in "\n".join(ask(stage, "status"))
    finally:
        stage.simulator.clear_faults()


@pytest.mark.parametrize("forged", ["unsigned", "wrong_secret", "changed_body", "stale"])
def test_what_is_forged_is_refused_and_asks_for_nothing(stage: Stage, forged: str) -> None:
    before = stage.simulator.chat(channel="C1")
    sent: dict[str, Any] = stage.simulator.command("C1", "/snat", ADA, text="status", forged=forged)
    assert sent["status"] == 401
    stage.host.drain(60)
    shown = stage.simulator.chat(channel="C1")[len(before) :]
    assert [each["author"] for each in shown] == ["slackbot"]


def test_it_takes_no_request_without_a_signature(stage: Stage) -> None:
    answer = requests.post(f"{stage.host.base_url}/api/slack", data={"text": "status"}, timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_from_slack")
