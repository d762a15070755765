"""Messages about a change: proposed, decided, each step, stopped, finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..core.az_cli import script
from ..formatting import capital, listed, number, sentence, sentences, utc
from ..model.change import Change, ChangeState, JournalEntry, Verdict
from ..model.plan import AssociateSubnet, Plan, PlanKind
from .charts import chart, sparkline
from .choices import HEADING, choices_of
from .finding_labels import describe_incident
from .incident_head import failures_chart, how_bad, standing
from .labels import (
    check_commands,
    describe_check,
    describe_cost,
    describe_step,
    egress_addresses,
    resource_name,
    state_label,
)
from .message import Button, Chart, Message, MessageKind, Section, Tone, facts_of, sections_of
from .portal import metrics_button

_FINISHED: Mapping[ChangeState, tuple[str, Tone]] = {
    ChangeState.FIXED: ("Fixed: egress of {cluster} works through the NAT gateway", Tone.GOOD),
    ChangeState.NOT_FIXED: ("Not fixed: connections of {cluster} still fail", Tone.ALARM),
    ChangeState.CANT_TELL: ("Can't tell whether {cluster} is fixed", Tone.WARNING),
    ChangeState.ROLLED_BACK: ("Rolled back on {cluster}", Tone.NEUTRAL),
    ChangeState.DONE: ("Done on {cluster}", Tone.GOOD),
    ChangeState.FAILED: ("The change on {cluster} failed", Tone.ALARM),
    ChangeState.EXPIRED: ("The approval for {cluster} was not used in time", Tone.WARNING),
}
ASK_AGAIN = "A new plan can be asked for on its page."
_AFTER_A_DECISION: Mapping[ChangeState, str] = {
    ChangeState.APPROVED: "The first step follows.",
    ChangeState.EXPIRED: "Nobody decided in time. Nothing was changed.",
    ChangeState.SUPERSEDED: "A newer plan takes its place.",
    ChangeState.DENIED: "Nothing was changed.",
}
_DELETING = "Deleting is a plan of its own, with its own approval, that names each public IP that is lost."
_STOPPED = "Nothing more is changed until someone resumes it, rolls it back or gives it up."
_HALF_DONE = "What was done so far stays. Its page offers to roll it back or to delete what it created."
_LEFT: Mapping[PlanKind, str] = {
    PlanKind.DETACH_NAT_GATEWAY: f"The NAT gateway and its public IPs are kept, and paid for. {_DELETING}",
    PlanKind.RESERVE_PUBLIC_IPS: f"If the public IPs are not wanted after all, they can be deleted. {_DELETING}",
}


def change_proposed(change: Change, approval_url: str) -> Message:
    """Asks for a decision on an exact plan."""
    plan = change.plan
    subnets = [resource_name(step.subnet_id) for step in plan.steps if isinstance(step, AssociateSubnet)]
    arithmetic = plan.demand.arithmetic if plan.demand else ()
    about = facts_of(
        ("Virtual network", resource_name(plan.vnet_id)),
        ("Subnets", listed(subnets)),
        ("Egress IPs now", listed(plan.egress_now) or "unknown"),
        ("Egress IPs then", listed(plan.egress_then) or "unknown"),
        ("Cost", describe_cost(plan.cost) if plan.cost else ""),
        ("Asked for by", change.requested_by),
    )
    details = (
        Section("Why", text=describe_incident(change.reason) if change.reason else ""),
        Section("What will be done", steps=tuple(map(describe_step, plan.steps))),
        Section("The plan", bullets=tuple(f"{label}: {value}" for label, value in about)),
        Section("Please note", bullets=tuple(map(describe_check, plan.warnings)), code=check_commands(plan.warnings)),
        Section("How to undo", text=sentences(plan.rollback_text)),
        Section("Why this size", bullets=tuple(map(capital, arithmetic))),
        Section("Notes", bullets=tuple(map(sentence, plan.notes))),
    )
    evidence = change.reason.evidence if change.reason else ""
    return _message(
        change,
        MessageKind.APPROVAL_WANTED,
        f"Approval needed for {change.cluster_name}",
        sentences(evidence or plan.summary, "Nothing is changed until someone approves it."),
        Tone.WARNING,
        facts=(*(how_bad(change.reason) if change.reason else ()), ("Decide before", utc(change.expires_at))),
        sections=(*choices_of(plan), *(replace(section, is_detail=True) for section in details)),
        buttons=(Button("Review plan", approval_url, is_primary=True),),
        charts=failures_chart(change.reason),
    )


def change_half_approved(change: Change, page_url: str) -> Message:
    """One of two people has approved; nothing happens before another does."""
    by = "; ".join(f"{approval.approver}, {utc(approval.approved_at)}" for approval in change.approvals)
    return _message(
        change,
        MessageKind.APPROVAL_WANTED,
        f"One more approval needed for {change.cluster_name}",
        sentences(f"1 of 2 approvals, by {by}", "another person must approve the same plan"),
        Tone.WARNING,
        facts=(("Plan", capital(change.plan.summary)), ("Decide before", utc(change.expires_at))),
        buttons=(Button("Review and decide", page_url, is_primary=True),),
    )


def change_decided(change: Change, page_url: str = "") -> Message:
    """Approved, denied, resumed, expired or superseded: by whom and when. ``page_url``: where to request it again."""
    is_resumed = change.state is ChangeState.APPROVED and change.is_begun
    verb = "approved" if change.state is ChangeState.APPROVED else state_label(change.state)
    following = sentence(change.waits_for) or _AFTER_A_DECISION.get(change.state, "")
    if is_resumed:
        verb, following = "resumed", "It goes on with the step that stopped."
    # A resumed change still has the decision that approved its plan; the audit trail has who resumed it.
    decision = None if is_resumed else change.decision
    by = f" by {decision.approver} at {utc(decision.decided_at)}" if decision else ""
    return _message(
        change,
        MessageKind.DECIDED,
        f"Plan for {change.cluster_name} {verb}",
        sentences(f"{verb}{by}", f"{following} {ASK_AGAIN}" if page_url else following),
        facts=(("Plan", capital(change.plan.summary)), ("Asked for by", change.requested_by)),
        buttons=(Button("Open plan", page_url),) if page_url else (),
    )


def change_progress(change: Change, entry: JournalEntry, page_url: str) -> Message:
    """One step, with the text of its journal entry."""
    steps = change.plan.steps
    step = describe_step(steps[entry.step]) if 0 <= entry.step < len(steps) else "a step that the plan does not name"
    return _message(
        change,
        MessageKind.STEP,
        f"{change.cluster_name}: step {entry.step + 1} of {len(steps)} {entry.state}",
        sentences(entry.note or step),
        facts=(("Plan", capital(change.plan.summary)), _approved_by(change), ("At", utc(entry.updated_at))),
        buttons=(Button("Open change", page_url),),
    )


def change_proving(change: Change, page_url: str) -> Message:
    """All steps are done; only the NAT gateway's own metrics can show a fix."""
    return _message(
        change,
        MessageKind.PROVING,
        f"Proving: {change.cluster_name} leaves through the NAT gateway",
        "All steps are done. snatbot measures whether connections go through the NAT gateway and none fails.",
        facts=(("Plan", capital(change.plan.summary)), _approved_by(change)),
        buttons=(Button("Open change", page_url),),
    )


def change_waiting(change: Change, reason: str, page_url: str) -> Message:
    """Posted once for each long wait; the change continues by itself."""
    return _message(
        change,
        MessageKind.WAITING,
        f"The change on {change.cluster_name} waits",
        sentences(reason, "It goes on by itself when that is over."),
        facts=(_steps_done(change), _approved_by(change)),
        buttons=(Button("Open change", page_url),),
    )


def change_stopped(change: Change, page_url: str) -> Message:
    """A person must decide: what was done, what was not, and why it stopped."""
    steps = tuple(map(describe_step, change.plan.steps))
    return _message(
        change,
        MessageKind.STOPPED,
        f"The change on {change.cluster_name} has stopped",
        sentences(change.stop_reason) or "No reason was recorded.",
        Tone.ALARM,
        facts=(_steps_done(change), _approved_by(change)),
        sections=(
            Section(HEADING, text=_STOPPED, code=script(change.stop_commands)),
            Section("Done", bullets=steps[: change.step], is_detail=True),
            Section("Not done", bullets=steps[change.step :], is_detail=True),
        ),
        buttons=(Button("Open change", page_url, is_primary=True),),
    )


def concurrent_write_found(change: Change, reason: str, page_url: str, commands: Sequence[str]) -> Message:
    """A rollback is done, and somebody else wrote at the same time, so that their change may be lost."""
    text = "The roll-back itself is done. Look at what was written, and restore it."
    return _message(
        change,
        MessageKind.OUTCOME,
        f"Another writer on {change.cluster_name}'s network",
        sentences(reason),
        Tone.ALARM,
        sections=(Section(HEADING, text=text, code=script(commands)),),
        buttons=(Button("Open change", page_url, is_primary=True),),
    )


def change_finished(change: Change, page_url: str, journal: Sequence[JournalEntry] = ()) -> Message:
    """The verdict with its figures. ``journal`` has the addresses of the new egress IPs."""
    title, tone = _FINISHED.get(change.state, (f"The change on {{cluster}}: {change.state}", Tone.NEUTRAL))
    outcome = change.outcome
    if outcome and outcome.verdict is Verdict.GIVEN_UP:
        title, tone = "The change on {cluster} was given up", Tone.NEUTRAL
    results: list[Section] = []
    if outcome:
        is_done = change.state is ChangeState.DONE
        figures = tuple(map(capital, outcome.figures))
        results.append(Section("Result" if is_done else "Measured", bullets=figures, is_detail=not is_done))
        what_next = tuple(map(sentence, outcome.advice))
        results.append(Section(HEADING, bullets=what_next, code=script(outcome.commands)))
    attempted = outcome.attempted if outcome else None
    has_new_egress = change.state in (ChangeState.FIXED, ChangeState.ROLLED_BACK)
    egress = listed(egress_addresses(change.plan, journal), 16) or "unknown"
    return _message(
        change,
        MessageKind.OUTCOME,
        title.replace("{cluster}", change.cluster_name),
        sentences(outcome.reason if outcome else change.stop_reason) or "No reason was recorded.",
        tone,
        facts=(
            ("Change", capital(change.plan.summary)),
            ("Egress IPs", egress if has_new_egress else ""),
            ("Failed before", sparkline(change.reason.failed_by_minute if change.reason else None)),
            ("On the NAT gateway", sparkline(attempted)),
            _approved_by(change),
        ),
        sections=(*results, *_afterwards(change)),
        buttons=_buttons(change, page_url),
        charts=(
            *failures_chart(change.reason, "Failed connections a minute, before"),
            *chart("New connections a minute on the NAT gateway", attempted),
        ),
    )


def related_sections(plan: Plan, kind: PlanKind, title: str, *, is_detail: bool = True) -> list[Section]:
    """A related plan: what it is, and its commands, folded."""
    return [
        section
        for related in plan.related
        if related.kind is kind
        for section in (
            Section(title, text=sentences(related.summary), is_detail=is_detail),
            Section("Its commands", code=script(related.commands), is_detail=True),
        )
    ]


def _message(
    change: Change,
    kind: MessageKind,
    title: str,
    summary: str,
    tone: Tone = Tone.NEUTRAL,
    *,
    facts: Iterable[tuple[str, str]] = (),
    sections: Iterable[Section] = (),
    buttons: tuple[Button, ...] = (),
    charts: tuple[Chart, ...] = (),
) -> Message:
    """The incident in short, above the change's own facts, with chart and metrics link."""
    incident = change.reason
    moved = [step.after for step in change.plan.steps if isinstance(step, AssociateSubnet) and step.after]
    before = (incident.load_balancer_id, incident.gateway_ids) if incident else (None, ())
    metrics = metrics_button(None, moved) if change.is_begun and moved else metrics_button(*before)
    return Message(
        title=title,
        summary=summary,
        tone=tone,
        facts=facts_of(*standing(incident), *facts),
        sections=sections_of(*sections),
        buttons=(*buttons, *metrics),
        charts=charts,
        footer=_footer(change),
        kind=kind,
        subject=_subject(change),
    )


def _buttons(change: Change, page_url: str) -> tuple[Button, ...]:
    opens = Button("Open change", page_url)
    if not change.leaves_something or change.state is ChangeState.FAILED:
        return (opens,)
    return (opens, Button("Delete what is left", f"{page_url}#decision"))


def _afterwards(change: Change) -> list[Section]:
    if change.state in (ChangeState.FAILED, ChangeState.SUPERSEDED) and change.is_begun:
        return [Section("What is left", text=f"{_HALF_DONE} {_DELETING}")]
    if change.leaves_something:
        return [Section("What is left", text=_LEFT[change.plan.kind])]
    if change.state is ChangeState.FIXED:
        align = related_sections(change.plan, PlanKind.ALIGN_OUTBOUND_TYPE, "For you to do", is_detail=False)
        notes = Section("Please note", bullets=tuple(map(sentence, change.plan.notes)), is_detail=True)
        return [*align, notes]
    if change.state in (ChangeState.NOT_FIXED, ChangeState.CANT_TELL, ChangeState.FAILED):
        return [Section("How to undo", text=sentences(change.plan.rollback_text))]
    return []


def _steps_done(change: Change) -> tuple[str, str]:
    steps = len(change.plan.steps)
    return "Steps done", f"{number(min(change.step, steps))} of {number(steps)}"


def _approved_by(change: Change) -> tuple[str, str]:
    decision = change.decision
    return "Approved by", f"{decision.approver}, {utc(decision.decided_at)}" if decision else ""


def _subject(change: Change) -> str:
    return change.incident_id or change.id


def _footer(change: Change) -> str:
    return f"snatbot · change {change.id} · plan {change.plan.digest[:12]}"
