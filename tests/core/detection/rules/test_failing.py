"""Failing connections: when they are critical."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.rules.failing import snat_failing
from shared.core.detection.thresholds import Thresholds
from shared.model.finding import Severity
from shared.model.reading import Measured, NodeFailures
from tests.support.builders import (
    at,
    window,
)

USUAL = Thresholds()


def measured(failed: int, successful: int, nodes: int = 1, **changed: object) -> Measured:
    failing = tuple(NodeFailures(f"10.0.0.{number}", 1, 1, 1, at(1), at(1)) for number in range(nodes))
    usual = Measured(window(), 5, failed, successful, failing, failed_minutes=(at(1),))
    return replace(usual, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "severity"),
    [
        (measured(1, 999_999), Severity.FAILING),
        (measured(9, 91), Severity.FAILING),
        (measured(10, 90), Severity.CRITICAL),
        (measured(1, 999, nodes=5), Severity.FAILING),
        (measured(1, 999, nodes=6), Severity.CRITICAL),
        (measured(1, 999, failing_since=at(-25), trend="rising"), Severity.CRITICAL),
        (measured(1, 999, failing_since=at(-24), trend="rising"), Severity.FAILING),
        (measured(1, 999, failing_since=at(-90), trend="steady"), Severity.FAILING),
    ],
)
def test_share_spread_and_a_long_rise_make_a_failure_critical(reading: Measured, severity: Severity) -> None:
    finding = snat_failing(reading, 12, USUAL)
    assert finding is not None
    assert finding.severity is severity


def test_a_single_node_that_fails_is_not_half_of_a_cluster_of_one() -> None:
    finding = snat_failing(measured(1, 999, nodes=1), 1, USUAL)
    assert finding is not None
    assert finding.severity is Severity.FAILING
