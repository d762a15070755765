"""The neutral message. Flows write it once; slack.py and teams.py only lay it out.

Texts are plain: no mrkdwn, no Markdown, no HTML. The one mark is a pair of backticks around a name or a command,
which each renderer sets in a fixed-width font. Everything else is shown as it stands: a renderer escapes for its
own service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_CODE = re.compile(r"`([^`\n]+)`")


class Tone(StrEnum):
    """How a message should look: chosen by meaning, not by colour."""

    ALARM = "alarm"
    WARNING = "warning"
    GOOD = "good"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` hold as many texts as ``columns``; ``figures`` names the columns to align right.

    ``row_noun`` is the plural of what a row is, for "…and 37 more nodes". ``note`` says what was left out, if
    anything was.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    row_noun: str = "rows"
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part. ``steps`` are numbered; ``code`` is commands to copy, one a line, shown verbatim.

    ``is_detail``: for the reader who goes on. It comes after the buttons, folded where the service can, and is the
    first to go when a message is too large.
    """

    title: str
    text: str = ""
    bullets: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    code: str = ""
    table: Table | None = None
    is_detail: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.bullets or self.steps or self.code or self.table)


@dataclass(frozen=True, slots=True)
class Button:
    """``url`` opens a page; pressing it changes nothing by itself."""

    text: str
    url: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """``summary`` is one line for notifications. ``facts`` are label and value."""

    title: str
    summary: str
    tone: Tone
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: str = ""


def facts_of(*facts: tuple[str, str | None]) -> tuple[tuple[str, str], ...]:
    """The facts that have a value, for ``Message.facts``."""
    return tuple((label, value) for label, value in facts if value)


def sections_of(*sections: Section) -> tuple[Section, ...]:
    """The sections that hold more than a title, for ``Message.sections``."""
    return tuple(section for section in sections if not section.is_empty)


def code_spans(text: str) -> tuple[tuple[str, bool], ...]:
    """The text cut at its backticks: (piece, is code). Pieces are never empty."""
    parts = _CODE.split(text)
    return tuple((part, index % 2 == 1) for index, part in enumerate(parts) if part)


def without_backticks(text: str) -> str:
    """The text without its backticks, for places that know one font only."""
    return _CODE.sub(r"\1", text)
