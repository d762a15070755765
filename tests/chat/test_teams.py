"""Teams cards: by example, valid as version 1.5, and below the size limit whatever is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from shared.chat import incident_messages, teams
from shared.chat.adaptive_card import escape
from shared.chat.message import Button, Message, Section, Table, Tone
from shared.model.text import Text
from tests.support.thorough import examples

from ..support import nouns
from ..support.adaptive_cards import elements, problems
from ..support.strategies import MESSAGES

LIMIT_BYTES = 28 * 1024
MESSAGE = Message(
    title=Text("SNAT port exhaustion on my_shop*prod*"),
    summary=Text("Connections fail on `kubernetes`."),
    tone=Tone.ALARM,
    facts=((Text("Cluster"), Text("_shop_")),),
    sections=(
        Section(
            Text("Failing nodes"),
            table=Table(
                (Text("Node"), Text("IP"), Text("Failed")),
                ((Text("vmss*03*"), Text("10.1.0.7"), Text("1,204")),),
                note=Text("…and 3 more."),
                figures=1,
            ),
        ),
        Section(Text("By hand"), steps=(Text("Look"), Text("Act")), is_detail=True),
        Section(Text("Commands"), code=Text("az one\n\naz two"), is_detail=True),
    ),
    buttons=(Button(Text("Review the plan"), "https://x.example", is_primary=True),),
    footer=Text("snatbot"),
)


def card_of(message: Message) -> dict[str, Any]:
    envelope = teams.render(message)
    assert envelope["type"] == "message"
    (attachment,) = envelope["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    card: dict[str, Any] = attachment["content"]
    return card


def of_type(card: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [element for element in elements(card) if element["type"] == kind]


def text_of(node: object) -> str:
    return " ".join(element["text"] for element in elements(node) if "text" in element)


def test_the_card_is_version_1_5_and_full_width() -> None:
    card = card_of(MESSAGE)
    assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
    assert (card["type"], card["version"], card["msteams"]) == ("AdaptiveCard", "1.5", {"width": "full"})
    assert card["fallbackText"].startswith("SNAT port exhaustion")


def test_the_head_shows_tone_title_and_summary() -> None:
    head = card_of(MESSAGE)["body"][0]
    assert head["style"] == "attention"
    title, summary = head["items"]
    assert title["text"] == r"SNAT port exhaustion on my_shop\*prod\*"
    assert [run["text"] for run in summary["inlines"]] == ["Connections fail on ", "kubernetes", "."]
    assert summary["inlines"][1]["fontType"] == "Monospace"


def test_facts_are_literal() -> None:
    (facts,) = of_type(card_of(MESSAGE), "FactSet")
    assert facts["facts"] == [{"title": "Cluster", "value": r"\_shop\_"}]


def test_a_table_has_one_wide_column_and_figures_on_the_right() -> None:
    (table,) = of_type(card_of(MESSAGE), "Table")
    assert [column.get("horizontalCellContentAlignment") for column in table["columns"]] == [None, "Right"]
    header, row = table["rows"]
    assert [text_of(cell) for cell in header["cells"]] == ["Node", "Failed"]
    assert [text_of(cell) for cell in row["cells"]] == ["vmss*03* 10.1.0.7", "1,204"]


def test_details_are_folded_behind_a_button_each() -> None:
    card = card_of(MESSAGE)
    toggles = of_type(card, "Action.ToggleVisibility")
    assert [toggle["title"] for toggle in toggles] == ["By hand ▾", "Commands ▾"]
    hidden = {one["id"]: one for one in of_type(card, "Container") if one.get("isVisible") is False}
    assert [toggle["targetElements"] for toggle in toggles] == [["detail-1"], ["detail-2"]]
    assert "az one az two" in text_of(hidden["detail-2"])


def test_buttons_only_open_links() -> None:
    (button,) = of_type(card_of(MESSAGE), "Action.OpenUrl")
    assert button["title"] == "Review the plan"
    assert button["url"] == "https://x.example"


@pytest.mark.parametrize("number", [0, 1, 100, 1000])
@pytest.mark.parametrize("prefix", ["aks-user-38166372-vmss", "aks-" + "long" * 60 + "-vmss"])
def test_an_alert_fits_and_says_how_many_nodes_it_left_out(number: int, prefix: str) -> None:
    nodes = nouns.make_nodes(number, prefix=prefix)
    incident, assessment = nouns.make_incident(nodes=nodes), nouns.make_assessment(nodes=nodes)
    message = incident_messages.incident_opened(incident, assessment)
    envelope = teams.render(message)
    assert len(teams.encode(envelope)) < LIMIT_BYTES
    card = card_of(message)
    assert problems(card) == []
    tables = of_type(card, "Table")
    shown = len(tables[0]["rows"]) - 1 if tables else 0
    assert shown >= 3 or shown == number
    if shown < number:
        assert f"…and {number - shown:,} more." in text_of(card)


@pytest.mark.parametrize(
    "texts",
    [
        ("Review plan", "Metrics in the portal", "Incident page", "x" * 40),
        (
            "Por qué ▾",
            "Qué se hará ▾",
            "El plan ▾",
            "Por qué este tamaño, con sus cuentas ▾",
        ),  # short, but each has its edges
    ],
)
def test_buttons_go_to_the_next_row_before_a_phone_cuts_them_off(texts: tuple[str, ...]) -> None:
    buttons = tuple(Button(Text(text), "https://x.example") for text in texts)
    body = card_of(replace(MESSAGE, buttons=buttons, sections=()))["body"]
    rows = [[action["title"] for action in part["actions"]] for part in body if part["type"] == "ActionSet"]
    assert rows == [[*texts[:2]], [texts[2]], [texts[3]]]


def test_what_had_to_go_is_named() -> None:
    sections = tuple(
        Section(Text(f"Part {number}"), text=Text("long words " * 200), is_detail=True) for number in range(60)
    )
    text = text_of(card_of(replace(MESSAGE, sections=(*MESSAGE.sections, *sections))))
    assert "Left out to keep this message short: By hand, Commands, Part 0" in text


@examples(20)
@given(MESSAGES)
def test_every_message_is_a_valid_card_below_the_limit(message: Message) -> None:
    envelope = teams.render(message)
    assert len(teams.encode(envelope)) < LIMIT_BYTES
    assert problems(envelope["attachments"][0]["content"]) == []


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("MC_rg_shop", "MC_rg_shop"),
        ("_a_", r"\_a\_"),
        ("[x](y)", r"\[x\](y)"),
        ("# no heading\n- no item", "\\# no heading\n\\- no item"),
        ("a - b", "a - b"),
        ("<b>", r"\<b\>"),
    ],
)
def test_markdown_is_made_literal_where_it_would_be_read(text: str, literal: str) -> None:
    assert escape(text) == literal
