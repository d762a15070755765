"""Nodes have fewer ports than before: the allocation was lowered.

The rule compares with the allocation of earlier scans. The finding lasts for a day; then the lower allocation is the
baseline.
"""

from __future__ import annotations

from datetime import timedelta

from ....model.finding import Finding, FindingKind, Severity
from ....model.ports import AllocationBaseline, PortReading
from ....model.text import Text

NEW_NORMAL_AFTER = timedelta(days=1)


def allocation_drift(ports: PortReading, baseline: AllocationBaseline | None) -> Finding | None:
    """``baseline``: None if ports were never read before."""
    now = ports.allocated_per_node
    if baseline is None or now is None or now >= baseline.ports:
        return None
    return Finding(
        kind=FindingKind.ALLOCATION_DRIFT,
        severity=Severity.WARNING,
        since=baseline.lower_since or ports.window.end,
        evidence=Text("nodes have {now} SNAT ports each; they had {before}", now=now, before=baseline.ports),
        remedy=Text(
            "look for a scale-out past 50, 100, 200, 400 or 800 nodes, or a changed outbound rule; "
            "a fixed allocation keeps the number"
        ),
    )


def next_baseline(ports: PortReading | None, before: AllocationBaseline | None) -> AllocationBaseline | None:
    """The baseline after a scan; ``ports``: None if it did not read them."""
    now = ports.allocated_per_node if ports else None
    if ports is None or now is None:
        return before
    if before is None or now >= before.ports:
        return AllocationBaseline(now)
    since = before.lower_since or ports.window.end
    is_normal_by_now = ports.window.end - since >= NEW_NORMAL_AFTER
    return AllocationBaseline(now) if is_normal_by_now else AllocationBaseline(before.ports, since)
