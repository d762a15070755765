"""What gate and verification share: which minutes they measure, and which rate counts as traffic."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...model.metric import MINUTE, Series, Window
from ...model.text import Text
from ..detection.schedule import complete_window

# A gateway without traffic shows about ten new connections per minute: the platform's health checks (Azure docs:
# nat-metrics). Up to ten times that rate proves nothing.
LEAST_PER_MINUTE = 100.0


@dataclass(frozen=True, slots=True)
class MeasurementPolicy:
    ingestion_lag_minutes: int
    minutes: int  # minutes that are judged together
    limit: timedelta  # how long to wait for the traffic

    def complete_window(self, now: datetime) -> Window:
        """The last complete minutes."""
        return complete_window(now, self.ingestion_lag_minutes, self.minutes)

    def window_since(self, since: datetime, now: datetime) -> Window | None:
        """The last complete minutes after ``since``; None if there are too few."""
        window = self.complete_window(now)
        return window if window.start >= since.replace(second=0, microsecond=0) + MINUTE else None


def points(series: Iterable[Series], window: Window, state: str | None = None) -> Iterator[tuple[datetime, float]]:
    """Minutes and values in the window, of one connection state (lower case) or of all."""
    for each in series:
        if state in (None, each.state):
            yield from ((at, value) for at, value in each.points if window.holds(at))


def total(series: Iterable[Series], window: Window, state: str | None = None) -> float:
    return sum(value for _, value in points(series, window, state))


def rate_on_gateway(per_minute: float) -> Text:
    return Text.plural(
        "{count} new connection a minute on the NAT gateway",
        "{count} new connections a minute on the NAT gateway",
        count=round(per_minute),
    )
