"""How long a service asks the client to wait: Retry-After of Azure, storage and chat.

The result is never shorter than requested. A value that can't be parsed counts as fifteen minutes.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

UNREADABLE_SECONDS = 900.0
LONGEST_PLAUSIBLE_SECONDS = 3600.0
LONGEST_SECONDS = 10 * 365 * 86_400.0  # a longer wait has the same effect, and would overflow dates
_NUMBER = re.compile(r"\d+(\.\d*)?", re.ASCII)
_HEADERS = {"retry-after": 1.0, "retry-after-ms": 0.001, "x-ms-retry-after-ms": 0.001}  # seconds per unit


def plausible_wait_seconds(asked: float) -> float:
    """How long a read waits: more than an hour is probably a mistake, so the read tries again earlier."""
    return asked if asked <= LONGEST_PLAUSIBLE_SECONDS else UNREADABLE_SECONDS


def requested_wait_seconds(headers: Mapping[str, str]) -> float | None:
    """The longest wait that the headers request; None without one. Never raises.

    Retry-After is a number of seconds or a date, relative to the answer's Date (RFC 9110, 10.2.3); Azure also has
    headers in milliseconds. Header names are case-insensitive.
    """
    found = {name.lower(): str(value).strip() for name, value in headers.items()}
    asked = [_seconds(found[name], unit, found.get("date", "")) for name, unit in _HEADERS.items() if found.get(name)]
    return max(asked, default=None)


def parsed_seconds(digits: str) -> float:
    """A number with any number of digits, limited to ``LONGEST_SECONDS``."""
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
