"""Fewer ports than before: a warning for a day."""

from __future__ import annotations

from dataclasses import replace

from shared.core.detection.rules.allocation import allocation_drift, next_baseline
from shared.model.ports import AllocationBaseline
from tests.support.builders import (
    at,
    port_reading,
    window,
)


def test_fewer_ports_than_before_are_told_for_a_day_and_are_then_normal() -> None:
    first = port_reading(per_node=1024)
    assert allocation_drift(first, None) is None
    seen = next_baseline(first, None)
    lower = port_reading(per_node=512)
    finding = allocation_drift(lower, seen)
    assert finding is not None
    assert "512 SNAT ports each; they had 1,024" in finding.evidence
    seen = next_baseline(lower, seen)
    assert seen == AllocationBaseline(1024, at(5))
    later = replace(lower, window=replace(window(), start=at(2000), end=at(2005)))
    still = allocation_drift(later, seen)
    assert still is not None
    assert still.since == at(5)
    seen = next_baseline(later, seen)
    assert allocation_drift(later, seen) is None
    assert next_baseline(port_reading(per_node=None), seen) == seen
    assert next_baseline(port_reading(per_node=2048), AllocationBaseline(1024, at(5))) == AllocationBaseline(2048)
