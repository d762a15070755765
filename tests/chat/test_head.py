"""The head of a message: short in every state, with a word for it, what each choice costs, and the picture in text."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from shared.chat import slack, teams
from shared.chat.charts import chart, sparkline
from shared.chat.message import Chart, Message, MessageKind, Tone
from shared.chat.portal import metrics_button
from shared.model.reading import MinuteSeries
from shared.model.text import Text
from simulator.services.slack.blocks import find_problems
from tests.support import nouns
from tests.support.heads import BALANCER, HOUR, NAME, heads

MOST_LINES = 12


def lines(message: Message) -> int:
    """What a reader sees before the details: a heading, an item, a fact, a command, and the buttons are a line each."""
    shown = [section for section in message.sections if not section.is_detail]
    commands = [line for section in shown for line in section.code.splitlines() if not line.startswith("#")]
    items = sum(
        bool(part.title) + bool(part.text) + len(part.bullets) + len(part.steps) + bool(part.table) for part in shown
    )
    return 2 + len(message.facts) + items + len(commands) + bool(message.buttons)


@pytest.mark.parametrize("name", ["shop-prod", NAME])
@pytest.mark.parametrize("number", [1, 100])
def test_every_state_has_a_head_of_at_most_twelve_lines(number: int, name: str) -> None:
    for message in heads(number, name):
        assert lines(message) <= MOST_LINES, (lines(message), message.title)
        assert name in message.title or name in message.summary or name in str(message.facts), message.title


def test_no_state_is_told_by_colour_alone() -> None:
    made = list(heads(3))
    words = {message.title.replace("shop-prod", "") for message in made if message.kind is not MessageKind.REMINDER}
    assert len(words) == len([message for message in made if message.kind is not MessageKind.REMINDER])
    assert {message.tone for message in made} == set(Tone)


def test_the_alarm_says_first_how_bad_since_when_and_what_to_do() -> None:
    alarm = list(heads(100))[1]
    assert alarm.title == "Failing: SNAT port exhaustion on shop-prod"
    assert [label for label, _ in alarm.facts] == ["Failed a minute", "Worst nodes", "Failing since", "What it means"]
    facts = dict[str, str](alarm.facts)
    assert facts["Worst nodes"].count("`aks-user") == 3
    assert facts["Worst nodes"].endswith("and 97 more")
    assert facts["Failed a minute"] == f"{'▁' * 10}·{'█' * 9} last 170, at most 170 (18:02 to 19:02 UTC)"
    assert alarm.sections[0].title == "What to do now"
    assert [button.text for button in alarm.buttons] == ["Metrics in the portal"]


def test_minutes_that_were_not_measured_are_gaps_and_never_zero() -> None:
    start = nouns.NOW
    assert sparkline(MinuteSeries(start, (0, None, 1, 8))) == "▁·▂█ last 8, at most 8 (19:05 to 19:09 UTC)"
    assert sparkline(MinuteSeries(start, (None, None))) == sparkline(None) == ""
    assert chart(Text("x"), MinuteSeries(start, (None, 4))) == (), "one point is no line"
    (drawn,) = chart(Text("x"), MinuteSeries(start, (3, None, 4)))
    assert drawn == Chart(Text("x"), (("19:05", 3), ("19:06", None), ("19:07", 4)))
    (hour,) = chart(Text("x"), HOUR)
    assert len(hour.points) == 20
    assert hour.points[10] == ("18:32", None), "three minutes without any"
    assert hour.points[0] == ("18:02", 0)


def test_a_failure_is_not_rounded_away_in_the_picture() -> None:
    series = MinuteSeries(nouns.NOW, (*[0] * 59, 1))
    assert sparkline(series).startswith("▁" * 19 + "█")


@pytest.mark.parametrize("number", [1, 100])
def test_slack_takes_every_state_and_its_chart(number: int) -> None:
    for message in heads(number):
        blocks = slack.render(message)["blocks"]
        assert not list(find_problems(blocks, ("data_visualization", "table"))), message.title
        kinds = [block["type"] for block in blocks]
        assert kinds.count("data_visualization") == len(message.charts)


def test_both_services_get_the_points_that_were_measured() -> None:
    message = next(message for message in heads(3) if message.title.startswith("Fixed"))
    assert [shown.title for shown in message.charts] == [
        "Failed connections a minute, before",
        "New connections a minute on the NAT gateway",
    ]
    first = next(block for block in slack.render(message)["blocks"] if block["type"] == "data_visualization")
    (series,) = first["chart"]["series"]
    assert len(series["data"]) == 19
    assert len(first["chart"]["axis_config"]["categories"]) == 20
    body = teams.render(message)["attachments"][0]["content"]["body"]
    drawn = [element for element in body if element["type"] == "Chart.Line"]
    assert [len(line["data"][0]["values"]) for line in drawn] == [19, 19]
    assert {line["fallback"] for line in drawn} == {"drop"}
    for label in ("Failed before", "On the NAT gateway"):
        assert "█" in dict[str, str](message.facts)[label], "what a chart shows is also text"


def test_the_portal_opens_on_the_metric_its_filter_and_its_split() -> None:
    assert BALANCER is not None
    (button,) = metrics_button(BALANCER)
    path, _, definition = unquote(button.url).partition("/ChartDefinition/")
    (shown,) = json.loads(definition)["v2charts"]
    assert shown["metrics"][0]["name"] == "SnatConnectionCount"
    assert shown["metrics"][0]["aggregationType"] == 1
    assert shown["metrics"][0]["resourceMetadata"] == {"id": BALANCER}
    assert shown["filterCollection"]["filters"] == [{"key": "ConnectionState", "operator": 0, "values": ["Failed"]}]
    assert shown["grouping"]["dimension"] == "BackendIPAddress"
    assert f"/ResourceId/{BALANCER}/TimeContext/" in path
    (gateway,) = metrics_button(None, (nouns.GATEWAY,))
    assert "SNATConnectionCount" in unquote(gateway.url)
    assert metrics_button(None) == ()
    assert len(button.url) < 3000, "Slack takes no longer address"
