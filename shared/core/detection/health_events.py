"""Compare Azure's health events with the metrics. They are evidence only: they open and clear nothing.

Their absence means little, because the workspace may receive none, and Azure evaluates them only every five minutes. A
contradiction is always shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ...model.assessment import Assessment
from ...model.finding import FindingKind
from ...model.health_event import HealthEvent, HealthEventComparison, HealthEventVerdict
from ...model.reading import Idle, Measured

EXHAUSTION = "snatportexhaustion"
LOOK_BACK = timedelta(minutes=15)


def compare(assessment: Assessment, events: Sequence[HealthEvent]) -> HealthEventComparison | None:
    """None without anything to compare. ``events``: of the cluster's load balancer, oldest first."""
    newest = {event.kind.lower() == EXHAUSTION: f"{event.at:%H:%M} UTC" for event in events}
    exhausted_at, high_at = newest.get(True), newest.get(False)
    reading = assessment.reading
    if isinstance(reading, Measured) and reading.failed:
        if exhausted_at is None and high_at is not None:
            return HealthEventComparison(
                HealthEventVerdict.MILDER,
                f"Azure's health events say HighSnatPortUsage at {high_at}, not SnatPortExhaustion: "
                "they disagree with the metric, which counts failed connections",
            )
        return _exhaustion(HealthEventVerdict.AGREES, f"{exhausted_at} agrees") if exhausted_at else None
    if exhausted_at and not isinstance(reading, Measured | Idle):
        says = f"{exhausted_at} says that ports ran out; the metric could not be measured"
        return _exhaustion(HealthEventVerdict.UNCONFIRMED, says)
    if exhausted_at:
        says = f"{exhausted_at} disagrees: the metric shows no failed connection in the judged window"
        return _exhaustion(HealthEventVerdict.CONTRADICTS, says)
    if high_at is None:
        return None
    high = f"Azure's health event HighSnatPortUsage at {high_at}"
    if any(finding.kind is FindingKind.PORT_PRESSURE for finding in assessment.findings):
        return HealthEventComparison(HealthEventVerdict.AGREES, f"{high} agrees")
    return HealthEventComparison(HealthEventVerdict.ADDS, f"{high}: ports ran short on a node")


def _exhaustion(verdict: HealthEventVerdict, says: str) -> HealthEventComparison:
    return HealthEventComparison(verdict, f"Azure's health event SnatPortExhaustion at {says}")
