"""The geometry of an incident's chart: failures as bars, connections of the NAT gateway as a line, over one time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..formatting import utc
from ..model.metric import MINUTE
from ..model.reading import MinuteSeries
from ..model.text import Text

HEIGHT = 100  # of the drawing; its width is 10 a minute
MINUTE_WIDTH = 10
_LONGEST_GAP = timedelta(hours=6)  # a line that begins later is not drawn beside these bars


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class LineChart:
    """Bars and line each have a scale of their own: a failure counts, though thousands of connections succeed."""

    failed: MinuteSeries
    passed: MinuteSeries | None = None

    @property
    def shown(self) -> MinuteSeries | None:
        """``passed``, if it is near enough."""
        passed = self.passed
        is_near = passed is not None and timedelta() <= passed.end - self.failed.start <= _LONGEST_GAP
        return passed if passed is not None and passed.known and is_near else None

    @property
    def start(self) -> datetime:
        return min(self.failed.start, self.shown.start) if self.shown else self.failed.start

    @property
    def end(self) -> datetime:
        return max(self.failed.end, self.shown.end) if self.shown else self.failed.end

    @property
    def span(self) -> tuple[Text, Text]:
        return utc(self.start), utc(self.end)

    @property
    def width(self) -> int:
        return self._x(self.end)

    @property
    def most_failed(self) -> int:
        return max(self.failed.known, default=0)

    @property
    def most_passed(self) -> int:
        return max(self.shown.known, default=0) if self.shown else 0

    @property
    def legend(self) -> tuple[Text, ...]:
        """What the bars are, and the line if there is any."""
        bars = Text("Failed connections a minute, at most {most}", most=self.most_failed)
        if not self.shown:
            return (bars,)
        return bars, Text("New connections through the NAT gateway a minute, at most {most}", most=self.most_passed)

    @property
    def bars(self) -> Iterator[Bar]:
        for index, value in enumerate(self.failed.values):
            if value:
                height = max(1.0, HEIGHT * value / self.most_failed)
                yield Bar(self._x(self.failed.start + index * MINUTE) + 1, round(HEIGHT - height, 1), round(height, 1))

    @property
    def gaps(self) -> Iterator[int]:
        """Where nothing was measured: neither failed nor clean."""
        for index, value in enumerate(self.failed.values):
            if value is None:
                yield self._x(self.failed.start + index * MINUTE)

    @property
    def lines(self) -> Iterator[str]:
        """Points of each unbroken run of measured minutes, as ``polyline`` takes them."""
        run: list[str] = []
        values = self.shown.values if self.shown else ()
        for index, value in enumerate((*values, None)):
            if value is not None and self.shown:
                x = self._x(self.shown.start + index * MINUTE) + MINUTE_WIDTH // 2
                run.append(f"{x},{HEIGHT - HEIGHT * value / max(1, self.most_passed):.1f}")
            elif run:
                yield " ".join(run)
                run = []

    def _x(self, at: datetime) -> int:
        return int((at - self.start) / MINUTE * MINUTE_WIDTH)
