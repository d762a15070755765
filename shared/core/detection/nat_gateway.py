"""Turn a NAT gateway's metric series into a reading like a load balancer's.

SNATConnectionCount (Total) by ConnectionState: Attempted and Failed, no Successful; platform health checks add a small
count without any traffic (Azure docs: nat-metrics). A gateway has no metrics per node.
"""

from datetime import datetime

from ...model.metric import MetricAnswer, Window
from ...model.reading import Idle, Measured, Reading, Unmeasured
from ...model.text import Text
from .load_balancer import FAILED, count_by_minute, unreadable


def read_gateway(name: str, window: Window, connections: MetricAnswer, datapath: MetricAnswer | None) -> Reading:
    """``datapath`` is used only without any connection, to see whether the gateway reports at all."""
    attempted = failed = 0.0
    measured: set[datetime] = set()
    failed_at: set[datetime] = set()
    for series, at, value in connections.points_in(window):
        measured.add(at)
        if series.state == "attempted":
            attempted += value
        elif series.state == FAILED and value > 0:
            failed += value
            failed_at.add(at)
    if measured:
        return Measured(
            window=window,
            measured_minutes=len(measured),
            failed=max(round(failed), 1) if failed_at else 0,
            successful=max(round(attempted - failed), 0),
            is_truncated=connections.is_truncated,
            failed_minutes=tuple(sorted(failed_at)),
            clean_minutes=tuple(sorted(measured - failed_at)),
            failing_since=min(failed_at, default=None),
            failed_by_minute=count_by_minute(connections, window.end) if failed_at else None,
        )
    if connections.is_unknown_in(window):
        return unreadable(window, Text("SNATConnectionCount of NAT gateway {gateway}", gateway=name))
    if datapath is not None and datapath.has_point_in(window):
        return Idle(window)
    return Unmeasured(
        Text(
            "Azure Monitor has no point of SNATConnectionCount nor of DatapathAvailability of NAT gateway {gateway} "
            "between {start} and {end} UTC",
            gateway=name,
            start=f"{window.start:%H:%M}",
            end=f"{window.end:%H:%M}",
        ),
        Text("look at the NAT gateway's metrics in the portal; a gateway without public IP or subnet has none"),
    )
