"""What an hour of metrics says: totals, the baseline for the proof, and port use per node."""

from __future__ import annotations

import pytest

from shared.core.planning.sizing import PortUse
from shared.core.planning.usage import baseline, port_use, totals
from shared.core.subnet_ranges import SubnetRanges
from shared.model.load_balancer import Node
from shared.model.metric import MetricAnswer, Series
from shared.model.resource_id import ArmId
from tests.support.builders import answer, series, window

NOTHING = MetricAnswer(())
NOWHERE = SubnetRanges(())


def connections(state: str, ip: str, points: dict[int, float]) -> Series:
    return series(points, connectionstate=state, backendipaddress=ip)


def ports(ip: str, protocol: str, points: dict[int, float], draining: str = "False") -> Series:
    return series(points, backendipaddress=ip, protocoltype=protocol, isawaitingremoval=draining)


def test_totals_leave_out_pending_ones_and_other_minutes() -> None:
    found = answer(
        connections("FAILED", "10.0.0.4", {0: 3, 9: 99}),
        connections("Successful", "10.0.0.4", {0: 40, 1: 2}),
        connections("Pending", "10.0.0.4", {0: 7}),
    )
    assert totals(window(), found) == (3, 42)
    assert totals(window(), NOTHING) == (0, 0)


def test_the_baseline_is_a_rate_over_the_minutes_that_have_a_point() -> None:
    found = answer(
        connections("Failed", "10.0.0.4", {0: 10, 1: 10}),
        connections("Successful", "10.0.0.4", {0: 100, 1: 300}),
        connections("Successful", "10.0.0.5", {1: 60, 7: 999}),
        connections("Successful", "10.9.9.9", {1: 40}),
        connections("Pending", "10.0.0.5", {1: 9}),
    )
    nodes = (
        Node("b", "user", "10.0.0.5", subnet_id=ArmId("/Subnets/B")),
        Node("a", "user", "10.0.0.4", subnet_id=ArmId("/Subnets/A")),
    )
    before = baseline(window(), found, nodes, NOWHERE)
    assert before.successful_per_minute == 250
    assert before.attempted_per_minute == 260
    assert before.successful_by_subnet == {"/subnets/a": 200, "/subnets/b": 30}


def test_no_traffic_is_a_baseline_of_zero() -> None:
    before = baseline(window(), NOTHING, (), NOWHERE)
    assert (before.successful_per_minute, before.attempted_per_minute) == (0, 0)


def test_port_use_is_the_peak_minute_of_each_node_and_protocol() -> None:
    used = answer(ports("10.0.0.4", "TCP", {0: 10, 1: 700, 2: 30}), ports("10.0.0.4", "UDP", {2: 5}))
    allocated = answer(ports("10.0.0.4", "TCP", {0: 1024}), ports("10.0.0.5", "tcp", {0: 512}))
    assert port_use(window(), used, allocated) == (
        PortUse("10.0.0.4", tcp_peak=700, udp_peak=5, allocated=1024),
        PortUse("10.0.0.5", tcp_peak=0, udp_peak=0, allocated=512),
    )


@pytest.mark.parametrize("protocol", ["UDP", "udp", "17"])
def test_udp_is_known_by_name_and_by_number(protocol: str) -> None:
    found = port_use(window(), answer(ports("10.0.0.4", protocol, {0: 9})), NOTHING)
    assert found == (PortUse("10.0.0.4", tcp_peak=0, udp_peak=9, allocated=0),)


def test_frontends_add_up_within_a_minute_and_drained_ones_are_left_out() -> None:
    used = answer(
        ports("10.0.0.4", "TCP", {0: 300, 1: 100}),
        ports("10.0.0.4", "TCP", {0: 400, 1: 900}),
        ports("10.0.0.4", "TCP", {0: 5_000}, draining="TRUE"),
    )
    (found,) = port_use(window(), used, NOTHING) or ()
    assert found.tcp_peak == 1_000


def test_no_point_at_all_is_not_the_same_as_no_use() -> None:
    assert port_use(window(), NOTHING, NOTHING) is None
    assert port_use(window(), answer(ports("10.0.0.4", "TCP", {9: 1})), NOTHING) is None
    assert port_use(window(), answer(ports("10.0.0.4", "TCP", {0: 0})), NOTHING) is not None


def test_a_backend_that_no_list_has_counts_for_the_subnet_that_its_address_is_in() -> None:
    ranges = SubnetRanges([(ArmId("/subnets/a"), {"addressPrefix": "10.0.0.0/24"})])
    found = answer(
        connections("Successful", "10.0.0.4", {0: 100}),
        connections("Successful", "10.0.0.77", {0: 500}),
        connections("Successful", "10.9.9.9", {0: 40}),
    )
    nodes = [Node("n", "p", "10.0.0.4", subnet_id=ArmId("/subnets/a"))]
    assert baseline(window(), found, nodes, ranges).successful_by_subnet == {"/subnets/a": 600}
    assert baseline(window(), found, nodes, NOWHERE).successful_by_subnet == {"/subnets/a": 100}
