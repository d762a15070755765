"""What is said about a trouble: opened, back again, worse, over, or not measurable."""

from __future__ import annotations

from datetime import datetime

from ..model.assessment import Assessment
from ..model.incident import Incident
from ..model.plan import Plan
from ..model.reading import Measured, Unmeasured
from ..texts import capital, count, duration, listed, number, sentence, utc
from . import by_hand
from .message import Button, Message, Section, Table, Tone
from .words import NODE_COLUMNS, NODE_FIGURES, check_in_words, node_rows


def incident_opened(
    incident: Incident, assessment: Assessment, plan: Plan | None, approval_url: str | None, details_url: str | None
) -> Message:
    """``approval_url`` only where a person may approve: without it there is no button and no promise."""
    title = f"SNAT port exhaustion on {incident.cluster_name}"
    return _alert(title, incident, assessment, plan, approval_url, details_url)


def incident_reopened(
    incident: Incident, assessment: Assessment, plan: Plan | None, approval_url: str | None, details_url: str | None
) -> Message:
    """The same trouble came back before its cooldown was over."""
    title = f"SNAT port exhaustion on {incident.cluster_name} is back"
    return _alert(title, incident, assessment, plan, approval_url, details_url)


def incident_worsened(incident: Incident, assessment: Assessment) -> Message:
    """An incident that was announced already has grown; the steps are in the first message."""
    return Message(
        title=f"SNAT port exhaustion on {incident.cluster_name} is getting worse",
        summary=_summary(incident, assessment),
        tone=Tone.ALARM,
        facts=_facts(incident, assessment),
        sections=(_nodes(incident, assessment),),
        footer=_footer(incident, assessment),
    )


def incident_cleared(incident: Incident, now: datetime) -> Message:
    """Nothing fails any more: says since when, and no more than that."""
    cleared_at = incident.cleared_at or now
    return Message(
        title=f"SNAT port exhaustion on {incident.cluster_name} is over",
        summary=sentence(capital(incident.closing_note))
        if incident.closing_note
        else f"No outbound connection has failed since {utc(incident.last_failed_at or incident.since)}.",
        tone=Tone.GOOD,
        facts=(
            ("Cluster", incident.cluster_name),
            ("First failure", utc(incident.since)),
            ("Last failure", utc(incident.last_failed_at or incident.since)),
            ("Cleared", utc(cleared_at)),
        ),
        sections=(
            Section(
                "What this means",
                text="The failures have stopped. Unless something was changed, the cause may still be there.",
            ),
        ),
        footer=f"snatbot · incident {incident.id}",
    )


def cannot_measure(cluster_name: str, unmeasured: Unmeasured) -> Message:
    """A missing measurement is said, never taken for health."""
    sections = (Section("What to do", text=sentence(capital(unmeasured.remedy))),) if unmeasured.remedy else ()
    return Message(
        title=f"{cluster_name} can't be measured",
        summary=sentence(capital(unmeasured.reason)),
        tone=Tone.WARNING,
        sections=(
            *sections,
            Section("What this means", text="SNAT failures there would go unseen until this is mended."),
        ),
        footer="snatbot",
    )


def _alert(
    title: str,
    incident: Incident,
    assessment: Assessment,
    plan: Plan | None,
    approval_url: str | None,
    details_url: str | None,
) -> Message:
    can_approve = plan is not None and plan.is_executable and approval_url is not None
    buttons = []
    if can_approve and approval_url is not None:
        buttons.append(Button("Review the plan", approval_url, is_primary=True))
    if details_url is not None:
        buttons.append(Button("Details", details_url))
    return Message(
        title=title,
        summary=_summary(incident, assessment),
        tone=Tone.ALARM,
        facts=_facts(incident, assessment),
        sections=(
            _nodes(incident, assessment),
            *_answer(plan, can_approve),
            Section("Please don't", bullets=by_hand.leave_alone(assessment)),
            *by_hand.sections(assessment, plan, is_detail=can_approve),
        ),
        buttons=tuple(buttons),
        footer=_footer(incident, assessment),
    )


def _summary(incident: Incident, assessment: Assessment) -> str:
    if assessment.findings:
        return sentence(assessment.findings[0].evidence)
    failed = count(incident.failed, "new outbound connection")
    return f"{failed} failed in the last {count(incident.window_minutes, 'minute')}."


def _facts(incident: Incident, assessment: Assessment) -> tuple[tuple[str, str], ...]:
    cluster = assessment.cluster
    balancer, balancer_group = by_hand.load_balancer(assessment)
    facts = [
        ("Cluster", cluster.name),
        ("Resource group", cluster.resource_group),
        ("Location", cluster.location),
        ("Subscription", cluster.subscription),
        ("Failing since", f"{utc(incident.since)} ({duration(assessment.at - incident.since)})"),
    ]
    if incident.reopened and assessment.findings:
        facts[-1] = ("First failing", utc(incident.since))
        facts.append(("Failing again since", utc(assessment.findings[0].since)))
    facts.append(("Failing nodes", number(len(incident.nodes)) if incident.nodes else "not known"))
    facts.append(("Load balancer", f"{balancer} in {balancer_group}"))
    return tuple(facts)


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


def _answer(plan: Plan | None, can_approve: bool) -> tuple[Section, ...]:
    if plan is None:
        return ()
    if plan.blockers or not plan.steps:
        reasons = tuple(check_in_words(check) for check in plan.blockers)
        return (
            Section(
                "Why snatbot can't cure this by itself",
                text="" if reasons else sentence(capital(plan.summary)),
                bullets=reasons,
            ),
        )
    text = sentence(capital(plan.summary))
    if not can_approve:
        return (
            Section(
                "What would cure it", text=f"{text} snatbot may not change anything here: follow the steps by hand."
            ),
        )
    promise = "The button opens the exact plan. Nothing is changed until someone approves it there."
    return (Section("What snatbot proposes", text=f"{text} {promise}", bullets=_egress(plan)),)


def _egress(plan: Plan) -> tuple[str, ...]:
    return (
        f"Egress IPs now: {listed(plan.egress_now) or 'unknown'}",
        f"Egress IPs then: {listed(plan.egress_then) or 'unknown'}",
    )


def _footer(incident: Incident, assessment: Assessment) -> str:
    reading = assessment.reading
    judged = (
        f" · judged {utc(reading.window.start)} to {reading.window.end:%H:%M}" if isinstance(reading, Measured) else ""
    )
    return f"snatbot · incident {incident.id}{judged}"
