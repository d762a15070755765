"""The neutral message. Flows write it once; slack.py and teams.py only lay it out.

Texts are plain: no mrkdwn, no Markdown, no HTML. Each renderer escapes for its own service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a message should look: chosen by meaning, not by colour."""

    ALARM = "alarm"
    WARNING = "warning"
    GOOD = "good"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` hold as many texts as ``columns``. ``note`` says what was left out, if anything was."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part. ``steps`` are numbered; ``code`` is a command to copy, shown verbatim."""

    title: str
    text: str = ""
    bullets: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    code: str = ""
    table: Table | None = None


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
