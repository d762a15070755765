"""Metric values as Azure Monitor returns them, before any interpretation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC minutes from ``start`` (inclusive) to ``end`` (exclusive)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a window must end after its start: {self.start} to {self.end}")

    @property
    def minutes(self) -> int:
        return int((self.end - self.start) / MINUTE)

    def each_minute(self) -> tuple[datetime, ...]:
        return tuple(self.start + number * MINUTE for number in range(self.minutes))

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Series:
    dimensions: Mapping[str, str]  # names in lower case, values as returned
    points: tuple[tuple[datetime, float], ...]  # by time; a minute without a value is missing: no success, no failure

    @property
    def state(self) -> str:
        """ConnectionState in lower case, because Azure's documents spell it in different ways; else empty."""
        return self.dimensions.get("connectionstate", "").lower()

    @property
    def backend_ip(self) -> str:
        return self.dimensions.get("backendipaddress", "")


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """The series of one metric. ``unknown``: minutes with an impossible value, removed from all series of that node."""

    series: tuple[Series, ...]
    is_truncated: bool = False  # the answer has the maximum number of series, so some may be missing
    unknown: frozenset[datetime] = frozenset()

    def points_in(self, window: Window) -> Iterator[tuple[Series, datetime, float]]:
        """Every value in the window with its minute and its series."""
        start, end = window.start, window.end
        return ((series, at, value) for series in self.series for at, value in series.points if start <= at < end)

    def has_point_in(self, window: Window) -> bool:
        return any(True for _ in self.points_in(window))

    def is_unknown_in(self, window: Window) -> bool:
        """Whether some value in the window is unknown; a missing value is then not zero."""
        return any(window.holds(at) for at in self.unknown)
