"""What people read about monitoring itself: once for each service, and whole."""

from __future__ import annotations

import json
from dataclasses import replace

from shared.chat import fleet_messages, slack, teams
from shared.chat.message import Message, Tone
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.health_event import HealthEventComparison, HealthEventVerdict
from shared.model.text import Text, verbatim
from tests.support.nouns import NOW, make_assessment, make_incident


def rendered(message: Message) -> str:
    return json.dumps([slack.render(message), teams.render(message)])


def test_lost_coverage_is_said_with_who_why_and_what_to_do() -> None:
    loss = Finding(
        FindingKind.COVERAGE_LOSS, Severity.WARNING, NOW, Text("a is not seen"), remedy=Text("do this about it")
    )
    text = rendered(fleet_messages.clusters_unmeasured((loss, loss)))
    assert text.count("Do this about it.") == 2, "once for each service, not for each loss"
    assert "would go unseen" in text
    assert "a, b" in rendered(fleet_messages.clusters_recovered(("a", "b", "c"), NOW))
    assert "Subscription x" in rendered(fleet_messages.clusters_recovered(("a",), NOW, ("subscription x: no role",)))
    assert "snatbot-watch" in rendered(fleet_messages.clusters_opted_out(("a",)))


def test_what_stands_in_the_way_of_watching_is_said_once_for_each_service_and_whole() -> None:
    hindered = rendered(
        fleet_messages.monitoring_impaired(("no cluster was ever found: grant Reader", "subscription x: no role"))
    )
    assert "No cluster was ever found: grant Reader." in hindered
    assert "Subscription x: no role." in hindered
    assert fleet_messages.monitoring_impaired(("subscription x: no role",)).summary == "Subscription x: no role."
    tags = rendered(fleet_messages.tags_invalid(("tag snatbot-wach is not known (1 cluster: a)", "another")))
    assert "snatbot-wach" in tags and "usual values hold" in tags
    assert (
        fleet_messages.clusters_recovered((), NOW, ("subscription x: no role",)).title
        == "snatbot watches as it should again"
    )


def test_an_incident_that_ends_with_its_cluster_is_not_called_over() -> None:
    closed = replace(make_incident(), closing_note=Text("the cluster was deleted"), cleared_at=NOW)
    message = fleet_messages.monitoring_ended(closed, NOW, is_withdrawn=True)
    assert message.title.endswith("on shop-prod: no longer watched")
    assert message.summary == "The cluster was deleted."
    text = rendered(message)
    assert "no proof that the trouble is over" in text
    assert "can't be approved any more" in text


def test_witnesses_that_disagree_are_told_without_an_alarm() -> None:
    text = "Azure's health event SnatPortExhaustion at 10:03 UTC disagrees: the metric shows no failed connection"
    events = HealthEventComparison(HealthEventVerdict.CONTRADICTS, verbatim(text))
    message = fleet_messages.metrics_contradicted(replace(make_assessment(), health_events=events), NOW)
    assert message.tone is Tone.NEUTRAL
    assert "disagrees" in message.summary
    assert "No incident is opened" in rendered(message)
