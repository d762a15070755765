"""Connections fail now: any failed SNAT connection of any node in the judged window.

It must be zero: a failed count above zero is Microsoft's own definition of SNAT exhaustion (Azure docs:
load-balancer-standard-diagnostics). It is critical when the share of failed connections reaches
``critical_share_percent``, when at least two nodes and half of all fail, or when it has gone on for 30 minutes and
rises.
"""

from __future__ import annotations

from datetime import timedelta

from ....formatting import count, percent
from ....model.finding import Finding, FindingKind, Severity
from ....model.reading import Measured, Reading
from ..thresholds import Thresholds

LONG = timedelta(minutes=30)


def snat_failing(reading: Reading, node_count: int, thresholds: Thresholds) -> Finding | None:
    """``node_count`` is of the whole cluster, 0 when it isn't known."""
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
