"""Connections fail: any failed SNAT connection of any node in the assessed window.

It must be zero: Microsoft defines SNAT exhaustion as a failed count above zero (Azure docs:
load-balancer-standard-diagnostics). It is critical if the share of failed connections reaches
``critical_share_percent``, if at least two nodes and half of all nodes fail, or if failures last for 30 minutes and
rise.
"""

from datetime import timedelta

from ....formatting import measured_minutes_of, percent
from ....model.finding import Finding, FindingKind, Severity
from ....model.reading import Measured, Reading, Trend
from ....model.text import Text, arranged
from ..thresholds import Thresholds

LONG = timedelta(minutes=30)
_TRENDS: dict[Trend, Text] = {
    # Translators: the trend of failed connections.
    "rising": Text("rising"),
    "falling": Text("falling"),
    "steady": Text("steady"),
    "": Text(""),
}


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
    failed = Text.plural(
        "{failed} of {count} new outbound connection failed ({share}) in {minutes} of {measured}",
        "{failed} of {count} new outbound connections failed ({share}) in {minutes} of {measured}",
        count=attempted,
        failed=reading.failed,
        share=percent(reading.failed, attempted),
        minutes=len(reading.failed_minutes),
        measured=measured_minutes_of(reading.measured_minutes),
    )
    return Finding(
        kind=FindingKind.SNAT_FAILING,
        severity=Severity.CRITICAL if is_critical else Severity.FAILING,
        since=since,
        nodes=reading.nodes,
        evidence=arranged("{parts}", parts=(failed, _TRENDS[reading.trend])),
    )
