"""A message too large for its service gets smaller and says what it left out."""

from __future__ import annotations

from shared.chat.message import Button, Message, Section, Table, Tone
from shared.chat.truncate import BUDGETS, truncate, truncations
from shared.model.text import Text

NODES = Table(
    (Text("Node"), Text("Failed")),
    tuple((Text(f"node-{number}"), Text(str(number))) for number in range(47)),
)
MESSAGE = Message(
    title=Text("SNAT port exhaustion on shop-prod"),
    summary=Text("Connections fail."),
    tone=Tone.ALARM,
    facts=((Text("Cluster"), Text("shop-prod")),),
    sections=(
        Section(Text("Failing nodes"), table=NODES),
        Section(Text("Please don't"), bullets=tuple(Text(f"thing {number}") for number in range(30))),
        Section(
            Text("Commands"),
            code=Text("\n".join(f"az command {number}" for number in range(80))),
            is_detail=True,
        ),
        Section(Text("In your code"), text=Text("word " * 900), is_detail=True),
    ),
    buttons=(Button(Text("Review the plan"), "https://example.net/p", is_primary=True),),
)


def test_a_table_says_how_many_rows_it_left_out() -> None:
    table = truncate(MESSAGE, BUDGETS[0]).sections[0].table
    assert table is not None
    assert [row[0] for row in table.rows] == [f"node-{number}" for number in range(10)]
    assert table.note == "…and 37 more."


def test_a_note_that_was_there_stays() -> None:
    noted = Table((Text("Node"),), ((Text("a"),),) * 12, note=Text("Azure cut its answer."))
    message = Message(Text("t"), Text("s"), Tone.ALARM, sections=(Section(Text("x"), table=noted),))
    table = truncate(message, BUDGETS[0]).sections[0].table
    assert table is not None
    assert table.note == "…and 2 more. Azure cut its answer."


def test_what_was_left_out_is_said_in_the_language_of_the_message() -> None:
    many = tuple(Text(str(number)) for number in range(12_030))
    message = Message(Text("t"), Text("s"), Tone.ALARM, sections=(Section(Text("x"), bullets=many),))
    shown = {language: next(truncations(message.in_language(language))) for language in ("en", "es")}
    (english, spanish) = (each.sections[0].bullets[-1] for each in shown.values())
    assert "12,010" in english
    assert "12.010" in spanish


def test_a_list_says_how_many_items_it_left_out() -> None:
    bullets = truncate(MESSAGE, BUDGETS[0]).sections[1].bullets
    assert bullets[-1] == "…and 10 more"
    assert len(bullets) == 21


def test_commands_are_cut_between_lines_only() -> None:
    code = truncate(MESSAGE, BUDGETS[0]).sections[2].code.splitlines()
    assert code[:2] == ["az command 0", "az command 1"]
    assert code[-1] == "# …and 20 more lines"
    assert code[-2] == "az command 59"


def test_details_go_first_and_are_named() -> None:
    small = truncate(MESSAGE, BUDGETS[3])
    assert [section.title for section in small.sections] == ["Failing nodes", "Please don't", ""]
    assert small.sections[-1].text == "Left out to keep this message short: Commands, In your code."


def test_title_summary_facts_and_buttons_stay_to_the_last() -> None:
    *_, smallest = truncations(MESSAGE)
    assert (smallest.title, smallest.summary, smallest.facts) == (MESSAGE.title, MESSAGE.summary, MESSAGE.facts)
    assert smallest.buttons == MESSAGE.buttons
    assert [section.title for section in smallest.sections] == [""]


def test_what_is_small_stays_as_it_is() -> None:
    small = Message(
        Text("Title"),
        Text("Summary"),
        Tone.GOOD,
        sections=(Section(Text("a"), bullets=(Text("b"),), code=Text("c")),),
    )
    assert next(truncations(small)) == small
