"""Fixed, not fixed, can't tell yet: each rule of the proof by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.remediation.measurement import MeasurementPolicy
from shared.core.remediation.verdict import GatewayEvidence, judge_gateway
from shared.model.change import Outcome, Verdict
from shared.model.metric import Series
from shared.model.plan import Baseline
from shared.model.reading import MinuteSeries
from shared.model.text import Text
from tests.support.builders import BASELINE, at, series, window

TEN = range(10)
POLICY = MeasurementPolicy(3, 10, timedelta(hours=1))


def attempted(points: Mapping[int, float], state: str = "Attempted") -> Series:
    return series(points, connectionstate=state, protocol="6")


def every_minute(value: float) -> dict[int, float]:
    return dict.fromkeys(TEN, value)


HEALTHY = GatewayEvidence(
    window=window(0, 10),
    connections=(attempted(every_minute(900)), attempted(every_minute(0), "Failed")),
    datapath=(series(every_minute(100)),),
    drops=(series(every_minute(0)),),
    load_balancer=(series({0: 20}),),
)


def judge(evidence: GatewayEvidence, before: Baseline = BASELINE) -> Outcome:
    return judge_gateway(evidence, before, POLICY)


def test_fixed_when_traffic_flows_through_the_gateway_and_none_fails() -> None:
    outcome = judge(HEALTHY)
    assert outcome.verdict == Verdict.FIXED
    assert outcome.reason == "no failed connection in 10 measured minutes with 9,000 attempted on the NAT gateway"
    assert outcome.figures == (
        "NAT gateway: 9,000 new connections attempted in 10 measured minutes (900 a minute), 0 failed",
        "load balancer before: 1,000 successful a minute; now 2 a minute",
        "data path availability: 100.0 %",
        "dropped packets: 0",
    )


def test_an_absent_failed_series_is_as_good_as_zeros() -> None:
    assert judge(replace(HEALTHY, connections=HEALTHY.connections[:1])) == judge(HEALTHY)


def test_protocols_are_added_up() -> None:
    half = attempted(every_minute(130))
    assert judge(replace(HEALTHY, connections=(half,))).verdict == Verdict.CANT_TELL
    assert judge(replace(HEALTHY, connections=(half, half))).verdict == Verdict.FIXED


@pytest.mark.parametrize("state", ["Failed", "failed", "FAILED"])
def test_one_failed_connection_on_the_gateway_is_not_fixed(state: str) -> None:
    outcome = judge(replace(HEALTHY, connections=(HEALTHY.connections[0], attempted({3: 1}, state))))
    assert outcome.verdict == Verdict.NOT_FIXED
    assert outcome.reason == "1 connection failed on the NAT gateway itself"


def test_a_data_path_below_ninety_percent_on_average_is_not_fixed() -> None:
    assert judge(replace(HEALTHY, datapath=(series(every_minute(89.9)),))).verdict == Verdict.NOT_FIXED
    assert judge(replace(HEALTHY, datapath=(series({**every_minute(100), 0: 0}),))).verdict == Verdict.FIXED
    assert judge(replace(HEALTHY, datapath=(series(every_minute(90)),))).verdict == Verdict.FIXED


def test_too_few_measured_minutes_cannot_tell_yet() -> None:
    outcome = judge(replace(HEALTHY, connections=(attempted(dict.fromkeys(range(9), 900.0)),)))
    assert outcome.verdict == Verdict.CANT_TELL
    assert outcome.reason == "9 of 10 minutes measured on the NAT gateway so far"


def test_minutes_outside_the_window_prove_nothing() -> None:
    outside = attempted({**dict.fromkeys(range(9), 900.0), 10: 900.0, -1: 900.0})
    assert judge(replace(HEALTHY, connections=(outside,))).verdict == Verdict.CANT_TELL


def test_no_point_at_all_cannot_tell_yet() -> None:
    nothing = replace(HEALTHY, connections=(), datapath=(), drops=(), load_balancer=())
    outcome = judge(nothing)
    assert outcome.verdict == Verdict.CANT_TELL
    assert "data path availability: no data" in outcome.figures


def test_health_checks_alone_are_no_traffic() -> None:
    small = replace(BASELINE, successful_per_minute=20, attempted_per_minute=20)
    quiet = replace(HEALTHY, connections=(attempted(every_minute(100)),), load_balancer=())
    outcome = judge(quiet, small)
    assert outcome.verdict == Verdict.CANT_TELL
    assert outcome.reason == "100 new connections a minute on the NAT gateway; at least 100 are needed to tell"
    assert judge(replace(quiet, connections=(attempted(every_minute(101)),)), small).verdict == Verdict.FIXED


def test_less_than_a_quarter_of_the_former_traffic_cannot_tell_yet() -> None:
    assert judge(replace(HEALTHY, connections=(attempted(every_minute(249)),))).verdict == Verdict.CANT_TELL
    assert judge(replace(HEALTHY, connections=(attempted(every_minute(250)),))).verdict == Verdict.FIXED


def test_traffic_that_still_leaves_through_the_load_balancer_cannot_tell_yet() -> None:
    outcome = judge(replace(HEALTHY, load_balancer=(series(every_minute(55)),)))
    assert outcome.verdict == Verdict.CANT_TELL
    assert "still leave through the load balancer" in outcome.reason
    assert judge(replace(HEALTHY, load_balancer=(series(every_minute(54)),))).verdict == Verdict.FIXED


def test_where_nothing_was_measured_before_nothing_may_be_left_on_the_load_balancer() -> None:
    unknown = replace(BASELINE, successful_per_minute=0, attempted_per_minute=0)
    assert judge(replace(HEALTHY, load_balancer=(series({0: 0.5}),)), unknown).verdict == Verdict.CANT_TELL
    assert judge(replace(HEALTHY, load_balancer=()), unknown).verdict == Verdict.FIXED


def test_an_unmeasured_data_path_cannot_tell_yet() -> None:
    outcome = judge(replace(HEALTHY, datapath=()))
    assert outcome.verdict == Verdict.CANT_TELL
    assert "data path" in outcome.reason


def test_dropped_packets_are_shown_and_not_held_against_it_alone() -> None:
    outcome = judge(replace(HEALTHY, drops=(series(every_minute(12)),)))
    assert outcome.verdict == Verdict.FIXED
    assert "dropped packets: 120" in outcome.figures


@given(
    st.lists(st.integers(0, 5_000), min_size=10, max_size=10),
    st.floats(0, 10_000),
    st.floats(0, 100),
    st.floats(0, 2_000),
)
def test_what_is_fixed_per_minute_is_fixed_too_if_the_count_were_per_second(
    counts: list[int], before: float, datapath: float, left: float
) -> None:
    """A count per second would stand for sixty times as many connections in each minute."""
    baseline = replace(BASELINE, successful_per_minute=before, attempted_per_minute=before)
    evidence = replace(
        HEALTHY,
        connections=(attempted(dict(enumerate(counts))),),
        datapath=(series(every_minute(datapath)),),
        load_balancer=(series(every_minute(left)),),
    )
    if judge(evidence, baseline).verdict == Verdict.FIXED:
        per_second = attempted({minute: 60 * count for minute, count in enumerate(counts)})
        assert judge(replace(evidence, connections=(per_second,)), baseline).verdict == Verdict.FIXED
        assert sum(counts) / 10 > 100
        assert sum(counts) / 10 >= 0.25 * before


def test_without_a_baseline_it_is_never_fixed_but_a_failure_still_shows() -> None:
    unmeasured = judge_gateway(HEALTHY, None, POLICY)
    assert unmeasured.verdict == Verdict.CANT_TELL
    assert "could not be measured" in unmeasured.reason
    assert "before: not measured" in unmeasured.figures
    failing = replace(HEALTHY, connections=(attempted(every_minute(900)), attempted({3: 4}, "Failed")))
    found = judge_gateway(failing, None, POLICY)
    assert found.verdict == Verdict.NOT_FIXED


def test_a_gateway_that_was_there_is_held_against_its_own_figures() -> None:
    before = replace(BASELINE, successful_per_minute=4_000, is_of_gateway=True)
    found = judge(HEALTHY, before)
    assert found.verdict == Verdict.CANT_TELL, "900 a minute are less than a quarter of 4,000"
    assert "NAT gateway before: 4,000 successful a minute" in found.figures


def test_a_failure_on_the_load_balancer_is_not_fixed_whoever_had_it() -> None:
    left = (series({3: 2}, connectionstate="Failed", backendipaddress="10.99.0.4"),)
    found = judge(replace(HEALTHY, load_balancer=left, left_behind=Text("2 of 10.99.0.4")))
    assert found.verdict == Verdict.NOT_FIXED
    assert found.reason == "2 connections still failed on the load balancer"
    assert found.advice == ("2 of 10.99.0.4",)


def test_a_node_that_the_plan_did_not_move_and_still_leaves_there_can_t_be_told_yet() -> None:
    found = judge(replace(HEALTHY, left_behind=Text("3 new connections a minute are of 10.99.0.4")))
    assert (found.verdict, found.reason) == (Verdict.CANT_TELL, "3 new connections a minute are of 10.99.0.4")


def test_failures_are_said_as_a_share() -> None:
    failing = replace(HEALTHY, connections=(*HEALTHY.connections[:1], attempted({3: 9}, "Failed")))
    assert judge(failing).figures[0].endswith("9 failed (0.1\u00a0%)")


def test_the_gateways_line_is_kept_minute_by_minute_for_the_message() -> None:
    two = replace(HEALTHY, connections=(*HEALTHY.connections, attempted({3: 100})))
    assert judge(two).attempted == MinuteSeries(at(0), (900, 900, 900, 1000, *[900] * 6)), "protocols are added up"
    assert judge(replace(HEALTHY, connections=())).attempted is None
