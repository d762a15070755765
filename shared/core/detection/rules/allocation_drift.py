"""Nodes have fewer ports than they had: somebody or something lowered the allocation.

Held against the allocation remembered from earlier looks. It is said for a day; then the lower one counts as normal.
"""

from __future__ import annotations

from datetime import timedelta

from ....model.allocation import AllocationBaseline
from ....model.finding import Finding, FindingKind, Severity
from ....model.ports import PortReading

NEW_NORMAL_AFTER = timedelta(days=1)


def allocation_drift(ports: PortReading, seen: AllocationBaseline | None) -> Finding | None:
    """``seen`` None: looked at for the first time."""
    now = ports.allocated_per_node
    if seen is None or now is None or now >= seen.ports:
        return None
    return Finding(
        kind=FindingKind.ALLOCATION_DRIFT,
        severity=Severity.WARNING,
        since=seen.lower_since or ports.window.end,
        evidence=f"nodes have {now:,} SNAT ports each; they had {seen.ports:,}",
        remedy=(
            "look for a scale-out past 50, 100, 200, 400 or 800 nodes, or a changed outbound rule; "
            "a fixed allocation keeps the number"
        ),
    )


def next_baseline(ports: PortReading, seen: AllocationBaseline | None) -> AllocationBaseline | None:
    """What to remember after this look."""
    now, at = ports.allocated_per_node, ports.window.end
    if now is None:
        return seen
    if seen is None or now >= seen.ports:
        return AllocationBaseline(now)
    since = seen.lower_since or at
    return AllocationBaseline(now) if at - since >= NEW_NORMAL_AFTER else AllocationBaseline(seen.ports, since)
