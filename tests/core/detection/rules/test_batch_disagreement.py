"""When a batch contradicts a single request, when a region is suspect, and when that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.detection.rules.batch_disagreement import compared_window, disagreement, is_confirmed, next_suspect
from shared.model.fleet import SuspectRegion
from shared.model.metric import MetricAnswer
from shared.model.text import Text
from tests.support.builders import START, answer, by_state, series, window

STATES = st.dictionaries(
    st.sampled_from(["Successful", "Failed"]), st.dictionaries(st.integers(-5, 9), st.integers(0, 9))
)


@given(STATES, st.randoms())
def test_a_zero_a_gap_and_another_case_are_no_disagreement(states: dict[str, dict[int, int]], random: Random) -> None:
    """Points outside of the compared minutes are none either: the newest come late."""
    thinned = {
        state.upper(): {minute: value for minute, value in points.items() if value or random.random() < 0.5}
        for state, points in states.items()
    }
    late = {**thinned, "FAILED": {**thinned.get("FAILED", {}), 5: 99, 9: 7, -1: 3}}
    assert disagreement(by_state(**late), by_state(**states), window()) == ""


@given(STATES, st.sampled_from(["Successful", "Failed"]), st.integers(0, 4), st.integers(1, 1000))
def test_any_other_number_is_a_disagreement(
    states: dict[str, dict[int, int]], state: str, minute: int, more: int
) -> None:
    of_state = states.get(state, {})
    other = {**states, state: {**of_state, minute: of_state.get(minute, 0) + more}}
    assert disagreement(by_state(**states), by_state(**other), window())
    assert disagreement(by_state(**other), by_state(**states), window())


def test_the_words_name_both_figures_and_the_minutes() -> None:
    alone = by_state(Successful={0: 1000, 1: 500, 2: 7})
    found = disagreement(by_state(Successful={2: 7}), alone, window())
    assert found == "a batch has 0 where a single request has 1,500, in 2 minutes from 10:00 to 10:01 UTC"


def test_averages_differ_by_more_than_rounding_and_unreadable_minutes_prove_nothing() -> None:
    thirds = answer(series({0: 1 / 3}, metric="UsedSnatPorts"))
    assert disagreement(thirds, answer(series({0: 0.33333334}, metric="UsedSnatPorts")), window()) == ""
    assert disagreement(thirds, answer(series({0: 0.0}, metric="UsedSnatPorts")), window())
    unknown = replace(thirds, unknown=frozenset({START}))
    assert disagreement(unknown, MetricAnswer(()), window()) == ""


def test_minutes_that_are_compared_are_at_least_ten_minutes_old() -> None:
    found = compared_window(START + timedelta(seconds=59))
    assert (found.end, found.minutes) == (START - timedelta(minutes=10), 10)


@pytest.mark.parametrize(
    ("samples", "suspect", "said"),
    [
        ("=", False, False),
        ("x", True, False),
        ("x=", True, False),
        ("x===", False, False),
        ("x==x", True, True),
        ("xx", True, True),
        ("xx==", True, True),
        ("xx===", False, False),
        ("xx===x", True, False),
    ],
)
def test_the_second_disagreement_is_said_and_three_agreements_end_it(samples: str, suspect: bool, said: bool) -> None:
    region: SuspectRegion | None = None
    for sample in samples:
        region = next_suspect(region, "UsedSnatPorts", Text("differs") if sample == "x" else Text(""), START)
    assert (region is not None, region is not None and is_confirmed(region)) == (suspect, said)
