"""Texts that may differ between two runs, and the form that they must share.

Ids, etags, times, addresses and opaque tokens are compared by shape. Everything else must be equal:
a resource's names and settings are put into the simulator before it is asked.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

Verdict = Literal["same", "casing", "other"]

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})"
_SHAPES = [
    (name, re.compile(pattern))
    for name, pattern in (
        ("guid", rf"\{{?{_GUID}\}}?"),
        ("etag", r'(?:W/)?"[^"]*"'),
        ("time", _TIME),
        ("timespan", rf"{_TIME}/{_TIME}"),
        ("prefix", rf"{_ADDRESS}/\d+"),
        ("address", _ADDRESS),
        ("mac address", r"[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5}"),
        ("delay", r"\d\d:\d\d:\d\d"),
        ("number", r"-?\d+"),
        ("version", r"v?\d+(?:\.\d+)+"),
        ("host", r"[a-z0-9-]+(?:\.[a-z0-9-]+)+\.[a-z]{2,}"),
        ("hex", r"[0-9a-f]{16,}"),
        ("token", r"[A-Za-z0-9_\-+/=.~]{40,}"),
    )
]
_MASK = re.compile(r"sanitized|redacted|fake_token|\*+|.*~trimmed", re.IGNORECASE)
SIGNATURE = frozenset({"t", "c", "s", "h"})
"""Query parameters that sign an operation's URL. Azure signs since 2023; URLs are opaque to clients."""


def shape_of(text: str) -> str | None:
    """The name of the shape that a text has, when texts of that shape may differ."""
    return next((name for name, pattern in _SHAPES if pattern.fullmatch(text)), None)


def compare_texts(recorded: str, simulated: str) -> Verdict:
    """Whether two texts are the same, differ only in case, or differ."""
    if recorded == simulated or _MASK.fullmatch(recorded):
        return "same"
    if recorded.startswith("https://") and simulated.startswith("https://"):
        return "same" if _same_url(recorded, simulated) else "other"
    if _is_id(recorded) and _is_id(simulated):
        return _compare_ids(recorded, simulated)
    shape = shape_of(recorded)
    if shape is not None and shape == shape_of(simulated):
        return "same"
    if recorded.lower() == simulated.lower():
        return "casing"
    return "other"


def _is_id(text: str) -> bool:
    return text.startswith(("/subscriptions/", "/providers/"))


def _compare_ids(recorded: str, simulated: str) -> Verdict:
    """Ids agree segment by segment; generated names (GUIDs and the like) by shape."""
    ours, theirs = simulated.split("/"), recorded.split("/")
    if len(ours) != len(theirs):
        return "other"
    verdicts = {compare_texts(there, here) for there, here in zip(theirs, ours, strict=True)}
    return "other" if "other" in verdicts else "casing" if "casing" in verdicts else "same"


def _same_url(recorded: str, simulated: str) -> bool:
    """Same host, same path but for generated ids, same query parameters but for the signature."""
    theirs, ours = urlsplit(recorded), urlsplit(simulated)
    if theirs.hostname != ours.hostname or compare_texts(theirs.path, ours.path) != "same":
        return False
    names = [{name for name, _ in parse_qsl(url.query, keep_blank_values=True)} for url in (theirs, ours)]
    return names[0] == names[1] or names[0] == names[1] - SIGNATURE
