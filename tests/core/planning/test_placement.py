"""Backends that no list and no subnet knows: when they count, and when they are only passing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.planning.placement import unplaced_ips, unplaced_members
from shared.core.planning.preflight.subnets import outbound_pool
from shared.model.check import CheckResult
from shared.model.metric import MetricAnswer, Series
from shared.model.resource_id import NO_ID, ArmId
from tests.support.builders import (
    SYSTEM_SUBNET,
    USER_SUBNET,
    answer,
    facts,
    load_balancer,
    nic_configuration,
    node,
    port_series,
    series,
    window,
)

SCALE_SET = nic_configuration(0).partition("/virtualMachines/")[0]
IN_RANGE, ELSEWHERE = "10.224.7.7", "10.99.0.4"
PORTS = port_series(IN_RANGE, dict.fromkeys(range(5), 1_024.0))


def connections(ip: str, *minutes: int, state: str = "Successful") -> Series:
    return series(dict.fromkeys(minutes, 5.0), backendipaddress=ip, connectionstate=state)


@pytest.mark.parametrize(
    ("found", "allocated", "expected"),
    [
        ([connections(ELSEWHERE, 0, 2)], [PORTS], (ELSEWHERE,)),
        ([connections(ELSEWHERE, 0, 2, state="Failed")], [PORTS], (ELSEWHERE,)),
        ([], [PORTS, port_series(ELSEWHERE, {0: 64.0, 4: 64.0})], (ELSEWHERE,)),
        ([connections(ELSEWHERE, 3, 4)], [PORTS], ()),  # seen for a moment only
        ([connections(IN_RANGE, 0, 2)], [PORTS], ()),  # nobody lists it, but its subnet is known
        ([series({0: 0.0, 4: 0.0}, backendipaddress=ELSEWHERE)], [PORTS], ()),
        ([], [PORTS, port_series(ELSEWHERE, {0: 64.0, 4: 64.0}, draining="True")], ()),  # it is leaving
        ([connections("", 0, 4)], [PORTS], ("",)),  # of a backend that the answer doesn't name
        ([connections(ELSEWHERE, 0, 4)], [], None),  # no ports at all: the answer is not whole
    ],
)
def test_a_backend_counts_with_traffic_or_ports_two_minutes_apart(
    found: list[Series], allocated: list[Series], expected: tuple[str, ...] | None
) -> None:
    assert unplaced_ips(facts(), window(), answer(*found), answer(*allocated)) == expected


def test_an_answer_that_was_cut_tells_nothing() -> None:
    cut = MetricAnswer((PORTS,), is_truncated=True)
    assert unplaced_ips(facts(), window(), answer(), cut) is None
    assert unplaced_ips(facts(), window(), cut, answer(PORTS)) is None


def test_a_member_is_placed_by_its_interface_else_by_its_scale_set_s_model() -> None:
    members = (ArmId(nic_configuration(0)), ArmId(nic_configuration(1)), ArmId(nic_configuration(8)))
    of = facts(load_balancer=load_balancer(outbound_ip_configuration_ids=members))
    assert unplaced_members(of) == members[2:], "no interface of it was listed"
    assert unplaced_members(replace(of, scale_set_subnets={ArmId(SCALE_SET.upper()): USER_SUBNET})) == ()
    elsewhere = ArmId(f"{SYSTEM_SUBNET}-2")
    assert unplaced_members(replace(of, scale_set_subnets={ArmId(SCALE_SET): elsewhere})) == members[2:]
    assert unplaced_members(replace(of, load_balancer=None)) == ()


@pytest.mark.parametrize(
    ("ips", "result", "words"),
    [
        ((), CheckResult.WARN, "neither connections nor ports"),
        ((ELSEWHERE,), CheckResult.BLOCK, ELSEWHERE),
        (("",), CheckResult.BLOCK, "a node without address"),
        (None, CheckResult.COULD_NOT_CHECK, "could not be measured"),
    ],
)
def test_an_unplaced_member_blocks_only_with_traffic_or_where_that_is_unknown(
    ips: tuple[str, ...] | None, result: CheckResult, words: str
) -> None:
    member = ArmId(nic_configuration(8))
    hidden = facts(
        nodes=(node(0), replace(node(8), subnet_id=NO_ID)),
        load_balancer=load_balancer(outbound_ip_configuration_ids=(ArmId(nic_configuration(0)), member)),
        unplaced_ips=ips,
    )
    check = outbound_pool(hidden)
    assert check.result is result
    assert words in check.message


def test_a_backend_is_gone_once_every_member_is_placed() -> None:
    """Metrics show it for some minutes more. A pool that lists nobody says nothing about who is gone."""
    check = outbound_pool(facts(unplaced_ips=(ELSEWHERE,)))
    assert check.result is CheckResult.WARN
    assert "gone" in check.message
    unlisted = facts(unplaced_ips=(ELSEWHERE,), load_balancer=load_balancer(outbound_ip_configuration_ids=()))
    assert outbound_pool(unlisted).result is CheckResult.BLOCK
