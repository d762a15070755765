"""When ports and NAT gateways are due, over which minutes, and that no minute is left out or read twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.detection.schedule import FOR_PORTS, MOST_PARTS, ScanSchedule, ScanScope, complete_window, ports_after
from shared.model.fleet import PortRound
from shared.model.metric import MINUTE, Window
from tests.support.builders import at, window

SCHEDULE = ScanSchedule(ingestion_lag_minutes=3, window_minutes=5, ports_every=timedelta(minutes=5))


def scope(minute: int, ports_until: datetime | None) -> ScanScope:
    return SCHEDULE.scope(at(minute), ports_until, frozenset({"a"}))


def test_the_window_is_whole_minutes_old_enough_to_be_complete() -> None:
    found = complete_window(at(10) + timedelta(seconds=59, microseconds=5), ingestion_lag_minutes=3, window_minutes=5)
    assert found == window(2, 7)
    assert complete_window(at(10), 0, 1) == window(9, 10)


def test_the_first_scan_reads_ports_and_gateways() -> None:
    assert scope(10, None) == ScanScope(window(2, 7), window(2, 7), window(-8, 7), frozenset({"a"}))


@pytest.mark.parametrize("minute", [10, 11, 14])
def test_ports_are_left_out_until_they_are_due_again(minute: int) -> None:
    found = scope(minute, at(7))
    assert (found.ports, found.gateways, found.in_trouble) == (None, None, frozenset({"a"}))


def test_ports_go_on_where_the_last_scan_ended_but_at_most_an_hour_back() -> None:
    assert scope(17, at(7)).ports == window(7, 14)
    assert scope(500, at(7)).ports == window(437, 497)


def test_ports_read_by_a_worker_whose_clock_was_ahead_are_read_again() -> None:
    assert scope(10, at(11)).ports == window(2, 7)


def test_a_scan_on_demand_reads_everything() -> None:
    assert SCHEDULE.full_scope(at(10)) == ScanScope(window(2, 7), window(2, 7), window(-8, 7))
    assert SCHEDULE.full_scope(at(10), 30).ports == window(-23, 7)


@given(st.lists(st.integers(1, 20), min_size=2, max_size=40), st.integers(1, 15))
def test_no_minute_of_ports_is_left_out_or_read_twice(gaps: list[int], every: int) -> None:
    schedule = ScanSchedule(3, 5, every * MINUTE)
    now, until, windows = at(0), None, list[Window]()
    for gap in gaps:
        now += gap * MINUTE
        found = schedule.scope(now, until, frozenset()).ports
        if found is not None:
            windows.append(found)
            until = found.end
    assert windows
    assert all(before.end == after.start for before, after in pairwise(windows))


@pytest.mark.parametrize(
    ("parts", "used", "next_parts"), [(1, 0.69, 1), (1, 0.7, 2), (2, 1.0, 4), (4, 0.5, 4), (4, 0.2, 2), (1, 0.1, 1)]
)
def test_a_slow_scan_splits_ports_and_a_fast_round_puts_parts_together(
    parts: int, used: float, next_parts: int
) -> None:
    last = SCHEDULE.scope(at(10), None, frozenset(), PortRound(parts, parts - 1, at(6)))
    assert ports_after(last, None, used)[1].parts == next_parts


def test_a_round_that_was_too_slow_begins_again_from_the_same_minute() -> None:
    late = SCHEDULE.scope(at(17), at(7), frozenset(), PortRound(2, 1, at(12)))
    assert ports_after(late, None, 1.0) == (at(7), PortRound(4))
    slowest = SCHEDULE.scope(at(17), at(7), frozenset(), PortRound(MOST_PARTS, MOST_PARTS - 1, at(12)))
    assert ports_after(slowest, at(7), 1.0) == (at(12), PortRound(MOST_PARTS)), "or it would never end"


def test_gateways_are_read_once_a_round() -> None:
    scopes = [SCHEDULE.scope(at(17), at(7), frozenset(), PortRound(2, part, at(12))) for part in (0, 1)]
    assert [found.gateways is not None for found in scopes] == [True, False]


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 1)), min_size=3, max_size=60))
def test_each_load_balancer_is_read_without_a_gap_in_however_many_parts(ticks: list[tuple[int, float]]) -> None:
    now, until, port_round = at(0), None, PortRound()
    read: dict[str, list[Window]] = {f"/lb/{number}": [] for number in range(20)}
    for gap, used in ticks:
        now += gap * MINUTE
        found = SCHEDULE.scope(now, until, frozenset(), port_round)
        if used < FOR_PORTS and found.ports is not None:
            for key in filter(found.has_due_ports, read):
                read[key].append(found.ports)
        until, port_round = ports_after(found, until, used)
        if port_round.parts > 8:
            break  # a round may take longer than the longest window
    for windows in read.values():
        assert all(after.start <= before.end for before, after in pairwise(windows))
