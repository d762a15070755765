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


class MessageKind(StrEnum):
    """Where its subject stands in its life. Who delivers decides by it what is posted anew and what is rewritten."""

    WARNING = "warning"  # an incident opened, or came back, and no connection fails yet
    FAILING = "failing"
    WORSE = "worse"
    REMINDER = "reminder"
    ADVICE = "advice"  # there is nothing to approve; what a person can do
    APPROVAL_WANTED = "approval wanted"
    DECIDED = "decided"  # approved, denied, resumed, expired, superseded
    STEP = "step"
    WAITING = "waiting"  # it goes on by itself
    STOPPED = "stopped"
    PROVING = "proving"
    OUTCOME = "outcome"
    CLEARED = "cleared"
    SILENCED = "silenced"  # or not any more
    FLEET = "fleet"  # about monitoring itself


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # as many texts as columns
    note: str = ""  # what was left out
    row_noun: str = "rows"  # what a row is, for "…and 37 more nodes"
    figures: tuple[str, ...] = ()  # columns to align right


@dataclass(frozen=True, slots=True)
class Chart:
    """A line. What it shows is also said in a fact: not every reader sees charts."""

    title: str
    points: tuple[tuple[str, int | None], ...]  # label and value; None: not measured


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part.

    A detail is for the reader who goes on. It comes after the buttons, folded where the service can, and is the first
    to go when a message is too large.
    """

    title: str
    text: str = ""
    bullets: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()  # shown with numbers
    code: str = ""  # commands to copy, one a line, shown verbatim
    table: Table | None = None
    is_detail: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.bullets or self.steps or self.code or self.table)


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    url: str  # of a page; opening it changes nothing
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    summary: str  # one line, for notifications
    tone: Tone
    facts: tuple[tuple[str, str], ...] = ()  # label and value
    sections: tuple[Section, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    charts: tuple[Chart, ...] = ()
    kind: MessageKind = MessageKind.FLEET
    subject: str = ""  # id of its incident; of its change where there is no incident; empty for the fleet


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
