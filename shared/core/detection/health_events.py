"""Compare Azure's health events with the metrics. They are evidence only: they open and clear nothing.

Their absence means little, because the workspace may receive none, and Azure evaluates them only every five minutes. A
contradiction is always shown.
"""

from collections.abc import Sequence
from datetime import timedelta

from ...model.assessment import Assessment
from ...model.finding import FindingKind
from ...model.health_event import HealthEvent, HealthEventComparison, HealthEventVerdict
from ...model.reading import Idle, Measured
from ...model.text import Text

EXHAUSTION = "snatportexhaustion"
LOOK_BACK = timedelta(minutes=15)


def compare(assessment: Assessment, events: Sequence[HealthEvent]) -> HealthEventComparison | None:
    """None without anything to compare. ``events``: of the cluster's load balancer, oldest first."""
    newest = {event.kind.lower() == EXHAUSTION: f"{event.at:%H:%M}" for event in events}
    exhausted_at, high_at = newest.get(True), newest.get(False)
    reading = assessment.reading
    if isinstance(reading, Measured) and reading.failed:
        if exhausted_at is None and high_at is not None:
            return HealthEventComparison(
                HealthEventVerdict.MILDER,
                Text(
                    "Azure's health events say HighSnatPortUsage at {at} UTC, not SnatPortExhaustion: "
                    "they disagree with the metric, which counts failed connections",
                    at=high_at,
                ),
            )
        return _agrees("SnatPortExhaustion", exhausted_at) if exhausted_at else None
    if exhausted_at and not isinstance(reading, Measured | Idle):
        text = Text(
            "Azure's health event SnatPortExhaustion at {at} UTC says that ports ran out; "
            "the metric could not be measured",
            at=exhausted_at,
        )
        return HealthEventComparison(HealthEventVerdict.UNCONFIRMED, text)
    if exhausted_at:
        text = Text(
            "Azure's health event SnatPortExhaustion at {at} UTC disagrees: "
            "the metric shows no failed connection in the judged window",
            at=exhausted_at,
        )
        return HealthEventComparison(HealthEventVerdict.CONTRADICTS, text)
    if high_at is None:
        return None
    if any(finding.kind is FindingKind.PORT_PRESSURE for finding in assessment.findings):
        return _agrees("HighSnatPortUsage", high_at)
    text = Text("Azure's health event HighSnatPortUsage at {at} UTC: ports ran short on a node", at=high_at)
    return HealthEventComparison(HealthEventVerdict.ADDS, text)


def _agrees(event: str, at: str) -> HealthEventComparison:
    return HealthEventComparison(
        HealthEventVerdict.AGREES, Text("Azure's health event {event} at {at} UTC agrees", event=event, at=at)
    )
