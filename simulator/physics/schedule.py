"""A workload's schedule: a factor on its rate of new flows, minute by minute.

Minutes are whole minutes since 1970 (UTC). Scenario files count from the scenario's start, so every schedule has
`origin_minute`, the simulator's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Schedule(Protocol):
    """A workload's activity."""

    def factor(self, minute: int) -> float:
        """The factor on the workload's rate in `minute`; 0 when idle."""
        ...


@dataclass(frozen=True)
class Steady:
    """The same rate all day."""

    def factor(self, minute: int) -> float:
        del minute
        return 1.0


@dataclass(frozen=True)
class Spike:
    """`times` the usual rate from one minute until another (or for good), after a linear ramp.

    `rest` is the factor outside; 0 makes a workload that only exists during the spike.
    """

    origin_minute: int
    from_minute: float
    until_minute: float | None = None
    times: float = 1.0
    ramp_minutes: float = 0.0
    rest: float = 1.0

    def factor(self, minute: int) -> float:
        since = minute - self.origin_minute - self.from_minute
        if since < 0 or (self.until_minute is not None and minute - self.origin_minute >= self.until_minute):
            return self.rest
        if self.ramp_minutes > 0 and since < self.ramp_minutes:
            return self.rest + (self.times - self.rest) * (since + 1) / (self.ramp_minutes + 1)
        return self.times


@dataclass(frozen=True)
class Burst:
    """`times` the usual rate for `lasts_minutes`, every `every_minutes`, first at `from_minute`."""

    origin_minute: int
    every_minutes: int
    lasts_minutes: int
    times: float
    from_minute: int = 0
    rest: float = 1.0

    def factor(self, minute: int) -> float:
        phase = (minute - self.origin_minute - self.from_minute) % self.every_minutes
        return self.times if phase < self.lasts_minutes else self.rest


@dataclass(frozen=True)
class Cron:
    """`times` the usual rate for `lasts_minutes` from every match of a five-field cron line (UTC).

    `starts` holds, for each field, the matching numbers: minute, hour, day of month, month, day of
    week (0 = Sunday). As in cron, when both day fields are restricted either may match.
    """

    fields: tuple[frozenset[int], ...]
    lasts_minutes: int
    times: float
    rest: float = 0.0
    either_day: bool = False

    def factor(self, minute: int) -> float:
        busy = any(self._starts(minute - back) for back in range(self.lasts_minutes))
        return self.times if busy else self.rest

    def _starts(self, minute: int) -> bool:
        at = datetime.fromtimestamp(minute * 60, UTC)
        minutes, hours, days, months, weekdays = self.fields
        if at.minute not in minutes or at.hour not in hours or at.month not in months:
            return False
        day, weekday = at.day in days, at.isoweekday() % 7 in weekdays
        return (day or weekday) if self.either_day else (day and weekday)


_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def parse_cron(line: str, lasts_minutes: int, times: float, rest: float = 0.0) -> Cron:
    """A `Cron` from a five-field line (numbers, `*`, lists, ranges, steps); ValueError when it isn't one."""
    parts = line.split()
    if len(parts) != 5:
        raise ValueError(f"cron line was {line!r}; five fields are needed, as in '0 * * * *'")
    fields = []
    for text, (low, high) in zip(parts, _RANGES, strict=True):
        fields.append(_parse_cron_field(text, low, high))
    fields[4] = frozenset(day % 7 for day in fields[4])
    either = parts[2] != "*" and parts[4] != "*"
    return Cron(tuple(fields), lasts_minutes, times, rest, either)


def _parse_cron_field(text: str, low: int, high: int) -> frozenset[int]:
    numbers: set[int] = set()
    for item in text.split(","):
        span, _, step_text = item.partition("/")
        try:
            step = int(step_text) if step_text else 1
            if span == "*":
                first, last = low, high
            else:
                start, _, end = span.partition("-")
                first = int(start)
                last = int(end) if end else (high if step_text else first)
        except ValueError:
            raise ValueError(f"cron field was {text!r}; numbers, *, lists, ranges and steps are known") from None
        if not (low <= first <= last <= high and step > 0):
            raise ValueError(f"cron field was {text!r}; its numbers must lie within {low}-{high}")
        numbers.update(range(first, last + 1, step))
    return frozenset(numbers)
