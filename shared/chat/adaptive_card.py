"""Render a message as an Adaptive Card: version 1.5, the latest that Teams shows (Teams docs: cards-format).

Text is in RichTextBlocks, which ignore Markdown, so it needs no escaping; headings and facts support Markdown and are
escaped. Buttons are links only, because a webhook's card has no bot that could receive a submit. Details are folded,
each behind a button.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from microsoft_teams import cards
from microsoft_teams.cards.core import ContainerStyle

from ..formatting import clip
from .message import Chart, Message, Section, Table, Tone, code_spans, without_backticks

SCHEMA_URL = "http://adaptivecards.io/schemas/adaptive-card.json"
_Action: TypeAlias = cards.OpenUrlAction | cards.ToggleVisibilityAction
_ROW_CHARACTERS, _BUTTON_CHARACTERS = 40, 4  # of a row; what a button takes beside its text
_STYLE: dict[Tone, ContainerStyle] = {
    Tone.ALARM: "attention",
    Tone.WARNING: "warning",
    Tone.GOOD: "good",
    Tone.NEUTRAL: "emphasis",
}
# Underscores inside a word are literal in Markdown; all other Markdown characters are escaped.
_MARKDOWN = re.compile(r"[\\`*\[\]<>~|]|(?<!\w)_|_(?!\w)|(?m:^[#+-])|(?m:(?<=^\d)\.)")


def escape(text: str) -> str:
    """The text with escaped Markdown characters."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def card(message: Message) -> dict[str, Any]:
    """The card as JSON. The caller limits its size."""
    body: list[cards.CardElement] = [_head(message)]
    if message.facts:
        facts = [
            cards.Fact(title=escape(label), value=escape(without_backticks(fact))) for label, fact in message.facts
        ]
        body.append(cards.FactSet(spacing="Medium", facts=facts))
    for section in message.sections:
        if not section.is_detail:
            body.extend(_section(section))
    if message.buttons:
        actions = [
            cards.OpenUrlAction(title=button.text, url=button.url, style="positive" if button.is_primary else None)
            for button in message.buttons
        ]
        body.extend(_rows(actions, "Medium"))
    body.extend(map(_chart, message.charts))
    body.extend(_details([section for section in message.sections if section.is_detail]))
    if message.footer:
        body.append(_text(message.footer, is_subtle=True, spacing="Medium"))
    made = cards.AdaptiveCard(
        version="1.5",
        fallback_text=clip(without_backticks(f"{message.title}: {message.summary}"), 500),
        msteams=cards.TeamsCardProperties(width="full"),
        body=body,
    )
    return {"$schema": SCHEMA_URL, **made.model_dump(by_alias=True, exclude_none=True)}


def _head(message: Message) -> cards.CardElement:
    title = _heading(message.title, size="Large")
    items: list[cards.CardElement] = [title]
    if message.summary:
        items.append(_text(message.summary, spacing="Small"))
    return cards.Container(style=_STYLE[message.tone], bleed=True, items=items)


def _chart(chart: Chart) -> cards.CardElement:
    """Teams drops it where charts are not supported; a fact shows the same. Unmeasured minutes have no point."""
    values = [cards.LineChartValue(x=label, y=value) for label, value in chart.points if value is not None]
    line = cards.LineChartData(legend=chart.title, values=values)
    return cards.LineChart(title=chart.title, show_title=True, show_legend=False, data=[line], fallback="drop")


def _rows(actions: Sequence[_Action], spacing: Any) -> Iterator[cards.CardElement]:
    """As many buttons beside each other as a phone shows whole."""
    rows: list[list[_Action]] = []
    for action in actions:
        if (
            not rows
            or sum(_BUTTON_CHARACTERS + len(each.title or "") for each in (*rows[-1], action)) > _ROW_CHARACTERS
        ):
            rows.append([])
        rows[-1].append(action)
    for number, row in enumerate(rows):
        yield cards.ActionSet(actions=[*row], spacing="Small" if number else spacing)


def _section(section: Section) -> Iterator[cards.CardElement]:
    if section.title:
        yield _heading(section.title, spacing="Large")
    if section.text:
        yield _text(section.text, spacing="Small")
    if section.table:
        yield from _table(section.table)
    for number, item in enumerate(section.steps, start=1):
        yield _item(f"{number}.", item)
    for item in section.bullets:
        yield _item("•", item)
    if section.code:
        yield _code(section.code)


def _details(sections: Sequence[Section]) -> Iterator[cards.CardElement]:
    """Folded, each behind a button."""
    if not sections:
        return
    ids = [f"detail-{number}" for number in range(1, len(sections) + 1)]
    toggles = [
        cards.ToggleVisibilityAction(title=f"{clip(without_backticks(section.title), 40)} ▾", target_elements=[detail])
        for section, detail in zip(sections, ids, strict=True)
    ]
    yield from _rows(toggles, "Small")
    for section, detail in zip(sections, ids, strict=True):
        yield cards.Container(id=detail, is_visible=False, items=list(_section(section)))


def _table(table: Table) -> Iterator[cards.CardElement]:
    """One wide column and the figures; other texts go below the first, because the table must fit on a phone."""
    first_figure = len(table.columns) - table.figures
    figures, others = range(first_figure, len(table.columns)), range(1, first_figure)

    def row(cells: Sequence[str]) -> cards.TableRow:
        first: list[cards.CardElement] = [_text(cells[0] or "–")]
        below = " · ".join(cells[index] for index in others if cells[index])
        if below:
            first.append(_text(below, is_subtle=True, spacing="None"))
        return cards.TableRow(
            cells=[cards.TableCell(items=first), *(cards.TableCell(items=[_text(cells[index])]) for index in figures)]
        )

    if table.rows:
        head = [table.columns[index] for index in (0, *figures)]
        header = cards.TableRow(cells=[cards.TableCell(items=[_heading(column, size="Small")]) for column in head])
        wide = cards.ColumnDefinition(width=5)
        narrow = cards.ColumnDefinition(width=2, horizontal_cell_content_alignment="Right")
        yield cards.Table(
            spacing="Small",
            show_grid_lines=False,
            columns=[wide, *(narrow for _ in figures)],
            rows=[header, *map(row, table.rows)],
        )
    if table.note:
        yield _text(table.note, is_subtle=True, spacing="Small")


def _item(mark: str, text: str) -> cards.CardElement:
    return cards.ColumnSet(
        spacing="Small",
        columns=[
            cards.Column(width="20px", items=[_text(mark)]),
            cards.Column(width="stretch", spacing="Small", items=[_text(text)]),
        ],
    )


def _code(code: str) -> cards.CardElement:
    items: list[cards.CardElement] = []
    for line in filter(None, code.splitlines()):
        inlines: list[cards.CardElement] = [cards.TextRun(text=line, font_type="Monospace", size="Small")]
        items.append(cards.RichTextBlock(inlines=inlines, spacing="Small"))
    return cards.Container(style="emphasis", spacing="Small", items=items)


def _heading(text: str, **options: Any) -> cards.TextBlock:
    settings = {"style": "heading", "weight": "Bolder", "wrap": True, **options}
    return cards.TextBlock(text=escape(without_backticks(text)), **settings)


def _text(text: str, *, is_subtle: bool = False, spacing: Any = None) -> cards.RichTextBlock:
    inlines: list[cards.CardElement] = [
        cards.TextRun(text=piece, is_subtle=is_subtle or None, font_type="Monospace" if is_code else None)
        for piece, is_code in code_spans(text) or ((" ", False),)
    ]
    return cards.RichTextBlock(inlines=inlines, spacing=spacing)
