"""Clicks and slash commands: unmodified slack_bolt takes what Slack signs, refuses what is forged, and may be late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_bolt.request.payload_utils import is_block_actions
from slack_sdk.webhook import WebhookClient

from simulator.services.slack.interactions import FORGERIES
from simulator.testing import RunningSimulator
from tests.simulator.slack import SlackServer, actions, button, client, manifest, slack_app
from tests.support.azure_in_process import serve_azure

ADA, GITA, SAM = "ada@contoso.example", "gita@fabrikam.example", "sam@northwind.example"
CONFIRM = {
    "title": {"type": "plain_text", "text": "Approve?"},
    "text": {"type": "mrkdwn", "text": "This changes the network."},
    "confirm": {"type": "plain_text", "text": "Approve"},
    "deny": {"type": "plain_text", "text": "Not now"},
}


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).with_name("chat.yaml")) as running:
        yield running


@pytest.fixture
def served(slack: RunningSimulator) -> Iterator[SlackServer]:
    with slack_app(slack) as running:
        yield running


@pytest.fixture
def question(slack: RunningSimulator) -> str:
    """The id of a message with a button, in a channel that has taken nothing for a minute."""
    slack.advance(60)
    return str(client(slack).chat_postMessage(channel="C1", text="?", blocks=actions(button(value="plan 7")))["ts"])


def clicks_of(served: SlackServer) -> list[dict[str, Any]]:
    """The payloads of clicks on `approve`, which are all acknowledged."""
    payloads: list[dict[str, Any]] = []

    @served.app.action("approve")
    def approve(ack: Any, body: dict[str, Any]) -> None:
        payloads.append(body)
        ack()

    return payloads


def test_a_click_arrives_signed_and_may_change_the_message(
    slack: RunningSimulator, served: SlackServer, question: str
) -> None:
    payloads: list[dict[str, Any]] = []

    @served.app.action("approve")
    def approve(ack: Any, body: dict[str, Any], client: Any) -> None:
        payloads.append(body)
        client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="approved", blocks=[])
        ack()

    assert slack.click(question, "approve", SAM)["outcome"] == "acknowledged"
    (payload,) = payloads
    assert is_block_actions(payload)
    assert (payload["user"]["id"], payload["user"]["team_id"]) == ("U02SAM", "T02NORTHWIND"), "a stranger can click"
    assert payload["actions"][0]["value"] == "plan 7"
    (shown,) = (each for each in slack.chat(channel="C1") if each["id"] == question)
    assert (shown["content"]["text"], len(shown["revisions"]), shown["notices"]) == ("approved", 2, [])


def test_a_button_that_asks_sends_nothing_until_confirmed(slack: RunningSimulator, served: SlackServer) -> None:
    clicks = clicks_of(served)
    slack.advance(60)
    asked = client(slack).chat_postMessage(channel="C1", text="?", blocks=actions(button(confirm=CONFIRM)))["ts"]
    assert slack.click(asked, "approve", ADA) == {"outcome": "confirm", "confirm": CONFIRM}
    assert slack.click(asked, "approve", ADA, confirmed=False)["outcome"] == "dismissed"
    assert clicks == []
    assert slack.click(asked, "approve", ADA, confirmed=True)["outcome"] == "acknowledged"
    assert [each["user"]["id"] for each in clicks] == ["U01ADA"]


def test_a_late_answer_shows_an_error_though_the_click_arrived_and_it_can_be_clicked_again(
    slack: RunningSimulator, served: SlackServer, question: str
) -> None:
    clicks_of(served)
    served.gate.clear()
    outcome = slack.click(question, "approve", ADA)
    assert outcome["outcome"] == "failed"
    (shown,) = (each for each in slack.chat(channel="C1") if each["id"] == question)
    assert [(each["person"], each["text"]) for each in shown["notices"]] == [
        ("U01ADA", "Operation timed out. Apps need to respond within 3 seconds.")
    ]
    served.gate.set()
    assert served.answered.acquire(timeout=30)
    assert served.statuses == [200], "it was taken, and was valid"
    assert slack.click(question, "approve", ADA)["outcome"] == "acknowledged"
    assert served.statuses == [200, 200]


def test_the_world_is_not_locked_by_a_click(slack: RunningSimulator, served: SlackServer, question: str) -> None:
    clicks_of(served)
    served.gate.clear()
    clicking = threading.Thread(target=slack.click, args=(question, "approve", ADA))
    clicking.start()
    assert served.arrived.acquire(timeout=30)
    assert client(slack).conversations_replies(channel="C1", ts=question)["ok"]
    served.gate.set()
    clicking.join(30)
    assert not clicking.is_alive()


@pytest.mark.parametrize("forged", FORGERIES)
def test_bolt_refuses_what_is_forged(slack: RunningSimulator, served: SlackServer, question: str, forged: str) -> None:
    clicks = clicks_of(served)
    outcome = slack.click(question, "approve", ADA, forged=forged)
    assert (outcome["status"], outcome["error"]) == (401, "This app responded with Status Code 401.")
    assert clicks == []
    assert slack.click(question, "approve", ADA)["status"] == 200, "the same, not forged"


def test_bolt_refuses_a_slack_whose_clock_is_off(tmp_path: Path) -> None:
    scenario = tmp_path / "skewed.yaml"
    text = Path(__file__).with_name("chat.yaml").read_text()
    scenario.write_text(text.replace("settings:\n", "settings:\n  clock_skew_seconds: -400\n"))
    with serve_azure(scenario) as skewed, slack_app(skewed) as served:
        served.app.command("/snat")(lambda ack: ack())
        assert skewed.command("C1", "/snat", ADA)["status"] == 401


def test_a_slash_command_and_its_answers(slack: RunningSimulator, served: SlackServer) -> None:
    slack.advance(60)

    @served.app.command("/snat")
    def snat(ack: Any, command: dict[str, Any], respond: Any) -> None:
        ack(f"you said {command['text']}")
        respond(text="for everybody", response_type="in_channel")

    assert slack.command("C2", "/snat", GITA, text="status")["outcome"] == "acknowledged"
    shown = slack.chat(channel="C2")
    assert {(each["content"]["text"], each["visible_to"]) for each in shown} == {
        ("you said status", "U01GITA"),
        ("for everybody", ""),
    }
    with pytest.raises(ValueError, match="no app in the workspace takes the command /unknown"):
        slack.command("C2", "/unknown", ADA)


def test_a_commands_answer_that_slack_refuses_is_an_error(slack: RunningSimulator, served: SlackServer) -> None:
    served.app.command("/snat")(lambda ack: ack(blocks=[{"type": "unknown"}]))
    assert slack.command("C5", "/snat", ADA)["error"] == '/snat failed with the error "invalid_blocks"'


def test_slackbot_tells_of_a_command_that_failed(slack: RunningSimulator, served: SlackServer) -> None:
    slack.command("C3", "/snat", ADA)  # bolt has no listener: 404
    slack.install_slack_app(manifest("http://127.0.0.1:9/"))  # nobody listens there
    slack.command("C3", "/snat", ADA)
    shown = [(each["author"], each["visible_to"], each["content"]["text"]) for each in slack.chat(channel="C3")]
    assert shown == [
        ("slackbot", "U01ADA", '/snat failed with the error "http_service_error"'),
        ("slackbot", "U01ADA", '/snat failed with the error "dispatch_failed"'),
    ]


def test_who_is_gone_or_a_bot_cannot_click_and_nobody_clicks_what_they_do_not_see(
    slack: RunningSimulator, served: SlackServer, question: str
) -> None:
    for person in ("dora@contoso.example", "U01ROBO"):
        with pytest.raises(ValueError, match="can't use Slack"):
            slack.click(question, "approve", person)
    whisper = client(slack).chat_postEphemeral(channel="C1", user="U01ADA", text="?", blocks=actions(button()))
    with pytest.raises(ValueError, match="sees no such message"):
        slack.click(whisper["message_ts"], "approve", GITA)
    with pytest.raises(ValueError, match="has: approve"):
        slack.click(question, "deny", ADA)


class TestResponseUrl:
    """A response_url is good for five answers and thirty minutes, and can edit what was clicked, ephemeral or not."""

    @pytest.fixture
    def hook(self, slack: RunningSimulator, served: SlackServer) -> tuple[str, WebhookClient]:
        clicks = clicks_of(served)
        slack.advance(60)
        api, blocks = client(slack), actions(button())
        whisper = api.chat_postEphemeral(channel="C4", user="U01ADA", text="?", blocks=blocks)["message_ts"]
        slack.click(whisper, "approve", ADA)
        return whisper, WebhookClient(clicks[0]["response_url"])

    def test_five_answers(self, slack: RunningSimulator, hook: tuple[str, WebhookClient]) -> None:
        whisper, webhook = hook
        assert webhook.send(text="done", replace_original=True, blocks=[]).body == '{"ok":true}'
        (shown,) = (each for each in slack.chat(channel="C4") if each["id"] == whisper)
        assert (shown["content"]["text"], shown["visible_to"]) == ("done", "U01ADA")
        assert [webhook.send(text="again").status_code for _ in range(5)] == [200, 200, 200, 200, 404]
        assert requests.post(webhook.url, json={"text": "x"}, timeout=30).json()["ok"] is False

    def test_thirty_minutes(self, slack: RunningSimulator, hook: tuple[str, WebhookClient]) -> None:
        whisper, webhook = hook
        slack.advance(29 * 60)
        assert webhook.send(text="in time", delete_original=True).status_code == 200
        assert next(each for each in slack.chat(channel="C4") if each["id"] == whisper)["is_deleted"]
        slack.advance(2 * 60)
        late = webhook.send(text="late")
        assert (late.status_code, late.body) == (404, '{"ok":false,"error":"Expired url"}')
