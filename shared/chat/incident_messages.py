"""Messages about an incident: opened, re-opened, failing, worse, or over; and advice instead of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ..core.az_cli import script
from ..formatting import count, duration, listed, percent, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import FAILURES, FindingKind, Severity
from ..model.incident import Incident
from ..model.plan import Plan, PlanKind
from ..model.reading import Measured
from . import manual_steps
from .change_messages import related_sections
from .choices import HEADING, PLAN_FOLLOWS, choices_without_plan
from .finding_labels import FINDING_MEANINGS, FINDING_TITLES, port_table
from .incident_head import WORST, failures_chart, how_bad, standing
from .labels import check_commands, describe_check, node_table, resource_name
from .message import Message, MessageKind, Section, Tone, facts_of, sections_of
from .portal import metrics_button

# Findings that moving egress off the load balancer would cure.
BALANCER_KINDS = frozenset({FindingKind.SNAT_FAILING, FindingKind.PORT_PRESSURE, FindingKind.EXHAUSTION_AHEAD})

WITHDRAWN = "It is withdrawn and can't be approved any more. Should the trouble come back, a new plan is offered."


def incident_opened(incident: Incident, assessment: Assessment) -> Message:
    """A new incident. It does not wait for a plan, which has its own message."""
    return _with_steps(_word(incident), incident, assessment)


def incident_reopened(incident: Incident, assessment: Assessment) -> Message:
    """The incident re-opened within its cooldown."""
    return _with_steps(f"{_word(incident)} again", incident, assessment)


def incident_failing(incident: Incident, assessment: Assessment) -> Message:
    """A posted warning became failures: now the steps are needed."""
    return _with_steps(f"{_word(incident)} now", incident, assessment)


def incident_worsened(incident: Incident, assessment: Assessment) -> Message:
    """A posted incident got worse."""
    return replace(_with_steps("Worse", incident, assessment), kind=MessageKind.WORSE)


def incident_advised(incident: Incident, plan: Plan) -> Message:
    """No plan can be approved against this incident: why, and what helps instead."""
    return Message(
        title=f"What would help {incident.cluster_name}",
        summary=sentences(plan.summary),
        tone=Tone.WARNING,
        facts=facts_of(*standing(incident), *how_bad(incident)),
        buttons=metrics_button(incident.load_balancer_id, incident.gateway_ids),
        charts=failures_chart(incident),
        sections=sections_of(
            Section(
                "Why snatbot can't do it",
                bullets=tuple(map(describe_check, plan.blockers)),
                code=check_commands(plan.blockers),
            ),
            Section(HEADING, text=sentences(plan.irreversible), code=script(plan.commands)),
            Section("Please note", bullets=tuple(map(sentence, plan.notes)), is_detail=True),
            *related_sections(plan, PlanKind.RELIEVE_LOAD_BALANCER, "Another way, without a gateway"),
        ),
        footer=f"snatbot · incident {incident.id}",
        kind=MessageKind.ADVICE,
        subject=incident.id,
    )


def incident_cleared(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """The incident is over: since when.

    ``is_withdrawn``: its proposal ended too.
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
        title=f"Cleared: {headline(incident)}",
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


def incident_silenced(incident: Incident, until: datetime | None, by: str) -> Message:
    """Who holds back posts about it, or lets them through again: ``until`` None."""
    follows = "Measuring goes on, and what is still open afterwards is posted then." if until else ""
    summary = f"Silenced by {by} until {utc(until)}." if until else f"{by} has ended the silence."
    return Message(
        title=f"{'Silenced' if until else 'Not silenced any more'}: {headline(incident)}",
        summary=sentences(summary, follows),
        tone=Tone.NEUTRAL,
        facts=facts_of(*standing(incident), *how_bad(incident)),
        buttons=metrics_button(incident.load_balancer_id, incident.gateway_ids),
        footer=f"snatbot · incident {incident.id}",
        kind=MessageKind.SILENCED,
        subject=incident.id,
    )


def headline(incident: Incident) -> str:
    """What and where: ``SNAT port exhaustion on shop-prod``."""
    kind = incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING
    return f"{FINDING_TITLES[kind]} on {incident.cluster_name}"


_WORDS = {
    Severity.NOTICE: "Notice",
    Severity.WARNING: "Early warning",
    Severity.HIGH: "Warning",
    Severity.FAILING: "Failing",
    Severity.CRITICAL: "Critical",
}


def _word(incident: Incident) -> str:
    return _WORDS[incident.severity]


def _with_steps(word: str, incident: Incident, assessment: Assessment) -> Message:
    """The head shows severity, since when and what to do; everything else is detail."""
    is_failing = incident.severity.rank >= Severity.FAILING.rank
    return Message(
        title=f"{word}: {headline(incident)}",
        summary=_summary(incident, assessment),
        tone=Tone.ALARM if is_failing else Tone.WARNING,
        facts=facts_of(
            *how_bad(incident),
            _fullest(incident, assessment),
            *_since(incident, assessment),
            ("What it means", _meaning(incident.kinds)),
        ),
        sections=sections_of(*_what_to_do(incident, assessment), *_details(incident, assessment)),
        buttons=metrics_button(assessment.load_balancer_id, assessment.gateway_ids),
        footer=_footer(incident, assessment),
        charts=failures_chart(incident),
        kind=MessageKind.FAILING if is_failing else MessageKind.WARNING,
        subject=incident.id,
    )


def _fullest(incident: Incident, assessment: Assessment) -> tuple[str, str]:
    """Of a warning: once connections fail, it is the nodes where they fail that count."""
    ports = next((alarm.ports for alarm in assessment.alarms if alarm.ports and not incident.nodes), ())
    nodes = [
        f"`{node.name or node.ip}` ({percent(node.used, node.allocated)} of {node.protocol.upper()})" for node in ports
    ]
    return "Fullest nodes", listed(nodes, WORST)


def _meaning(kinds: Sequence[FindingKind]) -> str:
    return next((FINDING_MEANINGS[kind] for kind in kinds if kind in FINDING_MEANINGS), "")


def _what_to_do(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    if not BALANCER_KINDS.isdisjoint(incident.kinds):
        yield choices_without_plan(assessment.cluster, is_plan_due=incident.plan_due_at is not None)
        return
    alarms = assessment.alarms
    yield Section(
        HEADING,
        text=PLAN_FOLLOWS if incident.plan_due_at else "",
        bullets=tuple(dict.fromkeys(sentences(alarm.remedy) for alarm in alarms if alarm.remedy)),
        code=script(dict.fromkeys(command for alarm in alarms for command in alarm.commands)),
    )


def _details(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    cluster = assessment.cluster
    sections = [*_evidence(incident, assessment)]
    if not BALANCER_KINDS.isdisjoint(incident.kinds):
        sections.append(Section("Please don't", bullets=manual_steps.cautions(assessment)))
        sections += manual_steps.sections(assessment)
    place = f"In resource group {cluster.resource_group}, {cluster.location}, subscription {cluster.subscription}"
    if assessment.load_balancer_id is not None or not assessment.gateway_ids:
        place = f"{place}, load balancer {' in '.join(manual_steps.load_balancer(assessment))}"
    gateways = [f"NAT gateway {resource_name(gateway_id)}" for gateway_id in assessment.gateway_ids]
    sections.append(Section("Where", bullets=(place, *gateways)))
    yield from (replace(section, is_detail=True) for section in sections)


def _summary(incident: Incident, assessment: Assessment) -> str:
    if assessment.alarms:
        return sentences(assessment.alarms[0].evidence)
    if incident.evidence and not incident.failed:
        return sentences(incident.evidence)
    failed = count(incident.failed, "new outbound connection")
    return f"{failed} failed in the last {count(incident.window_minutes, 'minute')}."


def _since(incident: Incident, assessment: Assessment) -> Iterator[tuple[str, str]]:
    """Failing since the first failed minute; an earlier warning is a separate fact."""
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
    """Nodes that fail or are short of ports, other findings, and what Azure's health events show."""
    alarms = assessment.alarms
    if FindingKind.SNAT_FAILING in incident.kinds:
        yield _nodes(incident, assessment)
    if ports := next((alarm.ports for alarm in alarms if alarm.ports), ()):
        text = "Ports in use in the fullest minute. TCP and UDP ports are separate."
        yield Section("Nodes short of ports", text=text, table=port_table(ports))
    yield Section("Also seen", bullets=tuple(sentences(alarm.evidence) for alarm in alarms[1:]))
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
