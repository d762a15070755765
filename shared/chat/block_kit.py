"""The Block Kit blocks of a message.

Facts, lists, steps and commands are rich text, which Slack shows literally; only the notification text is mrkdwn and
escaped. Limits are Slack's own (docs.slack.dev: reference/block-kit), checked by slack_sdk when a block is
turned into JSON. URL buttons also send an interaction, which has to be acknowledged: their ``action_id`` starts with
``URL_ACTION_PREFIX``.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models import blocks as kit

from ..formatting import clip, visible
from .message import Button, Chart, Click, Message, Section, Table, Tone, code_spans, without_backticks

URL_ACTION_PREFIX = "open_link_"
MAX_TEXT_CHARACTERS = 3_000
MAX_UPDATE_CHARACTERS = 4_000
"""A message whose text is longer can be posted, but not updated (docs.slack.dev: chat.update, msg_too_long)."""
MAX_URL_CHARACTERS = 3_000
MAX_CHARTS = 2
MAX_CHART_TITLE_CHARACTERS = 50
MAX_LABEL_CHARACTERS = 20
_CHART, _TABLE = "data_visualization", "table"
NEWEST = (_CHART, _TABLE)  # a workspace or a webhook may reject them
_MARK = {Tone.ALARM: "🔴", Tone.WARNING: "🟠", Tone.GOOD: "🟢", Tone.NEUTRAL: "🔵"}


def blocks(message: Message, *, is_plain: bool = False) -> list[dict[str, Any]]:
    """The blocks as JSON. The caller limits their number and length.

    ``is_plain``: without ``NEWEST``. Facts show what charts show, and tables become lists.
    """
    return [block if isinstance(block, dict) else block.to_dict() for block in _blocks(message, is_plain)]


def fallback(message: Message) -> str:
    """A short mrkdwn text with the links, for notifications and screen readers."""
    lines = [f"{_MARK[message.tone]} {message.title}", message.summary]
    lines += [f"{label}: {value}" for label, value in message.facts]
    text, links = without_backticks("\n".join(lines)), ""
    for button in _buttons(message):
        link = f"\n<{escape(button.url)}|{escape(button.text)}>"
        if len(links) + len(link) <= MAX_TEXT_CHARACTERS:
            links += link
    too_much = len(escape(text)) + len(links) - MAX_UPDATE_CHARACTERS
    return escape(clip(text, len(text) - max(0, too_much))) + links


def escape(text: str) -> str:
    """Slack's three control characters (docs.slack.dev: formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(message: Message, is_plain: bool) -> Iterator[kit.Block | dict[str, Any]]:
    title = clip(f"{_MARK[message.tone]} {without_backticks(message.title)}", kit.HeaderBlock.text_max_length)
    yield kit.HeaderBlock(text=kit.PlainTextObject(text=title, emoji=True))
    if message.summary:
        yield kit.RichTextBlock(elements=[_line(message.summary)])
    if message.facts:
        yield _facts(message.facts)
    # Slack takes one table a message.
    drawn = None if is_plain else next((part for part in message.sections if part.table and part.table.rows), None)
    for section in message.sections:
        if not section.is_detail:
            yield from _section(section, is_drawn=section is drawn)
    yield from _actions(message)
    yield from _charts(() if is_plain else message.charts)
    details = [section for section in message.sections if section.is_detail]
    if details:
        yield kit.DividerBlock()
    for section in details:
        yield from _section(section, is_drawn=section is drawn)
    if message.footer:
        footer = clip(without_backticks(message.footer), 2000)
        yield kit.ContextBlock(elements=[kit.PlainTextObject(text=footer, emoji=False)])


def _facts(facts: Sequence[tuple[str, str]]) -> kit.Block:
    """One line for each fact: fields would take two, and a phone shows few lines."""
    pieces: list[kit.RichTextElement] = []
    for label, value in facts:
        pieces += [_text(f"{label}  ", bold=True), *_pieces(value), _text("\n")]
    return kit.RichTextBlock(elements=[kit.RichTextSectionElement(elements=pieces[:-1])])


def _charts(charts: Sequence[Chart]) -> Iterator[dict[str, Any]]:
    """``data_visualization`` (docs.slack.dev); slack_sdk has no class for it. Unmeasured minutes have no point."""
    for chart in charts[:MAX_CHARTS]:
        data = [{"label": label, "value": value} for label, value in chart.points if value is not None]
        title = clip(chart.title, MAX_CHART_TITLE_CHARACTERS)
        axis = {"categories": [label for label, _ in chart.points]}
        line = {
            "type": "line",
            "series": [{"name": clip(chart.unit, MAX_LABEL_CHARACTERS), "data": data}],
            "axis_config": axis,
        }
        yield {"type": _CHART, "title": title, "chart": line}


def _section(section: Section, *, is_drawn: bool) -> Iterator[kit.Block | dict[str, Any]]:
    elements: list[kit.RichTextElement] = []
    if section.title or section.text:
        elements.append(_line(section.text, heading=section.title))
    if section.table and is_drawn:
        if elements:
            yield kit.RichTextBlock(elements=elements)
        yield _table(section.table)
        elements = []
    elif section.table:
        elements.extend(_list(section.table))
    if section.table and section.table.note:
        elements.append(_line(section.table.note))
    for style, items in (("bullet", section.bullets), ("ordered", section.steps)):
        lines = [_line(item) for item in items if item]
        if lines:
            elements.append(kit.RichTextListElement(style=style, elements=lines))
    if section.code:
        elements.append(kit.RichTextPreformattedElement(elements=[kit.RichTextElementParts.Text(text=section.code)]))
    if elements:
        yield kit.RichTextBlock(elements=elements)


def _table(table: Table) -> dict[str, Any]:
    """The first column, with other texts below, and the figures: a phone shows no more."""
    first_figure = len(table.columns) - table.figures

    def row(cells: Sequence[str]) -> list[dict[str, Any]]:
        below = " · ".join(filter(None, cells[1:first_figure]))
        first = _line(f"`{without_backticks(cells[0]) or '–'}`" + (f"\n{below}" if below else ""))
        return [kit.RichTextBlock(elements=[first]).to_dict(), *map(_cell, cells[first_figure:])]

    head = [_cell(label) for label in (table.columns[0], *table.columns[first_figure:])]
    settings = [{"is_wrapped": True}, *({"align": "right"} for _ in range(table.figures))]
    return {"type": _TABLE, "rows": [head, *map(row, table.rows)], "column_settings": settings}


def _cell(text: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": text or "–"}


def _list(table: Table) -> Iterator[kit.RichTextElement]:
    """One list item for each row, first cell in fixed width."""

    def row(cells: Sequence[str]) -> str:
        first_figure = len(cells) - table.figures
        figures = zip(table.columns[first_figure:], cells[first_figure:], strict=True)
        rest = [*cells[1:first_figure], *(f"{figure} {label.lower()}" for label, figure in figures if figure)]
        return " · ".join([f"`{without_backticks(cells[0]) or '–'}`", *filter(None, rest)])

    if table.rows:
        yield kit.RichTextListElement(style="bullet", elements=[_line(row(cells)) for cells in table.rows])


def _line(text: str, heading: str = "") -> kit.RichTextElement:
    """One element for heading and text: Slack sets adjacent sections side by side, not below each other."""
    title = [_text(without_backticks(heading) + ("\n" if text else ""), bold=True)] if heading else []
    return kit.RichTextSectionElement(elements=[*title, *_pieces(text)])


def _pieces(text: str) -> list[kit.RichTextElement]:
    return [_text(piece, code=is_code) for piece, is_code in code_spans(text)]


def _text(text: str, *, bold: bool = False, code: bool = False) -> kit.RichTextElement:
    style = {"bold": True} if bold else {"code": True} if code else None
    return kit.RichTextElementParts.Text(text=text, style=style)


def _buttons(message: Message) -> list[Button]:
    return [button for button in message.buttons if len(button.url) <= MAX_URL_CHARACTERS]


def _actions(message: Message) -> Iterator[kit.Block]:
    buttons = [
        kit.ButtonElement(
            text=button.text,
            url=button.url,
            action_id=f"{URL_ACTION_PREFIX}{index}",
            style="primary" if button.is_primary else None,
        )
        for index, button in enumerate(_buttons(message), start=1)
    ]
    clicks = [_click(click) for click in message.clicks]
    leads = 1 if message.buttons and message.buttons[0].is_primary else 0  # read first, then decide
    if buttons or clicks:
        yield kit.ActionsBlock(elements=[*buttons[:leads], *clicks, *buttons[leads:]])


def _click(click: Click) -> kit.ButtonElement:
    """Its text in the dialog's own button too: "OK" would not say what it does."""
    style = "danger" if click.is_risky else None
    confirm = kit.ConfirmObject(
        title=_plain(click.question, kit.ConfirmObject.title_max_length),
        text=_plain(click.meaning, kit.ConfirmObject.text_max_length),
        confirm=_plain(click.text, kit.ConfirmObject.confirm_max_length),
        deny=_plain(click.back, kit.ConfirmObject.deny_max_length),
        style=style,
    )
    return kit.ButtonElement(
        text=clip(visible(click.text), 30), action_id=click.action, value=click.value, style=style, confirm=confirm
    )


def _plain(text: str, most: int) -> kit.PlainTextObject:
    return kit.PlainTextObject(text=clip(visible(without_backticks(text)), most), emoji=False)
