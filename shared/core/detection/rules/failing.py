"""Connections fail: any failed SNAT connection of any node in the assessed window.

It must be zero: Microsoft defines SNAT exhaustion as a failed count above zero (Azure docs:
load-balancer-standard-diagnostics). It is critical if the share of failed connections reaches
``critical_share_percent``, if at least two nodes and half of all nodes fail, or if failures last for 30 minutes and
rise.
"""

from __future__ import annotations

from datetime import timedelta

from ....formatting import count, percent
from ....model.finding import Finding, FindingKind, Severity
from ....model.reading import Measured, Reading
from ..thresholds import Thresholds

LONG = timedelta(minutes=30)


def snat_failing(reading: Reading, node_count: int, thresholds: Thresholds) -> Finding | None:
    """``node_count``: of the whole cluster, 0 if unknown."""
    if not isinstance(reading, Measured) or reading.failed == 0:
        return None
    since = reading.failing_since or reading.failed_minutes[0]
    attempted = reading.failed + reading.successful
    is_critical = (
        100 * reading.failed >= thresholds.critical_share_percent * attempted
        or len(reading.nodes) >= max(2, node_count / 2)
        or (reading.trend == "rising" and reading.window.end - since >= LONG)
    )
    return Finding(
        kind=FindingKind.SNAT_FAILING,
        severity=Severity.CRITICAL if is_critical else Severity.FAILING,
        since=since,
        nodes=reading.nodes,
        evidence=(
            f"{reading.failed:,} of {count(attempted, 'new outbound connection')} failed "
            f"({percent(reading.failed, attempted)}) in {len(reading.failed_minutes)} of "
            f"{count(reading.measured_minutes, 'measured minute')}" + (f", {reading.trend}" if reading.trend else "")
        ),
    )
