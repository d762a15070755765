"""Slack payloads: by example, and within Slack's limits whatever is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import ActionsBlock, HeaderBlock, SectionBlock

from shared.chat import slack
from shared.chat.block_kit import escape
from shared.chat.message import Button, Click, Message, Section, Table, Tone
from shared.model.text import Text
from simulator.services.slack.blocks import find_problems
from tests.support.thorough import examples

from ..support.strategies import MESSAGES

MESSAGE = Message(
    title=Text("SNAT port exhaustion on shop-prod"),
    summary=Text("1,204 connections failed on `kubernetes`."),
    tone=Tone.ALARM,
    facts=((Text("Cluster"), Text("shop <prod> & co")),),
    sections=(
        Section(
            Text("Failing nodes"),
            text=Text("In 15 minutes:"),
            table=Table(
                (Text("Node"), Text("IP"), Text("Failed")),
                (
                    (Text("vmss000003"), Text("10.1.0.7"), Text("1,204")),
                    (Text(""), Text("10.1.0.8"), Text("2")),
                ),
                figures=1,
            ),
        ),
        Section(Text("By hand"), steps=(Text("Look at `kubernetes`"), Text("Do <it> & see")), is_detail=True),
        Section(Text("Commands"), code=Text("az aks show -n a && echo <b>"), is_detail=True),
    ),
    buttons=(
        Button(Text("Review the plan"), "https://x.example/?a=1&b=2", is_primary=True),
        Button(Text("Details"), "https://y.example"),
    ),
    footer=Text("snatbot · incident 7"),
)


def nodes_of(value: object, kind: str) -> Iterator[dict[str, Any]]:
    """Every object of a type, however deep."""
    if isinstance(value, dict):
        if value.get("type") == kind:
            yield value
        for one in value.values():
            yield from nodes_of(one, kind)
    elif isinstance(value, list):
        for one in value:
            yield from nodes_of(one, kind)


def plain_text(value: object) -> str:
    """What a reader of the rich text sees."""
    return "".join(str(node["text"]) for node in nodes_of(value, "text"))


def test_the_title_shows_the_tone() -> None:
    payload = slack.render(MESSAGE)
    assert payload["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": "🔴 SNAT port exhaustion on shop-prod",
        "emoji": True,
    }


def test_a_fact_is_a_line_and_shown_literally() -> None:
    two = replace(MESSAGE, facts=(*MESSAGE.facts, (Text("Node"), Text("`vmss000003`"))))
    facts = slack.render(two)["blocks"][2]
    assert plain_text(facts) == "Cluster  shop <prod> & co\nNode  vmss000003"


def test_a_table_has_a_column_for_each_figure_and_the_rest_below_the_name() -> None:
    (table,) = nodes_of(slack.render(MESSAGE)["blocks"], "table")
    head, first, second = table["rows"]
    assert [cell["text"] for cell in head] == ["Node", "Failed"]
    assert (plain_text(first[0]), first[1]["text"]) == ("vmss000003\n10.1.0.7", "1,204")
    assert plain_text(second[0]).startswith("–"), "a node without a name"
    assert table["column_settings"] == [{"is_wrapped": True}, {"align": "right"}]


def test_a_second_table_is_a_list_because_slack_takes_one() -> None:
    twice = replace(MESSAGE, sections=(*MESSAGE.sections, MESSAGE.sections[0]))
    blocks = slack.render(twice)["blocks"]
    assert len(list(nodes_of(blocks, "table"))) == 1
    assert "bullet" in [found["style"] for found in nodes_of(blocks, "rich_text_list")]


def test_without_tables_a_node_is_one_line_with_its_figures() -> None:
    plain = slack.render(MESSAGE, is_plain=True)
    rows = [plain_text(row) for row in next(nodes_of(plain, "rich_text_list"))["elements"]]
    assert rows == ["vmss000003 · 10.1.0.7 · 1,204 failed", "– · 10.1.0.8 · 2 failed"]


def test_names_and_commands_are_set_as_code_and_shown_literally() -> None:
    payload = slack.render(MESSAGE)
    code = [node["text"] for node in nodes_of(payload, "text") if node.get("style") == {"code": True}]
    assert code == ["kubernetes", "vmss000003", "–", "kubernetes"]
    assert plain_text(next(nodes_of(payload, "rich_text_preformatted"))) == "az aks show -n a && echo <b>"


def test_steps_are_numbered_and_details_come_after_the_buttons() -> None:
    blocks = slack.render(MESSAGE)["blocks"]
    kinds = [block["type"] for block in blocks]
    assert kinds == [
        "header",
        "rich_text",
        "rich_text",
        "rich_text",
        "table",
        "actions",
        "divider",
        "rich_text",
        "rich_text",
        "context",
    ]
    assert [one["style"] for one in nodes_of(blocks, "rich_text_list")] == ["ordered"]


def test_buttons_open_links_under_stable_ids() -> None:
    first, second = nodes_of(slack.render(MESSAGE), "button")
    assert first == {
        "type": "button",
        "text": {"type": "plain_text", "text": "Review the plan", "emoji": True},
        "url": "https://x.example/?a=1&b=2",
        "action_id": "open_link_1",
        "style": "primary",
    }
    assert (second["action_id"], "style" in second) == ("open_link_2", False)


def test_the_page_to_read_comes_before_the_buttons_that_decide_and_other_pages_after_them() -> None:
    def labels(*buttons: Button) -> list[str]:
        deny = Click(Text("Deny"), "snat_deny", "x", Text("Deny?"), Text("y"))
        laid_out = slack.render(replace(MESSAGE, buttons=buttons, clicks=(deny,)))["blocks"]
        (actions,) = (block for block in laid_out if block["type"] == "actions")
        return [element["text"]["text"] for element in actions["elements"]]

    review, page = Button(Text("Review"), "https://a/1", is_primary=True), Button(Text("Page"), "https://a/2")
    assert labels(review, page) == ["Review", "Deny", "Page"]
    assert labels(page) == ["Deny", "Page"]


def test_the_notification_text_tells_it_all_in_short_and_keeps_the_links() -> None:
    assert slack.render(MESSAGE)["text"] == (
        "🔴 SNAT port exhaustion on shop-prod\n1,204 connections failed on kubernetes.\n"
        "Cluster: shop &lt;prod&gt; &amp; co\n"
        "<https://x.example/?a=1&amp;b=2|Review the plan>\n<https://y.example|Details>"
    )


def test_links_are_not_unfurled() -> None:
    payload = slack.render(MESSAGE)
    assert (payload["unfurl_links"], payload["unfurl_media"]) == (False, False)


@examples(20)
@given(MESSAGES, st.booleans())
def test_every_message_keeps_slacks_limits(message: Message, is_plain: bool) -> None:
    payload = slack.render(message, is_plain=is_plain)
    blocks = payload["blocks"]
    assert len(blocks) <= 50
    for block in blocks:
        match block["type"]:
            case "header":
                assert 0 < len(block["text"]["text"]) <= HeaderBlock.text_max_length
            case "section":
                assert len(block["fields"]) <= SectionBlock.fields_max_length
                assert all(0 < len(field["text"]) <= 2000 for field in block["fields"])
            case "actions":
                assert 0 < len(block["elements"]) <= ActionsBlock.elements_max_length
    for button in nodes_of(blocks, "button"):
        assert len(button["text"]["text"]) <= 75
        assert len(button["url"]) <= 3000
    ids = [button["action_id"] for button in nodes_of(blocks, "button")]
    assert len(ids) == len(set(ids))
    assert all(node["text"] for node in nodes_of(blocks, "text"))
    assert (
        find_problems(payload["blocks"], newer=() if is_plain else ("table",)) == []
    )  # Slack's schemas and words, as the simulator has them
    assert len(payload["text"]) <= 4_000  # a longer one could not be updated


@given(MESSAGES)
@examples(25)
def test_mrkdwn_never_holds_a_control_character_of_the_text(message: Message) -> None:
    for node in nodes_of(slack.render(message)["blocks"], "mrkdwn"):
        assert "<" not in node["text"]
        assert ">" not in node["text"]


def test_escaping_is_slacks_own() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
