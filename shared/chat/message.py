"""The neutral message. Flows write it; slack.py and teams.py only lay it out.

Texts are plain: no mrkdwn, no Markdown, no HTML. Only backticks around a name or a command have a meaning: each
renderer sets the text between them in a fixed-width font. Each renderer escapes everything else for its service.
A message is stored as ``Text``; it is translated before it is shortened and laid out.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from ..model.text import Text
from ..wording.render import translated

EMPTY = Text("")
# Translators: the name of a line in a chart of counts for each minute.
A_MINUTE = Text("a minute")
Label = TypeVar("Label", bound=str)
Fact = TypeVar("Fact", bound=str)
_CODE = re.compile(r"`([^`\n]+)`")


class Tone(StrEnum):
    """How a message should look, by its meaning, not by colour."""

    ALARM = "alarm"
    WARNING = "warning"
    GOOD = "good"
    NEUTRAL = "neutral"


class MessageKind(StrEnum):
    """The stage of its subject. Delivery uses it to decide whether to post or to rewrite a message."""

    WARNING = "warning"  # an incident opened or re-opened, and no connection fails yet
    FAILING = "failing"
    WORSE = "worse"
    REMINDER = "reminder"
    ADVICE = "advice"  # nothing to approve; what a person can do
    APPROVAL_WANTED = "approval wanted"
    DECIDED = "decided"  # approved, denied, resumed, expired, superseded
    STEP = "step"
    WAITING = "waiting"  # it continues by itself
    STOPPED = "stopped"
    PROVING = "proving"
    OUTCOME = "outcome"
    CLEARED = "cleared"
    SILENCED = "silenced"  # also the end of a silence
    NOTE = "note"  # for the thread only
    FLEET = "fleet"  # about monitoring itself


class Audience(StrEnum):
    EVERYBODY = "everybody"
    CHATS = "chats"  # a list of clusters, of which a pager gets each
    PAGERS = "pagers"  # what chats get in a list


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]  # as many texts as columns
    note: Text = EMPTY  # what was left out
    figures: int = 0  # so many columns at the end hold figures


@dataclass(frozen=True, slots=True)
class Chart:
    """A line. What it shows is also said in a fact: not every reader sees charts."""

    title: Text
    points: tuple[tuple[str, int | None], ...]  # label and value; None: not measured
    unit: Text = A_MINUTE


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part.

    A detail comes after the buttons, folded if the service can, and is removed first if a message is too large.
    """

    title: Text
    text: Text = EMPTY
    bullets: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()  # shown with numbers
    code: Text = EMPTY  # commands to copy, one a line, shown verbatim
    table: Table | None = None
    is_detail: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.bullets or self.steps or self.code or self.table)


@dataclass(frozen=True, slots=True)
class Button:
    text: Text
    url: str  # of a page; opening it changes nothing
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Click:
    """A button that decides something, after a dialog that asks. Only a Slack bot's messages have such buttons."""

    text: Text
    action: str
    value: str
    question: Text
    meaning: Text  # what it would do
    is_risky: bool = False
    back: Text = Text("Back")


@dataclass(frozen=True, slots=True)
class Message:
    title: Text
    summary: Text  # one line, for notifications
    tone: Tone
    facts: tuple[tuple[Text, Text], ...] = ()  # label and value
    sections: tuple[Section, ...] = ()
    buttons: tuple[Button, ...] = ()
    clicks: tuple[Click, ...] = ()  # set at delivery
    footer: Text = EMPTY
    charts: tuple[Chart, ...] = ()
    kind: MessageKind = MessageKind.FLEET
    subject: str = ""  # incident id, else change id; empty for the fleet
    audience: Audience = Audience.EVERYBODY
    language: str = "en"  # set at delivery

    def in_language(self, language: str) -> "Message":
        return replace(translated(self, language), language=language)


def facts_of(*facts: tuple[Label, Fact | None]) -> tuple[tuple[Label, Fact], ...]:
    """The facts with a value, for ``Message.facts``."""
    return tuple((label, value) for label, value in facts if value)


def sections_of(*sections: Section) -> tuple[Section, ...]:
    """The sections with more than a title, for ``Message.sections``."""
    return tuple(section for section in sections if not section.is_empty)


def code_spans(text: str) -> tuple[tuple[str, bool], ...]:
    """The text split at its backticks: (piece, is code). Pieces are never empty."""
    parts = _CODE.split(text)
    return tuple((part, index % 2 == 1) for index, part in enumerate(parts) if part)


def without_backticks(text: str) -> str:
    """The text without backticks, for places with one font only."""
    return _CODE.sub(r"\1", text)
