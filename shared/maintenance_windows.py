"""Maintenance windows: snatbot measures and records as usual, and posts nothing.

Windows are separated by semicolons; times are in UTC:

    daily 01:00-03:30             every day
    sat 22:00-02:00               from Saturday 22:00 to Sunday 02:00
    mon-fri 18:00-18:30           on each of these days
    2026-12-24T18:00Z/2026-12-27T06:00Z   once
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from .model.text import Text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_REPEATED = re.compile(
    r"(?P<days>daily|(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?)\s+"
    r"(?P<from>\d{2}:\d{2})-(?P<to>\d{2}:\d{2})"
)
_MOST_IN_A_ROW = 100  # windows; recurring ones repeat after a week
EXAMPLE = Text("such as 'sat 22:00-02:00', 'daily 01:00-03:30' or '2026-12-24T18:00Z/2026-12-27T06:00Z' (UTC)")


@dataclass(frozen=True, slots=True)
class RecurringWindow:
    days: frozenset[int]  # Monday is 0
    start: time
    end: time  # before the start: on the next day

    def holds(self, at: datetime) -> bool:
        moment = at.astimezone(UTC)
        clock = moment.time().replace(tzinfo=None)
        if self.start <= self.end:
            return moment.weekday() in self.days and self.start <= clock < self.end
        before = (moment - timedelta(days=1)).weekday()
        return (moment.weekday() in self.days and clock >= self.start) or (before in self.days and clock < self.end)

    def end_after(self, at: datetime) -> datetime:
        end = datetime.combine(at.astimezone(UTC), self.end, UTC)
        return end if end > at else end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OneTimeWindow:
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def end_after(self, _: datetime) -> datetime:
        return self.end


@dataclass(frozen=True, slots=True)
class MaintenanceWindows:
    windows: tuple[RecurringWindow | OneTimeWindow, ...] = ()

    def holds(self, at: datetime) -> bool:
        return any(window.holds(at) for window in self.windows)

    def free_from(self, at: datetime) -> datetime | None:
        """``at``, or the end of the windows that hold then; None when they follow each other without a gap."""
        for _ in range(_MOST_IN_A_ROW):
            ends = [window.end_after(at) for window in self.windows if window.holds(at)]
            if not ends:
                return at
            at = max(ends)
        return None

    def __add__(self, other: "MaintenanceWindows") -> "MaintenanceWindows":
        return MaintenanceWindows(self.windows + other.windows)


def parse_maintenance(text: str) -> MaintenanceWindows:
    """Raises ValueError with the part that can't be read and an example. Empty text means no window."""
    parts = [part.strip() for part in text.split(";")]
    return MaintenanceWindows(tuple(_parse(part) for part in parts if part))


def _parse(part: str) -> RecurringWindow | OneTimeWindow:
    match = _REPEATED.fullmatch(part.lower())
    try:
        return _repeated(match) if match else _once(part)
    except ValueError:
        raise ValueError(
            Text("{given} is not a maintenance window; {example}", given=repr(part), example=EXAMPLE)
        ) from None


def _repeated(match: re.Match[str]) -> RecurringWindow:
    if match["days"] == "daily":
        days = frozenset(range(7))
    else:
        first, last = DAYS.index(match["first"]), DAYS.index(match["last"] or match["first"])
        days = frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    start, end = time.fromisoformat(match["from"]), time.fromisoformat(match["to"])
    if start == end:
        raise ValueError("empty")
    return RecurringWindow(days, start, end)


def _once(part: str) -> OneTimeWindow:
    first, _, second = part.partition("/")
    start, end = datetime.fromisoformat(first.strip()), datetime.fromisoformat(second.strip())
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise ValueError("no zone, or it ends before it starts")
    return OneTimeWindow(start, end)
