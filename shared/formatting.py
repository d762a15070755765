"""Format numbers, times, lists and sentences for people: chat, pages, terminal, logs."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from .model.text import Text, arranged, verbatim

ELLIPSIS = "…"
# Control characters except the line feed, surrogates, and characters that are invisible or change the text direction
# (Unicode categories Cc, Cs and Cf, and five letters that are blank).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\ud800-\udfff\u115f\u1160\u2800\u3164\uffa0]"
)
_BLANK = re.compile("[\t\u2028\u2029]")


def utc(at: datetime) -> Text:
    """``2026-11-22 19:05 UTC``; aware times only."""
    return arranged("{at}", at=at)


def node_label(name: str, is_gone: bool) -> Text:
    """The node's name; without a name, its IP and whether the node is gone or unknown."""
    if name:
        return verbatim(name)
    return Text("no node has this IP any more") if is_gone else Text("its node could not be named")


def duration(length: timedelta) -> Text:
    """The two largest units: ``24 minutes``, ``1 hour 5 minutes``, ``2 days 3 hours``."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes == 0:
        return Text("less than a minute")
    days, hours = divmod(minutes // 60, 24)
    parts = (
        Text.plural("{count} day", "{count} days", count=days),
        Text.plural("{count} hour", "{count} hours", count=hours),
        minutes_of(minutes % 60),
    )
    first = next(index for index, part in enumerate(parts) if part.values["count"])
    return arranged("{parts:words}", parts=tuple(part for part in parts[first : first + 2] if part.values["count"]))


def number(value: int) -> Text:
    """``1,204``"""
    return arranged("{value}", value=value)


def count(value: int, noun: str, plural: str = "") -> str:
    """``1 node``, ``1,204 nodes``. Only for logs and errors of developers: it can't be translated."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def nodes_of(number: int) -> Text:
    """``1 node``, ``1,204 nodes``"""
    return Text.plural("{count} node", "{count} nodes", count=number)


def public_ips_of(number: int) -> Text:
    return Text.plural("{count} public IP", "{count} public IPs", count=number)


def addresses_of(number: int) -> Text:
    return Text.plural("{count} address", "{count} addresses", count=number)


def public_ip_prefixes_of(number: int) -> Text:
    return Text.plural("{count} public IP prefix", "{count} public IP prefixes", count=number)


def minutes_of(number: int) -> Text:
    return Text.plural("{count} minute", "{count} minutes", count=number)


def outbound_ips_of(number: int) -> Text:
    return Text.plural("{count} outbound IP", "{count} outbound IPs", count=number)


def clusters_of(number: int) -> Text:
    return Text.plural("{count} cluster", "{count} clusters", count=number)


def measured_minutes_of(number: int) -> Text:
    return Text.plural("{count} measured minute", "{count} measured minutes", count=number)


def percent(part: float, whole: float) -> Text:
    """One decimal. A value between 0 and 100 is never shown as 0 or 100: ``>99.9 %``, ``<0.1 %``."""
    if whole <= 0:
        return arranged("–")
    share = 100 * part / whole
    if 0 < share < 0.1:
        return arranged("<{share}\u00a0%", share=0.1)
    if 99.9 < share < 100:
        return arranged(">{share}\u00a0%", share=99.9)
    return arranged("{share}\u00a0%", share=float(share))


def listed(names: Sequence[str], limit: int = 5) -> Text:
    """``a``, ``a and b``, ``a, b and c``, ``a, b and 7 more``"""
    if len(names) > limit:
        return Text("{names} and {more} more", names=tuple(names[:limit]), more=len(names) - limit)
    if len(names) < 2:
        return arranged("{names}", names=tuple(names))
    return Text("{names} and {last}", names=tuple(names[:-1]), last=names[-1])


def either(names: Sequence[str]) -> Text:
    """``a``, ``a or b``, ``a, b or c``"""
    if len(names) < 2:
        return arranged("{names}", names=tuple(names))
    return Text("{names} or {last}", names=tuple(names[:-1]), last=names[-1])


def visible(text: str) -> str:
    """The text without invisible characters, because anybody may choose names and they could distort the message.

    Line feeds stay; tabs and other line ends become blanks.
    """
    return _INVISIBLE.sub("", _BLANK.sub(" ", text))


def marked(names: Sequence[str], limit: int = 16) -> Text:
    """``listed`` with each name in backticks, so that no formatting changes it."""
    return listed([f"`{name}`" for name in names], limit)


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters; an ellipsis marks a cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + ELLIPSIS


def clauses(*texts: str) -> Text:
    """Each non-empty text, with semicolons between."""
    return arranged("{texts:clauses}", texts=texts)


def sentence(text: str) -> Text:
    """The text with a full stop, unless it ends with one or with something that people copy."""
    return arranged("{text:sentence}", text=text)


def sentences(*texts: str) -> Text:
    """Each non-empty text as a sentence."""
    return arranged("{texts:sentences}", texts=texts)


def capital(text: str) -> Text:
    """The text with its first letter in upper case, unless it begins with a name or a command."""
    return arranged("{text:capital}", text=text)
