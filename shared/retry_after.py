"""For how long a service asks to be left alone: the one reading of Retry-After, for Azure, storage and chat alike.

What is read is never less than what was asked. What was asked and can't be understood is taken for a quarter of an
hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

UNREADABLE_SECONDS = 900.0
LONGEST_PLAUSIBLE_SECONDS = 3600.0
LONGEST_SECONDS = 10 * 365 * 86_400.0  # any longer wait is as good as this one, and dates can be reckoned with it
_NUMBER = re.compile(r"\d+(\.\d*)?", re.ASCII)
_HEADERS = {"retry-after": 1.0, "retry-after-ms": 0.001, "x-ms-retry-after-ms": 0.001}  # what one of each is in seconds


def plausible_wait_seconds(asked: float) -> float:
    """How long a reader waits: more than an hour is likelier a mistake than a wish, and looked at again before."""
    return asked if asked <= LONGEST_PLAUSIBLE_SECONDS else UNREADABLE_SECONDS


def requested_wait_seconds(headers: Mapping[str, str]) -> float | None:
    """The longest wait that any of the headers asks for; None when there is none. Never raises.

    Retry-After is a number of seconds or a date, which is held against the answer's own Date (RFC 9110, 10.2.3); Azure
    also knows headers in milliseconds. Names are compared without case.
    """
    found = {name.lower(): str(value).strip() for name, value in headers.items()}
    asked = [_seconds(found[name], unit, found.get("date", "")) for name, unit in _HEADERS.items() if found.get(name)]
    return max(asked, default=None)


def parsed_seconds(digits: str) -> float:
    """A number that may be of any length."""
    return min(float(digits), LONGEST_SECONDS)


def _seconds(text: str, unit: float, answered: str) -> float:
    if _NUMBER.fullmatch(text):
        return min(float(text) * unit, LONGEST_SECONDS)
    until, since = _http_date(text), _http_date(answered)
    if unit != 1.0 or until is None or since is None:
        return UNREADABLE_SECONDS
    return min(max((until - since).total_seconds(), 0.0), LONGEST_SECONDS)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
