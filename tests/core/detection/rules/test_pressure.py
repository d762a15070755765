"""Port pressure: two thresholds, held per node."""

from __future__ import annotations

import math

import pytest

from shared.core.detection.rules.pressure import port_pressure
from shared.core.detection.thresholds import Thresholds
from shared.model.finding import Severity
from shared.model.ports import NodePorts
from tests.support.builders import (
    at,
    port_reading,
)

USUAL = Thresholds()


@pytest.mark.parametrize(
    ("used", "severity"),
    [(767, None), (768, Severity.WARNING), (921, Severity.WARNING), (922, Severity.HIGH), (1024, Severity.HIGH)],
)
def test_port_pressure_has_two_thresholds(used: float, severity: Severity | None) -> None:
    finding = port_pressure(port_reading((used, 1024.0), (512.0, 1024.0)), USUAL)
    assert (finding.severity if finding else None) is severity


def test_one_hot_node_is_not_hidden_by_the_mean() -> None:
    finding = port_pressure(port_reading(*[(10.0, 1024.0)] * 49, (1000.0, 1024.0)), USUAL)
    assert finding is not None
    assert [one.ip for one in finding.ports] == ["10.0.0.49"]
    assert finding.evidence.startswith("1 node had 75 % or more")


def test_shares_of_nothing_say_nothing() -> None:
    assert NodePorts("10.0.0.4", "tcp", 5, 0, at(0)).share == 0
    assert not math.isnan(NodePorts("10.0.0.4", "tcp", 0, 0, at(0)).share)
