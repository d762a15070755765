"""The gate after each subnet: whose traffic it is that speaks for a subnet, and what can't be told yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.remediation.gate import (
    SHARE_OF_OWN,
    Passage,
    TrafficBefore,
    left_behind,
    through_gateway,
    through_load_balancer,
)
from shared.core.subnet_ranges import SubnetRanges
from shared.model.metric import Series
from shared.model.plan import Baseline
from tests.support.builders import SYSTEM_SUBNET, USER_SUBNET, series, window

OPEN, SHUT, UNKNOWN = Passage.OPEN, Passage.SHUT, Passage.UNKNOWN


@pytest.mark.parametrize(
    ("now", "before", "own", "passage"),
    [
        (1_000, 0, 900, OPEN),
        (99, 0, 900, SHUT),  # no more than platform checks make
        (200, 0, 900, SHUT),
        (5_000, 5_000, 900, SHUT),  # the first subnet's traffic does not speak for the second
        (5_100, 5_000, 900, SHUT),
        (5_300, 5_000, 900, OPEN),
        (4_900, 5_000, 900, SHUT),
        (0, 0, 90, UNKNOWN),  # too little before to tell by it
    ],
)
def test_a_subnet_shows_by_its_own_traffic(now: float, before: float, own: float, passage: Passage) -> None:
    evidence = through_gateway(TrafficBefore(own, 0), now=now, before=before, failed=0)
    assert evidence.passage is passage
    assert evidence.text


@pytest.mark.parametrize(("now", "passage"), [(0, SHUT), (140, SHUT), (260, OPEN)])
@pytest.mark.parametrize("unplaced", [600.0, float("inf")])
def test_traffic_that_may_have_been_the_subnet_s_is_not_taken_for_too_little(
    unplaced: float, now: float, passage: Passage
) -> None:
    evidence = through_gateway(TrafficBefore(0, unplaced), now=now, before=50, failed=0)
    assert evidence.passage is passage
    assert ("is not known" in evidence.text) == (passage is SHUT)


def test_what_no_subnet_had_is_held_against_each_subnet() -> None:
    baseline = Baseline(900, 1_000, {USER_SUBNET: 250.0, SYSTEM_SUBNET: 50.0})
    assert TrafficBefore.of(baseline, SYSTEM_SUBNET) == TrafficBefore(50, 600)
    assert not TrafficBefore.of(None, SYSTEM_SUBNET).is_quiet, "not measured is not zero"


@pytest.mark.parametrize(
    ("now", "failed", "passage", "words"),
    [
        (9_000, 0, OPEN, "none failed"),
        (9_000, 90, OPEN, "90.0 a minute failed"),
        (9_000, 91, SHUT, "91.0 of 9,000.0 connections a minute failed on the NAT gateway"),
        (900, 9, OPEN, "9.0 a minute failed"),
        (900, 10, SHUT, "10.0 of 900.0"),
        (300, 3, OPEN, "3.0 a minute failed"),
        (20, 1, UNKNOWN, "1.0 a minute failed"),
        (20, 1.4, SHUT, "1.4 of 20.0"),
        (0, 5, SHUT, "5.0 of 0.0"),  # whether Azure counts failed ones among the attempted is not known
    ],
)
def test_single_failures_stop_nothing_and_are_said_as_a_rate(
    now: float, failed: float, passage: Passage, words: str
) -> None:
    had = TrafficBefore(0 if now < 100 else 200, 0)
    evidence = through_gateway(had, now=now, before=0, failed=failed)
    assert (evidence.passage, evidence.is_broken) == (passage, passage is SHUT)
    assert words in evidence.text


@given(before=st.floats(0, 1e6), own=st.floats(101, 1e6), noise=st.floats(-1, SHARE_OF_OWN * 0.99))
def test_dead_egress_is_not_passed_whatever_others_send(before: float, own: float, noise: float) -> None:
    """What others send may go up and down by less than the share that is asked for."""
    now = max(0.0, before + noise * own)
    assert through_gateway(TrafficBefore(own, 0), now=now, before=before, failed=0).passage is SHUT


def on_balancer(state: str, value: float, ip: str = "10.0.0.4") -> Series:
    return series(dict.fromkeys(range(3), value), backendipaddress=ip, connectionstate=state)


@pytest.mark.parametrize(
    ("found", "own", "passage", "is_broken"),
    [
        ([on_balancer("Successful", 300), on_balancer("Failed", 20)], 900, OPEN, False),
        ([on_balancer("Pending", 300)], 900, SHUT, False),
        ([on_balancer("Successful", 10), on_balancer("Failed", 300)], 900, SHUT, True),
        ([], 900, SHUT, False),
        ([], 50, UNKNOWN, False),
    ],
)
def test_on_the_way_back_the_nodes_own_connections_count(
    found: list[Series], own: float, passage: Passage, is_broken: bool
) -> None:
    evidence = through_load_balancer(found, window(0, 3), own)
    assert (evidence.passage, evidence.is_broken) == (passage, is_broken)


@pytest.mark.parametrize(("failing_before", "passage"), [(0.0, SHUT), (0.4, OPEN), (0.2, SHUT)])
def test_trouble_that_was_there_before_is_no_reason_to_stop_half_way_back(
    failing_before: float, passage: Passage
) -> None:
    found = [on_balancer("Successful", 40), on_balancer("Failed", 60)]
    evidence = through_load_balancer(found, window(0, 3), 900, failing_before)
    assert evidence.passage is passage


def test_what_could_not_be_measured_on_the_way_back_is_said() -> None:
    assert "could not be measured" in through_load_balancer([], window(0, 3), 5).text


def test_whoever_the_plan_does_not_move_and_still_leaves_by_the_load_balancer_is_named() -> None:
    moved = SubnetRanges([(USER_SUBNET, {"addressPrefix": "10.0.0.0/24"})])
    inside, silent = on_balancer("Failed", 9), on_balancer("Successful", 0, "10.9.0.4")
    assert left_behind([inside, silent], window(0, 3), moved) == ""
    outside = [on_balancer("Failed", 20, "10.9.0.5"), on_balancer("Successful", 30, "10.9.0.5")]
    assert left_behind([inside, silent, *outside], window(0, 3), moved) == (
        "50 new connections a minute through the load balancer are of 10.9.0.5, in no subnet of the plan"
    )
