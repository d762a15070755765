"""A message of every state that an incident and its change go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from shared.chat import change_messages, incident_messages, outcome_messages, waiting_messages
from shared.chat.message import Message
from shared.model.change import Change, ChangeState
from shared.model.finding import Severity
from shared.model.plan import PlanKind
from shared.model.reading import MinuteSeries
from tests.support import nouns
from tests.support.advised import FITTING, MANAGED, ask

S = ChangeState
URL = "https://snatbot.example.net/api/changes/chg-19c2?t=x"
HOUR = MinuteSeries(nouns.NOW - timedelta(minutes=63), (*[0] * 30, None, None, None, *[5, 90, 170] * 9))
NAME = "platform-production-westeurope-shared-services-cluster-blue-07"
BALANCER = nouns.make_assessment().load_balancer_id
RELATED = ask(None, FITTING[PlanKind.RELIEVE_LOAD_BALANCER]).related


def heads(number: int, name: str = "shop-prod") -> Iterator[Message]:
    """A message of every state that an incident and its change go through, with as many failing nodes."""
    cluster, nodes = nouns.make_cluster(name=name), nouns.make_nodes(number)
    incident = replace(nouns.make_incident(cluster, nodes), failed_by_minute=HOUR, load_balancer_id=BALANCER)
    seen = nouns.make_assessment(cluster, nodes)
    warned = replace(incident, severity=Severity.WARNING)

    def change(state: ChangeState) -> Change:
        made = nouns.make_change(state, replace(nouns.make_plan(cluster), related=RELATED))
        outcome = replace(made.outcome, attempted=HOUR) if made.outcome else None
        return replace(made, reason=incident, incident_id=incident.id, outcome=outcome)

    yield incident_messages.incident_opened(warned, seen)
    yield incident_messages.incident_opened(replace(incident, plan_due_at=nouns.NOW), seen)
    yield incident_messages.incident_failing(incident, seen)
    yield incident_messages.incident_reopened(incident, seen)
    yield incident_messages.incident_worsened(incident, seen)
    yield incident_messages.incident_advised(incident, ask(None, MANAGED))
    for state in (S.PROPOSED, S.STOPPED, S.DENIED):
        yield waiting_messages.incident_reminder(incident, seen, change(state), URL)
    yield change_messages.change_proposed(change(S.PROPOSED), URL)
    for state in (S.APPROVED, S.DENIED, S.EXPIRED, S.SUPERSEDED):
        yield change_messages.change_decided(change(state), URL)
    yield change_messages.change_progress(change(S.APPLYING), nouns.make_journal()[3], URL)
    yield change_messages.change_waiting(change(S.APPLYING), "waiting for AKS", URL)
    yield change_messages.change_stopped(change(S.STOPPED), URL)
    yield change_messages.change_proving(change(S.VERIFYING), URL)
    for state in (S.FIXED, S.NOT_FIXED, S.CANT_TELL, S.ROLLED_BACK, S.FAILED):
        yield outcome_messages.change_finished(change(state), URL, nouns.make_journal())
    yield incident_messages.incident_cleared(incident, nouns.NOW)
    yield incident_messages.incident_silenced(incident, nouns.NOW, "Ada")
    yield incident_messages.incident_silenced(incident, None, "Ada")
