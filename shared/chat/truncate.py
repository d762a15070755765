"""Shorten a message step by step until it fits a chat service's limits, and say what was left out.

Title, summary, facts, the worst rows and the buttons are kept longest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..formatting import ELLIPSIS, clip, visible
from ..model.text import Text, arranged, verbatim
from ..wording.render import translated
from .message import EMPTY, Message, Section, Table


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a message may remain."""

    rows: int  # of a table
    items: int  # of a list
    characters: int  # of a text
    cell_characters: int
    code_lines: int
    keeps_details: bool = True
    keeps_sections: bool = True


BUDGETS = (
    Budget(rows=10, items=20, characters=1500, cell_characters=120, code_lines=60),
    Budget(rows=8, items=12, characters=800, cell_characters=100, code_lines=30),
    Budget(rows=6, items=10, characters=400, cell_characters=80, code_lines=15),
    Budget(rows=6, items=8, characters=300, cell_characters=64, code_lines=8, keeps_details=False),
    Budget(rows=3, items=4, characters=200, cell_characters=48, code_lines=4, keeps_details=False),
    Budget(rows=0, items=0, characters=200, cell_characters=48, code_lines=0, keeps_sections=False),
)
MAX_FACTS = 10
MAX_BUTTONS = 5
MAX_LABEL_CHARACTERS = 60
MAX_BUTTON_CHARACTERS = 40


def truncations(message: Message) -> Iterator[Message]:
    """Ever shorter versions of the message. The last one has no sections, and texts of at most 200 characters."""
    for budget in BUDGETS:
        yield translated(truncate(message, budget), message.language)


def truncate(message: Message, budget: Budget) -> Message:
    """The message within the budget, with a section at the end that names the sections left out."""
    kept = [part for part in message.sections if budget.keeps_details or not part.is_detail]
    kept = kept if budget.keeps_sections else []
    left_out = [_clip(section.title, 60) for section in message.sections if section not in kept and section.title]
    sections = [_truncate_section(section, budget) for section in kept]
    if left_out:
        names = (*left_out[:10], *([ELLIPSIS] if len(left_out) > 10 else []))
        text = Text("Left out to keep this message short: {names}.", names=names)
        sections.append(Section(EMPTY, text=text))
    return replace(
        message,
        title=_clip(message.title, 150),
        summary=_clip(message.summary, budget.characters),
        facts=tuple(
            (_clip(label, MAX_LABEL_CHARACTERS), _clip(value, budget.characters))
            for label, value in message.facts[:MAX_FACTS]
        ),
        sections=tuple(sections),
        buttons=tuple(
            replace(button, text=_clip(button.text, MAX_BUTTON_CHARACTERS) or Text("Open"))  # an empty text is refused
            for button in message.buttons[:MAX_BUTTONS]
        ),
        footer=_clip(message.footer, budget.characters),
        charts=message.charts if budget.keeps_details else (),
    )


def _truncate_section(section: Section, budget: Budget) -> Section:
    return replace(
        section,
        title=_clip(section.title, 120),
        text=_clip(section.text, budget.characters),
        bullets=_truncate_items(section.bullets, budget),
        steps=_truncate_items(section.steps, budget),
        code=_truncate_code(section.code, budget),
        table=_truncate_table(section.table, budget) if section.table else None,
    )


def _truncate_items(items: tuple[Text, ...], budget: Budget) -> tuple[Text, ...]:
    kept = tuple(_clip(item, budget.characters) for item in items[: budget.items])
    more = len(items) - len(kept)
    return (*kept, Text("…and {more} more", more=more)) if more else kept


def _truncate_code(code: str, budget: Budget) -> Text:
    """Whole lines only: nobody must copy half a command."""
    lines = visible(code).splitlines()
    kept: list[str] = []
    for line in lines[: budget.code_lines]:
        if sum(map(len, kept)) + len(line) > 2 * budget.characters:
            break
        kept.append(line)
    more = len(lines) - len(kept)
    left_out = (Text.plural("# …and {count} more line", "# …and {count} more lines", count=more),) if more else ()
    return arranged("{lines:lines}", lines=(*kept, *left_out))


def _truncate_table(table: Table, budget: Budget) -> Table:
    rows = tuple(tuple(_clip(cell, budget.cell_characters) for cell in row) for row in table.rows[: budget.rows])
    more = len(table.rows) - len(rows)
    note = _clip(table.note, budget.characters)
    if more:
        note = arranged("{notes:words}", notes=(Text("…and {more} more.", more=more), note))
    return replace(table, rows=rows, note=note)


def _clip(text: str, most: int) -> Text:
    """Shortens the text and removes invisible characters; every text of a message passes here."""
    return verbatim(clip(visible(text), most))
