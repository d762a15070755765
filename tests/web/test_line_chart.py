"""A chart shows what was measured: no minute is drawn that was not, and none is lost."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.model.reading import MinuteSeries
from shared.web.line_chart import HEIGHT, LineChart
from tests.support.nouns import NOW
from tests.support.thorough import examples

VALUES = st.lists(st.none() | st.integers(0, 10**9), min_size=1, max_size=60).map(tuple)


@examples(50)
@given(VALUES, VALUES, st.integers(-60, 300))
def test_every_measured_minute_is_drawn_inside_the_picture(
    failed: tuple[int | None, ...], passed: tuple[int | None, ...], shift: int
) -> None:
    chart = LineChart(MinuteSeries(NOW, failed), MinuteSeries(NOW + timedelta(minutes=shift), passed))
    bars = list(chart.bars)
    assert len(bars) == sum(bool(value) for value in failed)
    assert len(list(chart.gaps)) == failed.count(None)
    assert all(0 <= bar.x < chart.width and 0 <= bar.y < HEIGHT and bar.height >= 1 for bar in bars)
    points = [point.split(",") for run in chart.lines for point in run.split()]
    assert len(points) == (len(chart.shown.known) if chart.shown else 0)
    assert all(0 <= int(x) <= chart.width and 0 <= float(y) <= HEIGHT for x, y in points)


def test_a_line_breaks_where_nothing_was_measured() -> None:
    chart = LineChart(MinuteSeries(NOW, (1, 2)), MinuteSeries(NOW, (5, None, 10)))
    assert list(chart.lines) == ["5,50.0", "25,0.0"]


def test_a_line_of_another_day_is_not_drawn() -> None:
    later = MinuteSeries(NOW + timedelta(hours=7), (5, 6))
    assert LineChart(MinuteSeries(NOW, (1, 2)), later).shown is None
