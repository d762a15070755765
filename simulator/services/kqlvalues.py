"""Values, comparisons and conversions of the Kusto query language, as far as they are served."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

Row = Mapping[str, Any]
Value = Callable[[Row], Any]


def text_of(value: Any) -> str:
    """A value as Kusto compares it with a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_timespan(text: str) -> timedelta:
    """A Kusto timespan such as 30m, 1h or 7d."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([dhms])", text)
    if match is None:
        raise ValueError(f"a timespan such as 30m is expected, not {text!r}")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        if isinstance(left, str) or isinstance(right, str):
            return compare(text_of(left), text_of(right))
        return compare(left, right)

    return check


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b if type(a) is type(b) else text_of(a) == text_of(b),
    "=~": lambda a, b: text_of(a).lower() == text_of(b).lower(),
    "contains": lambda a, b: text_of(b).lower() in text_of(a).lower(),
    "startswith": lambda a, b: text_of(a).lower().startswith(text_of(b).lower()),
    "endswith": lambda a, b: text_of(a).lower().endswith(text_of(b).lower()),
    "has": lambda a, b: text_of(b).lower() in re.split(r"[^0-9a-z]+", text_of(a).lower()),
    "<": _ordered(lambda a, b: bool(a < b)),
    ">": _ordered(lambda a, b: bool(a > b)),
    "<=": _ordered(lambda a, b: bool(a <= b)),
    ">=": _ordered(lambda a, b: bool(a >= b)),
}
NEGATED = {
    "!=": "==",
    "!~": "=~",
    "!contains": "contains",
    "!startswith": "startswith",
    "!endswith": "endswith",
    "!has": "has",
}
CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "tolower": lambda value: text_of(value).lower(),
    "toupper": lambda value: text_of(value).upper(),
    "tostring": text_of,
}


def walk(row: Row, path: Sequence[str | int]) -> Any:
    """The value at a path of property names and indexes; None when it leads nowhere."""
    value: Any = row
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value
