"""What the series of one load balancer amount to: measured, idle or not measured, and which nodes fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.load_balancer import count_by_minute, failing_since, read_load_balancer, with_nodes
from shared.model.load_balancer import Node, NodeList
from shared.model.metric import MetricAnswer
from shared.model.reading import Cause, DoesNotApply, Idle, Measured, MinuteSeries, Unmeasured
from shared.model.text import Text
from tests.support.builders import answer, at, by_state, failing, series, window

ALLOCATED = answer(series({0: 1024}))
NOTHING = MetricAnswer(())


def measured(by_states: MetricAnswer, start: int = 0, end: int = 5) -> Measured:
    reading = read_load_balancer(window(start, end), by_states, None)
    assert isinstance(reading, Measured)
    return reading


def test_failed_connections_are_counted_and_their_minutes_named() -> None:
    reading = measured(by_state(Failed={1: 3, 3: 4}, Successful={0: 10, 1: 10, 2: 10, 3: 10}))
    assert (reading.failed, reading.successful) == (7, 40)
    assert reading.failed_minutes == (at(1), at(3))
    assert reading.clean_minutes == (at(0), at(2))
    assert reading.measured_minutes == 4


@pytest.mark.parametrize("states", [("Failed", "Successful"), ("FAILED", "SUCCESSFUL"), ("failed", "successful")])
def test_states_are_compared_without_case(states: tuple[str, str]) -> None:
    reading = measured(by_state(**{states[0]: {0: 2}, states[1]: {0: 8}}))
    assert (reading.failed, reading.successful) == (2, 8)


def test_zeros_that_are_emitted_and_zeros_that_are_not_give_the_same_verdict() -> None:
    emitted = measured(by_state(Failed={0: 0, 1: 5, 2: 0}, Successful={0: 9, 1: 9, 2: 9}))
    not_emitted = measured(by_state(Failed={1: 5}, Successful={0: 9, 1: 9, 2: 9}))
    assert emitted == not_emitted
    healthy = measured(by_state(Failed={0: 0, 1: 0}, Successful={0: 9, 1: 9}))
    assert healthy == measured(by_state(Successful={0: 9, 1: 9}))
    assert failing(healthy) == ()


def test_a_zero_alone_makes_its_minute_measured() -> None:
    reading = measured(by_state(Failed={2: 0}))
    assert (reading.failed, reading.clean_minutes) == (0, (at(2),))


def test_a_state_nobody_has_heard_of_is_not_a_failure() -> None:
    reading = measured(by_state(TimedOut={0: 4}, Successful={0: 6}))
    assert (reading.failed, reading.successful) == (0, 10)
    assert failing(reading) == ()


def test_pending_connections_are_neither_failed_nor_successful_but_were_measured() -> None:
    reading = measured(by_state(Pending={0: 4}))
    assert (reading.failed, reading.successful, reading.measured_minutes) == (0, 0, 1)


def test_sparse_points_leave_the_other_minutes_unjudged() -> None:
    reading = measured(by_state(Successful={0: 1, 4: 1}))
    assert reading.clean_minutes == (at(0), at(4))
    assert reading.measured_minutes == 2


def test_points_from_the_future_and_from_before_the_window_do_not_count() -> None:
    reading = measured(by_state(Failed={-1: 9, 5: 9, 60: 9}, Successful={2: 1}))
    assert (reading.failed, reading.measured_minutes) == (0, 1)
    assert isinstance(read_load_balancer(window(), by_state(Failed={5: 9}), NOTHING), Unmeasured)


def test_two_series_of_one_state_count_their_minutes_once() -> None:
    """As when a load balancer has two frontends, or a service answers a series twice."""
    twice = answer(series({0: 2, 1: 2}, connectionstate="Failed"), series({0: 3}, connectionstate="failed"))
    reading = measured(twice)
    assert reading.failed == 7
    assert reading.failed_minutes == (at(0), at(1))
    assert reading.measured_minutes == 2


def test_no_connection_at_all_with_ports_allocated_is_idle() -> None:
    assert read_load_balancer(window(), NOTHING, ALLOCATED) == Idle(window())
    assert read_load_balancer(window(), answer(series({}, connectionstate="Failed")), ALLOCATED) == Idle(window())


def test_points_that_are_all_older_than_the_window_say_how_late_metrics_arrive() -> None:
    reading = read_load_balancer(window(10, 15), NOTHING, answer(series({6: 1024, 7: 1024})))
    assert isinstance(reading, Unmeasured)
    assert reading.cause is Cause.LATE
    assert "newest point of AllocatedSnatPorts is of 10:07 UTC, 7 minutes before" in reading.reason
    assert reading.remedy == "if this lasts, raise INGESTION_LAG_MINUTES by 7"
    judged_later = read_load_balancer(window(3, 8), NOTHING, answer(series({6: 1024, 7: 1024})))
    assert isinstance(judged_later, Idle), "and that would have helped"


@pytest.mark.parametrize("allocated", [None, NOTHING, answer(series({})), answer(series({9: 1024}))])
def test_no_point_of_anything_is_not_measured_and_says_for_when(allocated: MetricAnswer | None) -> None:
    reading = read_load_balancer(window(), NOTHING, allocated)
    assert isinstance(reading, Unmeasured)
    assert "between 10:00 and 10:05 UTC" in reading.reason
    assert reading.remedy


def test_a_truncated_answer_says_so() -> None:
    cut = MetricAnswer(by_state(Failed={0: 1}).series, is_truncated=True)
    assert measured(cut).is_truncated
    whole = measured(by_state(Failed={0: 1}))
    assert not whole.is_truncated
    assert with_nodes(whole, MetricAnswer((), is_truncated=True), NodeList()).is_truncated


def test_failing_nodes_are_named_worst_first_and_healthy_ones_left_out() -> None:
    by_backend = answer(
        series({0: 1, 2: 2}, connectionstate="Failed", backendipaddress="10.0.0.4"),
        series({0: 50}, connectionstate="Successful", backendipaddress="10.0.0.4"),
        series({1: 9}, connectionstate="FAILED", backendipaddress="10.0.0.5"),
        series({1: 0}, connectionstate="Failed", backendipaddress="10.0.0.6"),
        series({1: 70}, connectionstate="Successful", backendipaddress="10.0.0.6"),
        series({7: 70}, connectionstate="Failed", backendipaddress="10.0.0.7"),
    )
    nodes = (Node("vmss000000", "user", "10.0.0.4"), Node("vmss000002", "user", "10.0.0.6"))
    reading = with_nodes(measured(by_state(Failed={0: 1, 1: 9, 2: 2})), by_backend, NodeList(nodes))
    worst, other = reading.nodes
    assert (worst.ip, worst.failed, worst.name, worst.is_gone) == ("10.0.0.5", 9, "", False)
    assert (other.name, other.pool, other.failed, other.successful) == ("vmss000000", "user", 3, 50)
    assert (other.failed_minutes, other.first_failed_at, other.last_failed_at) == (2, at(0), at(2))


@pytest.mark.parametrize("value", [0.2, 0.5, 1e-9])
def test_a_failure_too_small_to_round_up_is_still_a_failure(value: float) -> None:
    reading = measured(by_state(Failed={1: value}))
    assert reading.failed == 1
    (finding,) = failing(reading)
    assert finding.since == at(1)


@pytest.mark.parametrize("reading", [Idle(window()), Unmeasured(Text("no answer")), DoesNotApply(Text("NAT gateway"))])
def test_what_was_not_measured_has_no_finding(reading: Idle | Unmeasured | DoesNotApply) -> None:
    assert failing(reading) == ()


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after its start"):
        window(5, 5)


def test_a_streak_of_failures_began_before_the_window_and_survives_short_pauses() -> None:
    reading = measured(by_state(Failed={62: 1, 63: 2}), 60, 65)
    history = by_state(failed={0: 9, 38: 1, 39: 4, 45: 1, 55: 1, 63: 2, 70: 5}, Successful={30: 9})
    assert failing_since(reading, history) == at(38)


def test_a_streak_without_history_begins_in_the_window() -> None:
    assert failing_since(measured(by_state(Failed={2: 1, 4: 1})), NOTHING) == at(2)
    assert failing_since(measured(by_state(Successful={2: 1})), NOTHING) is None


def test_a_finding_says_since_when_the_streak_goes() -> None:
    reading = replace(measured(by_state(Failed={2: 1})), failing_since=at(-20))
    (finding,) = failing(reading)
    assert finding.since == at(-20)


def test_the_hour_before_is_counted_minute_by_minute_and_what_was_not_measured_stays_unknown() -> None:
    found = by_state(Failed={-60: 9, 0: 2, 3: 0.2}, Successful={0: 5, 2: 5, 3: 5, 4: 5, 5: 1})
    counted = count_by_minute(found, at(5))
    assert counted == MinuteSeries(at(0), (2, None, 0, 1, 0)), "an absent Failed of a measured minute is zero"
    assert (counted.end, counted.known) == (at(5), (2, 0, 1, 0))
    assert count_by_minute(found, at(5), "successful") == MinuteSeries(at(0), (5, None, 5, 5, 5))


def test_an_hour_without_any_point_is_no_line() -> None:
    assert count_by_minute(by_state(Failed={-90: 4}), at(5)) is None


def test_no_more_than_an_hour_is_counted() -> None:
    counted = count_by_minute(by_state(Failed=dict.fromkeys(range(-120, 0), 1)), at(0))
    assert counted == MinuteSeries(at(-60), (1,) * 60)
