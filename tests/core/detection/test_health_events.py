"""Azure's own health events beside the metrics: a verdict and a sentence for each way in which they may differ."""

from __future__ import annotations

import pytest

from shared.core.detection.health_events import compare
from shared.model.assessment import Assessment
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.health_event import HealthEvent, HealthEventVerdict
from shared.model.reading import Unmeasured
from shared.model.text import Text
from tests.support.builders import assessment, at, minutes

EXHAUSTED = HealthEvent("SnatPortExhaustion", at(3))
HIGH = HealthEvent("HighSnatPortUsage", at(4))
FAILING = assessment(minutes(0, 5, {2: 4}))
HEALTHY = assessment(minutes(0, 5))
SHORT = assessment(minutes(0, 5), None, Finding(FindingKind.PORT_PRESSURE, Severity.HIGH, at(0), Text("short")))
REFUSED = assessment(Unmeasured(Text("refused")))


def test_without_events_there_is_nothing_to_compare() -> None:
    assert [compare(each, ()) for each in (FAILING, HEALTHY, SHORT, REFUSED)] == [None] * 4


@pytest.mark.parametrize(
    ("of", "events", "verdict", "words"),
    [
        (FAILING, (EXHAUSTED,), "agrees", "SnatPortExhaustion at 10:03 UTC agrees"),
        (FAILING, (EXHAUSTED, HIGH), "agrees", "SnatPortExhaustion at 10:03 UTC agrees"),
        (SHORT, (HIGH,), "agrees", "HighSnatPortUsage at 10:04 UTC agrees"),
        (FAILING, (HIGH,), "milder", "they disagree with the metric"),
        (HEALTHY, (EXHAUSTED,), "contradicts", "disagrees: the metric shows no failed connection"),
        (REFUSED, (EXHAUSTED,), "unconfirmed", "says that ports ran out; the metric could not be measured"),
        (HEALTHY, (HIGH,), "adds", "ports ran short on a node"),
    ],
)
def test_events_are_compared_with_the_metric(
    of: Assessment, events: tuple[HealthEvent, ...], verdict: str, words: str
) -> None:
    found = compare(of, events)
    assert found is not None
    assert found.verdict is HealthEventVerdict(verdict)
    assert words in found.text
    assert found.is_unexplained == (verdict in ("contradicts", "unconfirmed"))
    assert found.is_disagreement == (verdict in ("contradicts", "milder"))
