"""Every kind and degree of trouble is said in words, in Slack and in Teams, from its beginning to its end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.chat import incident_details, incident_messages, slack, teams
from shared.chat.finding_labels import FINDING_TITLES
from shared.chat.message import Message, Tone
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.health_event import HealthEventComparison, HealthEventVerdict
from shared.model.ports import NodePorts
from shared.model.text import Text, verbatim
from tests.support.nouns import GATEWAY, NOW, make_assessment, make_incident, make_nodes

PORTS = (NodePorts("10.224.0.4", "udp", 1000, 1024, NOW, "aks-user-1-vmss000000", "user"),)


def finding(kind: FindingKind, severity: Severity = Severity.WARNING) -> Finding:
    ports = PORTS if kind is FindingKind.PORT_PRESSURE else ()
    return Finding(
        kind, severity, NOW, verbatim(f"{kind.value} is what was seen"), (), ports, "", Text("do this about it")
    )


def rendered(message: Message) -> str:
    return json.dumps([slack.render(message), teams.render(message)])


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_has_its_words_from_beginning_to_end(kind: FindingKind) -> None:
    if kind is FindingKind.SNAT_FAILING:
        return
    found = finding(kind)
    assessment = replace(make_assessment(nodes=()), findings=(found,), gateway_ids=(GATEWAY,))
    incident = replace(
        make_incident(nodes=()),
        kinds=(kind,),
        severity=Severity.WARNING,
        failed=0,
        last_failed_at=None,
        last_trouble_at=NOW,
        evidence=found.evidence,
    )
    title = f"{FINDING_TITLES[kind]} on shop-prod"
    opened = incident_messages.incident_opened(incident, assessment)
    assert (opened.title, opened.tone) == (f"Early warning: {title}", Tone.WARNING)
    assert opened.summary == found.evidence + ".", "the name begins it as it is"
    assert ("Do this about it." in rendered(opened)) is (kind not in incident_details.BALANCER_KINDS)
    assert "Failing nodes" not in rendered(opened)
    assert incident_messages.incident_reopened(incident, assessment).title == f"Early warning again: {title}"
    assert incident_messages.incident_worsened(incident, assessment).title == f"Worse: {title}"
    cleared = incident_messages.incident_cleared(replace(incident, cleared_at=NOW), NOW)
    assert cleared.title == f"Cleared: {title}"
    assert "No outbound connection has failed" not in cleared.summary
    assert "It came to no failed connection" in rendered(cleared)


def test_full_nodes_are_in_a_table_and_other_findings_beside() -> None:
    found = (finding(FindingKind.PORT_PRESSURE), finding(FindingKind.ALLOCATION_DRIFT))
    assessment = replace(
        make_assessment(nodes=()),
        findings=found,
        health_events=HealthEventComparison(HealthEventVerdict.AGREES, Text("Azure's health events agree")),
    )
    incident = replace(make_incident(nodes=()), kinds=(FindingKind.PORT_PRESSURE,), last_failed_at=None)
    message = incident_messages.incident_opened(incident, assessment)
    assert dict[str, str](message.facts)["Fullest nodes"].startswith("`aks-user-1-vmss000000` (")
    failing = incident_messages.incident_opened(replace(incident, nodes=make_nodes(1)), assessment)
    assert "Fullest nodes" not in dict[str, str](failing.facts), "then it is the failing nodes that count"
    text = rendered(message)
    for piece in (
        "aks-user-1-vmss000000",
        "1,024",
        "UDP",
        "Also seen",
        "allocation_drift",
        "Second witness",
        "By hand",
    ):
        assert piece in text
