"""Counts per minute as charts: a sparkline of text, and points for the services' own charts."""

import math
from collections.abc import Iterator

from ..model.metric import MINUTE
from ..model.reading import MinuteSeries
from ..model.text import Text
from .message import EMPTY, Chart

MOST_POINTS = 20
"""A line of Slack's chart takes no more (docs.slack.dev: data_visualization), and a phone's line of text neither."""
_BARS = "▂▃▄▅▆▇█"
_ZERO, _GAP = "▁", "·"


def chart(title: Text, series: MinuteSeries | None) -> tuple[Chart, ...]:
    """One chart; none without two points for a line."""
    if series is None or len(series.known) < 2:
        return ()
    return (Chart(title, tuple(points(series))),)


def points(series: MinuteSeries) -> Iterator[tuple[str, int | None]]:
    """At most 20 of (``18:41``, count per minute); a point for several minutes is the mean of those measured."""
    step = math.ceil(len(series.values) / MOST_POINTS)
    for first in range(0, len(series.values), step):
        known = [value for value in series.values[first : first + step] if value is not None]
        at = series.start + first * MINUTE
        yield f"{at:%H:%M}", math.ceil(sum(known) / len(known)) if known else None


def sparkline(series: MinuteSeries | None) -> Text:
    """``▁▁▂▅█ last 61, at most 147 (18:06 to 19:05 UTC)``; a dot is not measured. Empty without any count."""
    if series is None or not series.known:
        return EMPTY
    values = [value for _, value in points(series)]
    largest = max((value for value in values if value is not None), default=0)
    return Text(
        # Translators: counts a minute, the newest and the highest of an hour.
        "{bars} last {newest}, at most {highest} ({start} to {end} UTC)",
        bars="".join(_bar(value, largest) for value in values),
        newest=series.known[-1],
        highest=max(series.known),
        start=f"{series.start:%H:%M}",
        end=f"{series.end:%H:%M}",
    )


def _bar(value: int | None, largest: int) -> str:
    if not value:
        return _GAP if value is None else _ZERO
    return _BARS[math.ceil(value / largest * len(_BARS)) - 1]
