"""Format numbers, times, lists and sentences for people: chat, pages, terminal, logs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

# An English word at the start of a sentence; names hold digits, dashes, dots or capitals, or are in backticks.
_WORD = re.compile(r"(?!(?:az|curl|kubectl)\b)[a-z][a-z']*(?=[\s,;:.!?)]|$)")
# A name, command, address or id at the end of a sentence: people would copy the full stop with it.
_NAME_AT_THE_END = re.compile(r"(?:`|[/_@=][^\s)]*|\d+\.\d+\.[^\s)]*|\w*\d[a-z]\w*|\w*[a-z]\d\w*)$", re.IGNORECASE)
ELLIPSIS = "…"
NO_BREAK_SPACE = "\u00a0"
# Control characters except the line feed, surrogates, and characters that are invisible or change the text direction
# (Unicode categories Cc, Cs and Cf, and five letters that are blank).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\ud800-\udfff\u115f\u1160\u2800\u3164\uffa0]"
)
_BLANK = re.compile("[\t\u2028\u2029]")


def utc(at: datetime) -> str:
    """``2026-11-22 19:05 UTC``; aware times only."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def node_label(name: str, is_gone: bool) -> str:
    """The node's name; without a name, its IP and whether the node is gone or unknown."""
    return name or ("no node has this IP any more" if is_gone else "its node could not be named")


def duration(length: timedelta) -> str:
    """The two largest units: ``24 minutes``, ``1 hour 5 minutes``, ``2 days 3 hours``."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes == 0:
        return "less than a minute"
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "day"), (hours, "hour"), (minutes % 60, "minute")]
    first = next(index for index, (number, _) in enumerate(parts) if number)
    return " ".join(count(number, noun) for number, noun in parts[first : first + 2] if number)


def number(value: int) -> str:
    """``1,204``"""
    return f"{value:,}"


def count(value: int, noun: str, plural: str = "") -> str:
    """``1 node``, ``1,204 nodes``"""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def percent(part: float, whole: float) -> str:
    """One decimal. A value between 0 and 100 is never shown as 0 or 100: ``>99.9 %``, ``<0.1 %``."""
    if whole <= 0:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return f"<0.1{NO_BREAK_SPACE}%"
    if 99.9 < share < 100:
        return f">99.9{NO_BREAK_SPACE}%"
    return f"{share:.1f}{NO_BREAK_SPACE}%"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """``a``, ``a and b``, ``a, b and c``, ``a, b and 7 more``"""
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {number(len(names) - limit)} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def visible(text: str) -> str:
    """The text without invisible characters, because anybody may choose names and they could distort the message.

    Line feeds stay; tabs and other line ends become blanks.
    """
    return _INVISIBLE.sub("", _BLANK.sub(" ", text))


def marked(names: Sequence[str], limit: int = 16) -> str:
    """``listed`` with each name in backticks, so that no formatting changes it."""
    return listed([f"`{name}`" for name in names], limit)


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters; an ellipsis marks a cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + ELLIPSIS


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends with one or with something that people copy."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:…" or _NAME_AT_THE_END.search(text) else text + "."


def sentences(*texts: str) -> str:
    """Each non-empty text as a sentence."""
    joined = ""
    for text in filter(None, (sentence(capital(text)) for text in texts)):
        gap = "" if not joined else " " if joined[-1] in ".!?:…" else " – "
        joined = f"{joined}{gap}{text}"
    return joined


def capital(text: str) -> str:
    """The text with its first letter in upper case, unless it begins with a name or a command."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
