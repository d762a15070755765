"""Exhaustion is predicted where a line describes the use well, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from shared.core.detection.rules.exhaustion import exhaustion_ahead
from shared.core.detection.thresholds import Thresholds
from shared.model.finding import Severity
from shared.model.ports import PortHistory
from tests.support.builders import (
    at,
    port_reading,
)

USUAL = Thresholds()
NOISE = random.Random(7)


def history(values: Sequence[float], ip: str = "10.0.0.0") -> PortHistory:
    return PortHistory(ip, "tcp", tuple((at(number), value) for number, value in enumerate(values)))


def test_a_steady_leak_is_foretold() -> None:
    finding = exhaustion_ahead(port_reading((724.0, 1024.0)), [history([424 + 10.0 * one for one in range(31)])], USUAL)
    assert finding is not None
    assert "runs out of TCP ports in about 30 minutes" in finding.evidence
    assert finding.severity is Severity.WARNING


def test_a_fast_leak_is_foretold_by_its_last_minutes() -> None:
    values = [60.0] * 45 + [60 + 30.0 * one for one in range(1, 12)]
    finding = exhaustion_ahead(port_reading((values[-1], 1024.0)), [history(values)], USUAL)
    assert finding is not None
    assert "in about 21 minutes" in finding.evidence
    assert "30.0 more a minute over the last 9 minutes" in finding.evidence


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ([60.0] * 5 + [60 + 30.0 * one for one in range(1, 6)], "a burst of five minutes is no line"),
        ([400.0, 430, 460, 490, 500, 505, 507, 508, 508, 508], "it has come to rest"),
        ([400 + 10.0 * one for one in range(10)], "too little of its ports"),
        ([60 + 30.0 * one for one in range(9)], "too short"),
        ([100 + 18.0 * one for one in range(10)], "too far ahead"),
    ],
)
def test_a_short_climb_that_does_not_deserve_it_is_not_extended(last: list[float], why: str) -> None:
    values = [last[0]] * 30 + last if why != "too short" else last
    assert exhaustion_ahead(port_reading((max(values), 1024.0)), [history(values)], USUAL) is None, why


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([700 + 10.0 * one for one in range(12)], "too short"),
        ([900.0] * 31, "flat"),
        ([900 - 5.0 * one for one in range(31)], "falling"),
        ([600 + NOISE.uniform(-200, 200) for _ in range(31)], "noise"),
        ([600.0] * 28 + [950, 970, 990], "a burst"),
        ([800 + 1.0 * one for one in range(31)], "a rise of less than a tenth"),
        ([500 + 4.0 * one for one in range(31)], "further away than an hour"),
    ],
)
def test_nothing_is_foretold_where_a_line_does_not_deserve_it(values: list[float], why: str) -> None:
    assert exhaustion_ahead(port_reading((values[-1], 1024.0)), [history(values)], USUAL) is None, why


def test_a_line_through_a_few_points_far_apart_says_nothing() -> None:
    """Two points always lie on a line."""
    sparse = PortHistory("10.0.0.0", "tcp", ((at(0), 400.0), (at(30), 724.0)))
    assert exhaustion_ahead(port_reading((724.0, 1024.0)), [sparse], USUAL) is None


def test_the_soonest_of_several_is_told_and_nodes_without_figures_are_left_alone() -> None:
    slow, fast = [424 + 10.0 * one for one in range(31)], [124 + 20.0 * one for one in range(31)]
    histories = [history(slow), history(fast, "10.0.0.1"), history(fast, "10.9.9.9")]
    finding = exhaustion_ahead(port_reading((724.0, 1024.0), (724.0, 1024.0)), histories, USUAL)
    assert finding is not None
    assert "about 15 minutes" in finding.evidence
    assert "1 other within 60 minutes" in finding.evidence
    assert len(finding.ports) == 2
