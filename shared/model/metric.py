"""What Azure Monitor answered, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC minutes from ``start`` up to, not including, ``end``."""

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
    """One time series."""

    dimensions: Mapping[str, str]  # names in lower case, values as answered
    points: tuple[tuple[datetime, float], ...]  # a minute without a value is missing: neither success nor failure

    @property
    def state(self) -> str:
        """ConnectionState in lower case, empty without one: Azure's spelling differs between its documents."""
        return self.dimensions.get("connectionstate", "").lower()

    @property
    def backend_ip(self) -> str:
        return self.dimensions.get("backendipaddress", "")


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """A minute with an impossible value is ``unknown``, and taken out of all series of the same backend or node."""

    series: tuple[Series, ...]
    is_truncated: bool = False  # as many came back as were asked for at most, so some may be missing
    unknown: frozenset[datetime] = frozenset()

    def points_in(self, window: Window) -> Iterator[tuple[Series, datetime, float]]:
        """Every value of the window with its minute and the series that it belongs to."""
        return ((series, at, value) for series in self.series for at, value in series.points if window.holds(at))

    def has_point_in(self, window: Window) -> bool:
        return any(True for _ in self.points_in(window))

    def is_unknown_in(self, window: Window) -> bool:
        """Whether something in the window can't be read: what is not there is then no zero."""
        return any(window.holds(at) for at in self.unknown)
