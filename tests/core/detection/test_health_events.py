"""Azure's own health events beside the metrics: agreement and disagreement in words, absence in none."""

from __future__ import annotations

from shared.core.detection.health_events import statement
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.health_event import HealthEvent
from shared.model.reading import Unmeasured
from tests.support.builders import assessment, at, minutes

EXHAUSTED = HealthEvent("SnatPortExhaustion", at(3))
HIGH = HealthEvent("HighSnatPortUsage", at(4))
FAILING = assessment(minutes(0, 5, {2: 4}))
WELL = assessment(minutes(0, 5))
SHORT = assessment(minutes(0, 5), None, Finding(FindingKind.PORT_PRESSURE, Severity.HIGH, at(0), "short"))


def test_absence_says_nothing() -> None:
    assert statement(FAILING, ()) == statement(WELL, ()) == statement(SHORT, ()) == ""


def test_agreement_is_said() -> None:
    assert statement(FAILING, (EXHAUSTED,)).endswith("SnatPortExhaustion at 10:03 UTC agrees")
    assert statement(SHORT, (HIGH,)).endswith("HighSnatPortUsage at 10:04 UTC agrees")


def test_disagreement_is_said() -> None:
    assert "disagree" in statement(FAILING, (HIGH,))
    assert "disagrees: the metric shows no failed connection" in statement(WELL, (EXHAUSTED,))


def test_a_witness_speaks_where_nothing_could_be_measured() -> None:
    told = statement(assessment(Unmeasured("refused")), (EXHAUSTED,))
    assert "says that ports ran out; the metric could not be measured" in told
    assert statement(WELL, (HIGH,)).endswith("ports ran short on a node")
