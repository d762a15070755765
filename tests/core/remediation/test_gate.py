"""The gate after each subnet: whose traffic it is that speaks for a subnet, and what can't be told yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.remediation.gate import SHARE_OF_OWN, GatewayRates, Passage, through_gateway, through_load_balancer
from shared.model.metric import Series
from tests.support.builders import series, window

BACKGROUND = 10.0
OPEN, NOT_YET, BROKEN = Passage.OPEN, Passage.NOT_YET, Passage.BROKEN


@pytest.mark.parametrize(
    ("now", "before", "own", "passage"),
    [
        (1_000, 0, 900, OPEN),
        (99, 0, 900, NOT_YET),  # no more than platform checks make
        (200, 0, 900, NOT_YET),
        (5_000, 5_000, 900, NOT_YET),  # the first subnet's traffic does not speak for the second
        (5_100, 5_000, 900, NOT_YET),
        (5_300, 5_000, 900, OPEN),
        (4_900, 5_000, 900, NOT_YET),
        (0, 0, 90, OPEN),  # too little before to tell by it
    ],
)
def test_a_subnet_shows_by_its_own_traffic(now: float, before: float, own: float, passage: Passage) -> None:
    view = through_gateway(GatewayRates(now, before, 0), own, BACKGROUND)
    assert view.passage is passage
    assert view.words


def test_a_failure_on_the_gateway_is_never_passed() -> None:
    view = through_gateway(GatewayRates(9_000, 0, 3), 900, BACKGROUND)
    assert (view.passage, view.words) == (BROKEN, "3 connections failed on the NAT gateway")


@given(before=st.floats(0, 1e6), own=st.floats(101, 1e6), noise=st.floats(-1, SHARE_OF_OWN * 0.99))
def test_dead_egress_is_not_passed_whatever_others_send(before: float, own: float, noise: float) -> None:
    """What others send may go up and down by less than the share that is asked for."""
    now = max(0.0, before + noise * own)
    assert through_gateway(GatewayRates(now, before, 0), own, BACKGROUND).passage is NOT_YET


def on_balancer(ip: str, state: str, value: float) -> Series:
    return series(dict.fromkeys(range(3), value), backendipaddress=ip, connectionstate=state)


OWN, OTHER = "10.0.0.4", "10.0.9.9"


@pytest.mark.parametrize(
    ("found", "own", "passage"),
    [
        ([on_balancer(OWN, "Successful", 300), on_balancer(OWN, "Failed", 20)], 900, OPEN),
        ([on_balancer(OTHER, "Successful", 300)], 900, NOT_YET),  # another subnet's nodes
        ([on_balancer(OWN, "Pending", 300)], 900, NOT_YET),
        ([on_balancer(OWN, "Successful", 10), on_balancer(OWN, "Failed", 300)], 900, BROKEN),
        ([], 900, NOT_YET),
        ([], 50, OPEN),
    ],
)
def test_on_the_way_back_the_nodes_own_connections_count(found: list[Series], own: float, passage: Passage) -> None:
    assert through_load_balancer(found, window(0, 3), {OWN}, own, BACKGROUND).passage is passage


@pytest.mark.parametrize(("failing_before", "passage"), [(0.0, BROKEN), (0.4, OPEN), (0.2, BROKEN)])
def test_trouble_that_was_there_before_is_no_reason_to_stop_half_way_back(
    failing_before: float, passage: Passage
) -> None:
    found = [on_balancer(OWN, "Successful", 40), on_balancer(OWN, "Failed", 60)]
    assert through_load_balancer(found, window(0, 3), {OWN}, 900, BACKGROUND, failing_before).passage is passage


def test_what_could_not_be_measured_on_the_way_back_is_said() -> None:
    assert "could not be measured" in through_load_balancer([], window(0, 3), set(), 900, BACKGROUND).words
    assert "could not be measured" in through_load_balancer([], window(0, 3), {OWN}, 5, BACKGROUND).words
