"""What is said about a trouble: opened, back again, worse, over, or not measurable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..formatting import count, duration, listed, number, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import FAILURES, FindingKind, Severity
from ..model.incident import Incident
from ..model.plan import Plan, PlanKind
from ..model.ports import NodePorts
from ..model.reading import Measured
from . import manual_steps
from .change_messages import related_sections
from .finding_labels import FINDING_TITLES, PORT_COLUMNS, PORT_FIGURES, port_rows
from .labels import NODE_COLUMNS, NODE_FIGURES, check_commands, describe_check, node_rows, resource_name
from .message import Message, Section, Table, Tone

# What moving egress off the load balancer would cure.
BALANCER_KINDS = frozenset({FindingKind.SNAT_FAILING, FindingKind.PORT_PRESSURE, FindingKind.EXHAUSTION_AHEAD})

WITHDRAWN = "It is withdrawn and can't be approved any more. Should the trouble come back, a new plan is offered."


def incident_opened(incident: Incident, assessment: Assessment) -> Message:
    """Trouble that is new. It can't wait for a plan: that comes in a message of its own."""
    return _alert(subject(incident), incident, assessment)


def incident_reopened(incident: Incident, assessment: Assessment) -> Message:
    """Trouble came back before its cooldown was over."""
    return _alert(f"{subject(incident)} is back", incident, assessment)


def incident_failing(incident: Incident, assessment: Assessment) -> Message:
    """A warning that was announced has turned into failures: now the steps are needed."""
    kind = next((kind for kind in incident.kinds if kind in FAILURES), FindingKind.SNAT_FAILING)
    return _alert(f"Connections of {incident.cluster_name} fail now: {FINDING_TITLES[kind]}", incident, assessment)


def incident_worsened(incident: Incident, assessment: Assessment) -> Message:
    """An incident that was announced already has grown; the steps are in the first message."""
    title = f"{subject(incident)} is getting worse"
    return Message(
        title=title,
        summary=_summary(incident, assessment),
        tone=_tone(incident),
        facts=_facts(incident, assessment),
        sections=(*_evidence(incident, assessment), *_what_follows(incident)),
        footer=_footer(incident, assessment),
    )


def incident_advised(incident: Incident, plan: Plan) -> Message:
    """There is nothing to approve against this incident: why, and what helps instead."""
    reasons = tuple(map(describe_check, plan.blockers))
    commands = check_commands(plan.blockers)
    sections = (
        *((Section("Why snatbot can't do it", bullets=reasons, code=commands),) if reasons else ()),
        *((Section("What can't be undone", text=sentences(plan.irreversible)),) if plan.irreversible else ()),
        *((Section("Please note", bullets=tuple(map(sentence, plan.notes))),) if plan.notes else ()),
        *((Section("Commands", code="\n".join(plan.commands)),) if plan.commands else ()),
        *related_sections(plan, PlanKind.RELIEVE_LOAD_BALANCER, "Another way, without a gateway"),
    )
    return Message(
        title=f"What would help {incident.cluster_name}",
        summary=sentences(plan.summary),
        tone=Tone.WARNING,
        facts=(("Cluster", incident.cluster_name),),
        sections=sections,
        footer=f"snatbot · incident {incident.id}",
    )


def incident_cleared(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """The trouble is over: says since when, and no more than that.

    ``is_withdrawn``: the proposal that waited for a decision ended with it.
    """
    failed_at, quiet_since = incident.last_failed_at, incident.last_trouble_at or incident.since
    if incident.closing_note:
        summary = sentences(incident.closing_note)
    elif failed_at is not None:
        summary = f"No outbound connection has failed since {utc(failed_at)}."
    else:
        summary = f"Nothing of it was seen since {utc(quiet_since)}."
    seen = (("First seen", utc(incident.since)), ("Last seen", utc(quiet_since)))
    if failed_at:
        seen = (("First failure", utc(incident.failing_since or failed_at)), ("Last failure", utc(failed_at)))
    return Message(
        title=f"{subject(incident)} is over",
        summary=summary,
        tone=Tone.GOOD,
        facts=(
            ("Cluster", incident.cluster_name),
            *seen,
            ("Cleared", utc(incident.cleared_at or now)),
        ),
        sections=(
            Section(
                "What this means",
                text="The failures have stopped. Unless something was changed, the cause may still be there."
                if failed_at
                else "It came to no failed connection. Unless something was changed, the cause may still be there.",
            ),
            *((Section("The plan that waited", text=WITHDRAWN),) if is_withdrawn else ()),
        ),
        footer=f"snatbot · incident {incident.id}",
    )


def subject(incident: Incident) -> str:
    """What and where: ``SNAT port exhaustion on shop-prod``."""
    kind = incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING
    return f"{FINDING_TITLES[kind]} on {incident.cluster_name}"


def _alert(title: str, incident: Incident, assessment: Assessment) -> Message:
    is_planned = incident.plan_due_at is not None
    by_people = (
        (
            Section("Please don't", bullets=manual_steps.cautions(assessment)),
            *manual_steps.sections(assessment, is_detail=is_planned),
        )
        if BALANCER_KINDS & set(incident.kinds)
        else ()
    )
    return Message(
        title=title,
        summary=_summary(incident, assessment),
        tone=_tone(incident),
        facts=_facts(incident, assessment),
        sections=(*_evidence(incident, assessment), *_what_follows(incident), *by_people),
        footer=_footer(incident, assessment),
    )


def _what_follows(incident: Incident) -> tuple[Section, ...]:
    if incident.plan_due_at is None:
        return ()
    text = "snatbot works out a plan and posts it here. Nothing is changed until someone approves it."
    return (Section("Next", text=text),)


def _tone(incident: Incident) -> Tone:
    return Tone.ALARM if incident.severity.rank >= Severity.FAILING.rank else Tone.WARNING


def _summary(incident: Incident, assessment: Assessment) -> str:
    if assessment.alarms:
        return sentences(assessment.alarms[0].evidence)
    if incident.evidence and not incident.failed:
        return sentences(incident.evidence)
    failed = count(incident.failed, "new outbound connection")
    return f"{failed} failed in the last {count(incident.window_minutes, 'minute')}."


def _facts(incident: Incident, assessment: Assessment) -> tuple[tuple[str, str], ...]:
    cluster = assessment.cluster
    facts = [
        ("Cluster", cluster.name),
        ("Resource group", cluster.resource_group),
        ("Location", cluster.location),
        ("Subscription", cluster.subscription),
        *_since(incident, assessment),
    ]
    if FindingKind.SNAT_FAILING in incident.kinds:
        facts.append(("Failing nodes", number(len(incident.nodes)) if incident.nodes else "not known"))
    if assessment.load_balancer_id is not None or not assessment.gateway_ids:
        balancer, balancer_group = manual_steps.load_balancer(assessment)
        facts.append(("Load balancer", f"{balancer} in {balancer_group}"))
    if assessment.gateway_ids:
        facts.append(("NAT gateway", listed([resource_name(one) for one in assessment.gateway_ids])))
    return tuple(facts)


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


def _evidence(incident: Incident, assessment: Assessment) -> tuple[Section, ...]:
    """Which nodes fail or are full, whatever else was found, and what a second witness says."""
    sections = [_nodes(incident, assessment)] if FindingKind.SNAT_FAILING in incident.kinds else []
    full = next((finding.ports for finding in assessment.alarms if finding.ports), ())
    if full:
        sections.append(_ports(full))
    others = tuple(sentences(finding.evidence) for finding in assessment.alarms[1:])
    if others:
        sections.append(Section("Also seen", bullets=others))
    remedies = tuple(dict.fromkeys(sentences(one.remedy) for one in assessment.alarms if one.remedy))
    commands = tuple(dict.fromkeys(command for one in assessment.alarms for command in one.commands))
    if remedies or commands:
        sections.append(Section("What would help", bullets=remedies, code="\n".join(commands)))
    if assessment.health_events:
        sections.append(Section("Second witness", text=sentence(assessment.health_events.text)))
    return tuple(sections)


def _ports(full: tuple[NodePorts, ...]) -> Section:
    return Section(
        "Nodes short of ports",
        text="Ports in use in the fullest minute. TCP and UDP ports are separate.",
        table=Table(
            columns=PORT_COLUMNS,
            rows=port_rows(full),
            row_noun="rows",
            figures=PORT_FIGURES,
        ),
    )


def _nodes(incident: Incident, assessment: Assessment) -> Section:
    if not incident.nodes:
        return Section(
            "Failing nodes", text="Azure Monitor has not said which: only the total of the load balancer is known."
        )
    reading = assessment.reading
    is_truncated = isinstance(reading, Measured) and reading.is_truncated
    unnamed = [node.ip for node in incident.nodes if not node.name]
    notes = []
    if is_truncated:
        notes.append("Azure Monitor cut its answer: there may be more.")
    if unnamed:
        notes.append(f"No node has {listed(unnamed)} any more.")
    minutes = count(incident.window_minutes, "minute")
    return Section(
        "Failing nodes",
        text=(
            f"In the last {minutes}: new outbound connections that failed, their share of all that the node tried, "
            "and the minutes with failures."
        ),
        table=Table(
            columns=NODE_COLUMNS,
            rows=node_rows(incident.nodes),
            note=" ".join(notes),
            row_noun="nodes" if len(incident.nodes) != 1 else "node",
            figures=NODE_FIGURES,
        ),
    )


def _footer(incident: Incident, assessment: Assessment) -> str:
    reading = assessment.reading
    judged = (
        f" · judged {utc(reading.window.start)} to {reading.window.end:%H:%M}" if isinstance(reading, Measured) else ""
    )
    return f"snatbot · incident {incident.id}{judged}"
