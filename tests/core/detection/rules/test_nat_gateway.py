"""Failing, pressure and data path of NAT gateways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.detection.nat_gateway import read_gateway
from shared.core.detection.rules.nat_gateway import nat_gateway_datapath, nat_gateway_failing, nat_gateway_pressure
from shared.core.detection.thresholds import Thresholds
from shared.model.finding import Severity
from shared.model.fleet import WatchedGateway
from shared.model.resource_id import ArmId
from tests.support.builders import (
    NETWORK,
    USER_SUBNET,
    answer,
    at,
    by_state,
    series,
    window,
)

USUAL = Thresholds()
GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 2, (USER_SUBNET,))


def test_failed_connections_on_a_gateway_are_failing() -> None:
    reading = read_gateway("ng", window(), by_state(Attempted={0: 100, 1: 100}, Failed={1: 4}), None)
    finding = nat_gateway_failing(GATEWAY, reading)
    assert finding is not None
    assert (finding.severity, finding.since, finding.resource_id) == (Severity.FAILING, at(1), GATEWAY.id)
    assert finding.evidence.startswith("4 new outbound connections failed on NAT gateway ng in 1 of 2 measured minutes")


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=5, max_size=5))
def test_severity_is_the_same_whether_attempted_includes_failed_or_not(minutes: list[tuple[int, int]]) -> None:
    """``minutes``: successful and failed connections. No document says which of the two Azure counts."""
    failed = dict(enumerate(lost for _, lost in minutes))
    both = [
        read_gateway("ng", window(), by_state(Attempted=attempted, Failed=failed), None)
        for attempted in (dict(enumerate(map(sum, minutes))), dict(enumerate(good for good, _ in minutes)))
    ]
    with_failed, without = (nat_gateway_failing(GATEWAY, reading) for reading in both)
    assert (with_failed and with_failed.severity) is (without and without.severity)
    if min(failed.values()) >= 100:
        assert with_failed is not None
        assert with_failed.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("held", "severity"),
    [(90_316, None), (90_317, Severity.WARNING), (116_121, Severity.WARNING), (116_122, Severity.HIGH)],
)
def test_open_connections_are_held_against_the_public_ips(held: int, severity: Severity | None) -> None:
    finding = nat_gateway_pressure(GATEWAY, window(), answer(series({0: 5, 1: held})), USUAL)
    assert (finding.severity if finding else None) is severity


@pytest.mark.parametrize("count", [None, 0])
def test_capacity_that_is_not_known_is_not_guessed(count: int | None) -> None:
    gateway = replace(GATEWAY, public_ip_count=count)
    assert nat_gateway_pressure(gateway, window(), answer(series({0: 1e9})), USUAL) is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([100.0] * 15, False),
        ([90.0] * 15, False),
        ([89.0] * 15, True),
        ([100.0] * 12 + [0.0] * 3, True),
        ([100.0] * 14 + [0.0], False),
        ([0.0] * 9, False),
    ],
)
def test_the_data_path_is_judged_over_fifteen_minutes(values: list[float], told: bool) -> None:
    found = answer(series(dict(enumerate(values))))
    assert bool(nat_gateway_datapath(GATEWAY, window(0, 15), found, USUAL)) is told
