"""What Azure's own health events say beside the metrics. Evidence only: it opens and clears nothing.

Their absence means little, because nothing may be sent to the workspace and Azure looks only every five minutes. A
disagreement is said in words, never hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ...model.assessment import Assessment
from ...model.finding import FindingKind
from ...model.health_event import HealthEvent
from ...model.reading import Idle, Measured

EXHAUSTION = "snatportexhaustion"
LOOK_BACK = timedelta(minutes=15)


def is_unexplained(assessment: Assessment) -> bool:
    """Whether Azure says that ports ran out where the metric shows no failure, or shows nothing at all."""
    reading = assessment.reading
    has_failed = isinstance(reading, Measured) and reading.failed > 0
    return EXHAUSTION in assessment.witness.lower() and not has_failed


def statement(assessment: Assessment, events: Sequence[HealthEvent]) -> str:
    """One sentence, or nothing when there is nothing to compare. ``events`` of the cluster's load balancer."""
    exhausted = [event for event in events if event.kind.lower() == EXHAUSTION]
    high = [event for event in events if event.kind.lower() != EXHAUSTION]
    reading = assessment.reading
    if isinstance(reading, Measured) and reading.failed:
        if exhausted:
            return f"Azure's health event SnatPortExhaustion at {exhausted[-1].at:%H:%M} UTC agrees"
        if high:
            return (
                f"Azure's health events say HighSnatPortUsage at {high[-1].at:%H:%M} UTC, not SnatPortExhaustion: "
                "they disagree with the metric, which counts failed connections"
            )
        return ""
    if exhausted and not isinstance(reading, Measured | Idle):
        return (
            f"Azure's health event SnatPortExhaustion at {exhausted[-1].at:%H:%M} UTC says that ports ran out; "
            "the metric could not be measured"
        )
    if exhausted:
        return (
            f"Azure's health event SnatPortExhaustion at {exhausted[-1].at:%H:%M} UTC disagrees: "
            "the metric shows no failed connection in the judged window"
        )
    has_pressure = any(finding.kind is FindingKind.PORT_PRESSURE for finding in assessment.findings)
    if high and has_pressure:
        return f"Azure's health event HighSnatPortUsage at {high[-1].at:%H:%M} UTC agrees"
    if high:
        return f"Azure's health event HighSnatPortUsage at {high[-1].at:%H:%M} UTC: ports ran short on a node"
    return ""
