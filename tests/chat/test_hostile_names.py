"""A name that somebody chose is shown in chat as it is: it mentions nobody, links nowhere and hides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.chat import slack, teams
from shared.chat.change_messages import change_decided, change_stopped
from shared.chat.message import Message
from shared.chat.waiting_messages import incident_reminder
from shared.model.change import ChangeState
from shared.model.text import verbatim
from tests.support import nouns
from tests.support.heads import URL, heads

NAMES = {
    "everybody": "<!channel>",
    "somebody": "<@U1>",
    "a link in Slack": "<https://evil.example|x>",
    "a link in Teams": "[x](https://evil.example)",
    "an address": "https://evil.example/x",
    "a picture": "![x](https://evil.example/x.png)",
    "a mention in Teams": "<at>everyone</at>",
    "code": "`x` ```<!here>```",
    "bidi": "prod\u202e<!channel>\u2066",
    "lines": "prod\n\n> *Approved* by <@U1>\r\n",
    "10,000 characters": "<!channel>" * 1_000,
}
ACTS = {"user", "usergroup", "broadcast", "channel", "team", "date", "emoji"}  # elements of rich text that do something


def messages(name: str) -> Iterator[Message]:
    """The name stands wherever Azure or a person gives one."""
    nodes = tuple(replace(node, name=name, pool=name) for node in nouns.make_nodes(2))
    incident = replace(nouns.make_incident(nodes=nodes), cluster_name=name, evidence=verbatim(name))
    yield from heads(2, name.replace("\r", "").replace("\n", "").replace("/", "")[:200])
    for state in (ChangeState.STOPPED, ChangeState.DENIED, ChangeState.APPROVED, ChangeState.PROPOSED):
        change = nouns.make_change(state)
        decision = replace(change.decision, approver=name) if change.decision else None
        change = replace(
            change,
            cluster_name=name,
            requested_by=name,
            stop_reason=verbatim(name),
            decision=decision,
            reason=incident,
            plan=replace(change.plan, summary=verbatim(name), cluster_name=name, notes=(verbatim(name),)),
        )
        yield change_decided(change, URL)
        yield change_stopped(change, URL)
        yield incident_reminder(incident, nouns.make_assessment(nodes=nodes), change, URL)


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_mentions_anybody_or_links_anywhere_in_slack(name: str) -> None:
    for message in messages(name):
        own = {button.url for button in message.buttons}
        payload = slack.render(message)
        for part in parts(payload):
            assert part.get("type") not in ACTS
            assert part.get("type") != "link" or not part["url"].startswith("https://evil")
            assert part.get("type") not in ("mrkdwn",) or not re.search(r"<(?!https://)", part["text"])
        markup = re.findall(r"<([^>|]*)", payload["text"])
        assert set(markup) <= own, "the text of the notification is read as mrkdwn"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_is_a_link_a_picture_or_a_mention_in_teams(name: str) -> None:
    for message in messages(name):
        own = {button.url for button in message.buttons}
        for part in parts(teams.render(message)):
            assert part.get("type") not in ("Image", "mention")
            assert part.get("type") != "Action.OpenUrl" or part["url"] in own
            for text in (part.get("text"), part.get("value")):
                if part.get("type") in ("TextBlock", None) and isinstance(text, str):
                    assert not re.search(r"(?<!\\)\]\((?!https://)", text), text[:200]
                    assert "](https://evil" not in re.sub(r"\\.", "", text)
                    assert "<at>" not in text
