"""What is posted about an incident: opened, back again, failing, worse, or over; and advice instead of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ..core.az_cli import script
from ..formatting import count, duration, listed, number, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import FAILURES, FindingKind, Severity
from ..model.incident import Incident
from ..model.plan import Plan, PlanKind
from ..model.reading import Measured
from . import manual_steps
from .change_messages import related_sections
from .finding_labels import FINDING_TITLES, port_table
from .labels import check_commands, describe_check, node_table, resource_name
from .message import Message, MessageKind, Section, Tone, facts_of, sections_of

# What moving egress off the load balancer would cure.
BALANCER_KINDS = frozenset({FindingKind.SNAT_FAILING, FindingKind.PORT_PRESSURE, FindingKind.EXHAUSTION_AHEAD})

WITHDRAWN = "It is withdrawn and can't be approved any more. Should the trouble come back, a new plan is offered."


def incident_opened(incident: Incident, assessment: Assessment) -> Message:
    """A new incident. The alert doesn't wait for a plan, which is posted in a message of its own."""
    return _with_steps(headline(incident), incident, assessment)


def incident_reopened(incident: Incident, assessment: Assessment) -> Message:
    """The incident is back before its cooldown was over."""
    return _with_steps(f"{headline(incident)} is back", incident, assessment)


def incident_failing(incident: Incident, assessment: Assessment) -> Message:
    """A warning that was announced has turned into failures: now the steps are needed."""
    kind = next((kind for kind in incident.kinds if kind in FAILURES), FindingKind.SNAT_FAILING)
    return _with_steps(f"Connections of {incident.cluster_name} fail now: {FINDING_TITLES[kind]}", incident, assessment)


def incident_worsened(incident: Incident, assessment: Assessment) -> Message:
    """An incident that was announced has grown; the steps are in the first message."""
    message = _alert(f"{headline(incident)} is getting worse", incident, assessment)
    return replace(message, kind=MessageKind.WORSE)


def incident_advised(incident: Incident, plan: Plan) -> Message:
    """There is nothing to approve against this incident: why, and what helps instead."""
    return Message(
        title=f"What would help {incident.cluster_name}",
        summary=sentences(plan.summary),
        tone=Tone.WARNING,
        facts=facts_of(("Cluster", incident.cluster_name)),
        sections=sections_of(
            Section(
                "Why snatbot can't do it",
                bullets=tuple(map(describe_check, plan.blockers)),
                code=check_commands(plan.blockers),
            ),
            Section("What can't be undone", text=sentences(plan.irreversible)),
            Section("Please note", bullets=tuple(map(sentence, plan.notes))),
            Section("Commands", code=script(plan.commands)),
            *related_sections(plan, PlanKind.RELIEVE_LOAD_BALANCER, "Another way, without a gateway"),
        ),
        footer=f"snatbot · incident {incident.id}",
        kind=MessageKind.ADVICE,
        subject=incident.id,
    )


def incident_cleared(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """The incident is over: since when, and no more than that.

    ``is_withdrawn``: the proposal that waited for a decision ended with it.
    """
    failed_at, quiet_since = incident.last_failed_at, incident.last_trouble_at or incident.since
    if failed_at:
        summary = f"No outbound connection has failed since {utc(failed_at)}."
        span = (("First failure", utc(incident.failing_since or failed_at)), ("Last failure", utc(failed_at)))
        meaning = "The failures have stopped."
    else:
        summary = f"Nothing of it was seen since {utc(quiet_since)}."
        span = (("First seen", utc(incident.since)), ("Last seen", utc(quiet_since)))
        meaning = "It came to no failed connection."
    return Message(
        title=f"{headline(incident)} is over",
        summary=sentences(incident.closing_note) or summary,
        tone=Tone.GOOD,
        facts=facts_of(("Cluster", incident.cluster_name), *span, ("Cleared", utc(incident.cleared_at or now))),
        sections=sections_of(
            Section(
                "What this means",
                text=f"{meaning} Unless something was changed, the cause may still be there.",
            ),
            Section("The plan that waited", text=WITHDRAWN if is_withdrawn else ""),
        ),
        footer=f"snatbot · incident {incident.id}",
        kind=MessageKind.CLEARED,
        subject=incident.id,
    )


def headline(incident: Incident) -> str:
    """What and where: ``SNAT port exhaustion on shop-prod``."""
    kind = incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING
    return f"{FINDING_TITLES[kind]} on {incident.cluster_name}"


def _with_steps(title: str, incident: Incident, assessment: Assessment) -> Message:
    if not BALANCER_KINDS & set(incident.kinds):
        return _alert(title, incident, assessment)
    return _alert(
        title,
        incident,
        assessment,
        Section("Please don't", bullets=manual_steps.cautions(assessment)),
        *manual_steps.sections(assessment, is_detail=incident.plan_due_at is not None),
    )


def _alert(title: str, incident: Incident, assessment: Assessment, *steps: Section) -> Message:
    follows = "snatbot works out a plan and posts it here. Nothing is changed until someone approves it."
    is_failing = incident.severity.rank >= Severity.FAILING.rank
    return Message(
        title=title,
        summary=_summary(incident, assessment),
        tone=Tone.ALARM if is_failing else Tone.WARNING,
        facts=facts_of(*_facts(incident, assessment)),
        sections=sections_of(
            *_evidence(incident, assessment),
            Section("Next", text=follows if incident.plan_due_at else ""),
            *steps,
        ),
        footer=_footer(incident, assessment),
        kind=MessageKind.FAILING if is_failing else MessageKind.WARNING,
        subject=incident.id,
    )


def _summary(incident: Incident, assessment: Assessment) -> str:
    if assessment.alarms:
        return sentences(assessment.alarms[0].evidence)
    if incident.evidence and not incident.failed:
        return sentences(incident.evidence)
    failed = count(incident.failed, "new outbound connection")
    return f"{failed} failed in the last {count(incident.window_minutes, 'minute')}."


def _facts(incident: Incident, assessment: Assessment) -> Iterator[tuple[str, str]]:
    cluster = assessment.cluster
    yield "Cluster", cluster.name
    yield "Resource group", cluster.resource_group
    yield "Location", cluster.location
    yield "Subscription", cluster.subscription
    yield from _since(incident, assessment)
    if FindingKind.SNAT_FAILING in incident.kinds:
        yield "Failing nodes", number(len(incident.nodes)) if incident.nodes else "not known"
    if assessment.load_balancer_id is not None or not assessment.gateway_ids:
        yield "Load balancer", " in ".join(manual_steps.load_balancer(assessment))
    yield "NAT gateway", listed(list(map(resource_name, assessment.gateway_ids)))


def _since(incident: Incident, assessment: Assessment) -> Iterator[tuple[str, str]]:
    """Failing since the first failed minute; a warning before it is a fact of its own."""
    failing = incident.failing_since if FAILURES & set(incident.kinds) else None
    first = failing or incident.since
    if incident.reopened and assessment.alarms:
        yield ("First failing" if failing else "First seen", utc(first))
        alarms = [alarm for alarm in assessment.alarms if alarm.kind in FAILURES] if failing else assessment.alarms
        again = (alarms or assessment.alarms)[0].since
        yield ("Failing again since" if failing else "Again since", utc(again))
        return
    if failing and incident.since < failing:
        yield ("First warning", utc(incident.since))
    yield ("Failing since" if failing else "Since", f"{utc(first)} ({duration(assessment.at - first)})")


def _evidence(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    """Which nodes fail or are short of ports, whatever else was found, and what Azure's health events say."""
    alarms = assessment.alarms
    if FindingKind.SNAT_FAILING in incident.kinds:
        yield _nodes(incident, assessment)
    if ports := next((alarm.ports for alarm in alarms if alarm.ports), ()):
        text = "Ports in use in the fullest minute. TCP and UDP ports are separate."
        yield Section("Nodes short of ports", text=text, table=port_table(ports))
    yield Section("Also seen", bullets=tuple(sentences(alarm.evidence) for alarm in alarms[1:]))
    yield Section(
        "What would help",
        bullets=tuple(dict.fromkeys(sentences(alarm.remedy) for alarm in alarms if alarm.remedy)),
        code=script(dict.fromkeys(command for alarm in alarms for command in alarm.commands)),
    )
    if assessment.health_events:
        yield Section("Second witness", text=sentence(assessment.health_events.text))


def _nodes(incident: Incident, assessment: Assessment) -> Section:
    if not incident.nodes:
        text = "Azure Monitor has not said which: only the total of the load balancer is known."
        return Section("Failing nodes", text=text)
    reading = assessment.reading
    is_truncated = isinstance(reading, Measured) and reading.is_truncated
    gone = [node.ip for node in incident.nodes if not node.name and node.is_gone]
    unnamed = [node.ip for node in incident.nodes if not node.name and not node.is_gone]
    notes = [
        *(["Azure Monitor cut its answer: there may be more."] if is_truncated else []),
        *([f"No node has {listed(gone)} any more."] if gone else []),
        *([f"The nodes of {listed(unnamed)} could not be named."] if unnamed else []),
    ]
    text = (
        f"In the last {count(incident.window_minutes, 'minute')}: new outbound connections that failed, their share "
        "of all that the node tried, and the minutes with failures."
    )
    return Section("Failing nodes", text=text, table=node_table(incident.nodes, " ".join(notes)))


def _footer(incident: Incident, assessment: Assessment) -> str:
    footer, reading = f"snatbot · incident {incident.id}", assessment.reading
    if not isinstance(reading, Measured):
        return footer
    return f"{footer} · judged {utc(reading.window.start)} to {reading.window.end:%H:%M}"
