"""From a NAT gateway's series to a reading."""

from __future__ import annotations

from shared.core.detection.nat_gateway import read_gateway
from shared.core.detection.rules.nat_gateway import nat_gateway_failing
from shared.core.detection.thresholds import Thresholds
from shared.model.fleet import WatchedGateway
from shared.model.reading import Idle, Unmeasured
from shared.model.resource_id import ArmId
from tests.support.builders import (
    NETWORK,
    USER_SUBNET,
    answer,
    by_state,
    series,
    window,
)

USUAL = Thresholds()
GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 2, (USER_SUBNET,))


def test_a_quiet_gateway_is_idle_when_its_data_path_reports_and_not_measured_otherwise() -> None:
    nothing = answer()
    assert read_gateway("ng", window(), nothing, answer(series({1: 100}))) == Idle(window())
    assert isinstance(read_gateway("ng", window(), nothing, nothing), Unmeasured)
    healthy = read_gateway("ng", window(), by_state(Attempted={0: 9}), None)
    assert nat_gateway_failing(GATEWAY, healthy) is None
