"""What a NAT gateway's metrics amount to, in the same words as a load balancer's.

SNATConnectionCount (Total) by ConnectionState: Attempted and Failed, no Successful; platform health checks make a small
count without any traffic (Azure docs: nat-metrics). A gateway knows no nodes.
"""

from __future__ import annotations

from datetime import datetime

from ...model.metric import MetricAnswer, Window
from ...model.reading import Idle, Measured, Reading, Unmeasured
from .load_balancer import STATE_DIMENSION, has_point, unreadable


def read_gateway(name: str, window: Window, connections: MetricAnswer, datapath: MetricAnswer | None) -> Reading:
    """``datapath`` is only looked at when there is no connection at all: does the gateway report anything?"""
    attempted = failed = 0.0
    seen: set[datetime] = set()
    failed_at: set[datetime] = set()
    for series in connections.series:
        state = series.dimensions.get(STATE_DIMENSION, "").lower()
        for at, value in series.points:
            if not window.holds(at):
                continue
            seen.add(at)
            if state == "attempted":
                attempted += value
            elif state == "failed" and value > 0:
                failed += value
                failed_at.add(at)
    if seen:
        return Measured(
            window=window,
            measured_minutes=len(seen),
            failed=max(round(failed), 1) if failed_at else 0,
            successful=max(round(attempted - failed), 0),
            is_truncated=connections.is_truncated,
            failed_minutes=tuple(sorted(failed_at)),
            clean_minutes=tuple(sorted(seen - failed_at)),
            failing_since=min(failed_at) if failed_at else None,
        )
    if connections.is_unknown_in(window):
        return unreadable(window, f"SNATConnectionCount of NAT gateway {name}")
    if has_point(window, datapath):
        return Idle(window)
    return Unmeasured(
        f"Azure Monitor has no point of SNATConnectionCount nor of DatapathAvailability of NAT gateway {name} "
        f"between {window.start:%H:%M} and {window.end:%H:%M} UTC",
        "look at the NAT gateway's metrics in the portal; a gateway without public IP or subnet has none",
    )
