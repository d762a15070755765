"""Messages about a change: proposed, decided, each step, stopped, finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ..core.az_cli import script
from ..formatting import capital, clauses, listed, sentence, sentences, utc
from ..model.change import Change, ChangeState, JournalEntry, StepState, Verdict
from ..model.plan import AssociateSubnet, Plan, PlanKind
from ..model.text import Text, arranged, verbatim
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
from .message import EMPTY, Button, Chart, Message, MessageKind, Section, Tone, facts_of, sections_of
from .portal import metrics_button

REQUESTED_BY = Text("Requested by")
OPEN_CHANGE = Text("Open change")
NO_REASON = Text("No reason was recorded.")
ASK_AGAIN = Text("A new plan can be asked for on its page.")
_AFTER_A_DECISION: Mapping[ChangeState, Text] = {
    ChangeState.APPROVED: Text("The first step follows."),
    ChangeState.EXPIRED: Text("Nobody decided in time. Nothing was changed."),
    ChangeState.SUPERSEDED: Text("A newer plan takes its place."),
    ChangeState.DENIED: Text("Nothing was changed."),
}
# Translators: what happened to a step.
_STEP_STATES: Mapping[StepState, Text] = {
    StepState.STARTED: Text("started"),
    StepState.DONE: Text("done"),
    StepState.STOPPED: Text("stopped"),
}
_DELETING = Text("Deleting is a plan of its own, with its own approval, that names each public IP that is lost.")
_LEFT: Mapping[PlanKind, Text] = {
    PlanKind.DETACH_NAT_GATEWAY: Text("The NAT gateway and its public IPs are kept, and paid for."),
    PlanKind.RESERVE_PUBLIC_IPS: Text("If the public IPs are not wanted after all, they can be deleted."),
}


def change_proposed(change: Change, approval_url: str) -> Message:
    """Asks for a decision on an exact plan."""
    plan = change.plan
    subnets = [resource_name(step.subnet_id) for step in plan.steps if isinstance(step, AssociateSubnet)]
    arithmetic = plan.demand.arithmetic if plan.demand else ()
    unknown = Text("unknown")
    about = facts_of(
        (Text("Virtual network"), verbatim(resource_name(plan.vnet_id))),
        (Text("Subnets"), listed(subnets)),
        (Text("Egress IPs now"), listed(plan.egress_now) or unknown),
        (Text("Egress IPs then"), listed(plan.egress_then) or unknown),
        (Text("Cost"), describe_cost(plan.cost) if plan.cost else EMPTY),
        (REQUESTED_BY, verbatim(change.requested_by)),
    )
    details = (
        Section(Text("Why"), text=describe_incident(change.reason) if change.reason else EMPTY),
        Section(Text("What will be done"), steps=tuple(map(describe_step, plan.steps))),
        Section(
            Text("The plan"),
            bullets=tuple(arranged("{label}: {value}", label=label, value=value) for label, value in about),
        ),
        Section(
            Text("Please note"), bullets=tuple(map(describe_check, plan.warnings)), code=check_commands(plan.warnings)
        ),
        Section(Text("How to undo"), text=sentences(plan.rollback_text)),
        Section(Text("Why this size"), bullets=tuple(map(capital, arithmetic))),
        Section(Text("Notes"), bullets=tuple(map(sentence, plan.notes))),
    )
    evidence = change.reason.evidence if change.reason else EMPTY
    return _message(
        change,
        MessageKind.APPROVAL_WANTED,
        Text("Approval needed for {cluster}", cluster=change.cluster_name),
        sentences(evidence or plan.summary, Text("Nothing is changed until someone approves it.")),
        Tone.WARNING,
        facts=(*(how_bad(change.reason) if change.reason else ()), (Text("Decide before"), utc(change.expires_at))),
        sections=(*choices_of(plan), *(replace(section, is_detail=True) for section in details)),
        buttons=(Button(Text("Review plan"), approval_url, is_primary=True),),
        charts=failures_chart(change.reason),
    )


def change_half_approved(change: Change, page_url: str) -> Message:
    """One of two people has approved; nothing happens before another does."""
    by = [_by(approval.approver, approval.approved_at) for approval in change.approvals]
    return _message(
        change,
        MessageKind.APPROVAL_WANTED,
        Text("One more approval needed for {cluster}", cluster=change.cluster_name),
        sentences(
            Text("1 of 2 approvals, by {people}", people=clauses(*by)),
            Text("Another person must approve the same plan."),
        ),
        Tone.WARNING,
        facts=(_plan(change), (Text("Decide before"), utc(change.expires_at))),
        buttons=(Button(Text("Review and decide"), page_url, is_primary=True),),
    )


def change_decided(change: Change, page_url: str = "") -> Message:
    """Approved, denied, resumed, expired or superseded: by whom and when. ``page_url``: where to request it again."""
    state = Text("approved") if change.state is ChangeState.APPROVED else state_label(change.state)
    following = sentence(change.waits_for) or _AFTER_A_DECISION.get(change.state, EMPTY)
    decision = change.decision
    if change.state is ChangeState.APPROVED and change.is_begun:
        # It still has the decision that approved its plan; the audit trail has who resumed it.
        state, following, decision = Text("resumed"), Text("It goes on with the step that stopped."), None
    return _message(
        change,
        MessageKind.DECIDED,
        # Translators: {state} is approved, denied, expired and so on.
        Text("Plan for {cluster} {state}", cluster=change.cluster_name, state=state),
        sentences(
            Text("{state} by {person} at {time}", state=state, person=decision.approver, time=decision.decided_at)
            if decision
            else state,
            following,
            ASK_AGAIN if page_url else EMPTY,
        ),
        facts=(_plan(change), (REQUESTED_BY, verbatim(change.requested_by))),
        buttons=(Button(Text("Open plan"), page_url),) if page_url else (),
    )


def change_progress(change: Change, entry: JournalEntry, page_url: str) -> Message:
    """One step, with the text of its journal entry."""
    steps = change.plan.steps
    is_known = 0 <= entry.step < len(steps)
    step = describe_step(steps[entry.step]) if is_known else Text("a step that the plan does not name")
    return _message(
        change,
        MessageKind.STEP,
        Text(
            # Translators: {state} is started, done or stopped.
            "{cluster}: step {step} of {steps} {state}",
            cluster=change.cluster_name,
            step=entry.step + 1,
            steps=len(steps),
            state=_STEP_STATES[entry.state],
        ),
        sentences(entry.note or step),
        facts=(_plan(change), _approved_by(change), (Text("At"), utc(entry.updated_at))),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_proving(change: Change, page_url: str) -> Message:
    """All steps are done; only the NAT gateway's own metrics can show a fix."""
    return _message(
        change,
        MessageKind.PROVING,
        Text("Proving: {cluster} leaves through the NAT gateway", cluster=change.cluster_name),
        Text("All steps are done. snatbot measures whether connections go through the NAT gateway and none fails."),
        facts=(_plan(change), _approved_by(change)),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_waiting(change: Change, reason: str, page_url: str) -> Message:
    """Posted once for each long wait; the change continues by itself."""
    return _message(
        change,
        MessageKind.WAITING,
        Text("The change on {cluster} waits", cluster=change.cluster_name),
        sentences(reason, Text("It goes on by itself when that is over.")),
        facts=(_steps_done(change), _approved_by(change)),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_stopped(change: Change, page_url: str) -> Message:
    """A person must decide: what was done, what was not, and why it stopped."""
    steps = tuple(map(describe_step, change.plan.steps))
    return _message(
        change,
        MessageKind.STOPPED,
        Text("The change on {cluster} has stopped", cluster=change.cluster_name),
        sentences(change.stop_reason) or NO_REASON,
        Tone.ALARM,
        facts=(_steps_done(change), _approved_by(change)),
        sections=(
            Section(
                HEADING,
                text=Text("Nothing more is changed until someone resumes it, rolls it back or gives it up."),
                code=script(change.stop_commands),
            ),
            Section(Text("Done"), bullets=steps[: change.step], is_detail=True),
            Section(Text("Not done"), bullets=steps[change.step :], is_detail=True),
        ),
        buttons=(Button(OPEN_CHANGE, page_url, is_primary=True),),
    )


def concurrent_write_found(change: Change, reason: str, page_url: str, commands: Sequence[str]) -> Message:
    """A rollback is done, and somebody else wrote at the same time, so that their change may be lost."""
    text = Text("The rollback itself is done. Look at what was written, and restore it.")
    return _message(
        change,
        MessageKind.OUTCOME,
        Text("Somebody else wrote to the network of {cluster}", cluster=change.cluster_name),
        sentences(reason),
        Tone.ALARM,
        sections=(Section(HEADING, text=text, code=script(commands)),),
        buttons=(Button(OPEN_CHANGE, page_url, is_primary=True),),
    )


def change_finished(change: Change, page_url: str, journal: Sequence[JournalEntry] = ()) -> Message:
    """The verdict with its figures. ``journal`` has the addresses of the new egress IPs."""
    title, tone = _finished(change)
    outcome = change.outcome
    results: list[Section] = []
    if outcome:
        is_done = change.state is ChangeState.DONE
        figures = tuple(map(capital, outcome.figures))
        results.append(Section(Text("Result") if is_done else Text("Measured"), bullets=figures, is_detail=not is_done))
        what_next = tuple(map(sentence, outcome.advice))
        results.append(Section(HEADING, bullets=what_next, code=script(outcome.commands)))
    attempted = outcome.attempted if outcome else None
    has_new_egress = change.state in (ChangeState.FIXED, ChangeState.ROLLED_BACK)
    egress = listed(egress_addresses(change.plan, journal), 16) or Text("unknown")
    return _message(
        change,
        MessageKind.OUTCOME,
        title,
        sentences(outcome.reason if outcome else change.stop_reason) or NO_REASON,
        tone,
        facts=(
            (Text("Change"), capital(change.plan.summary)),
            (Text("Egress IPs"), egress if has_new_egress else EMPTY),
            (Text("Failed before"), sparkline(change.reason.failed_by_minute if change.reason else None)),
            (Text("On the NAT gateway"), sparkline(attempted)),
            _approved_by(change),
        ),
        sections=(*results, *_afterwards(change)),
        buttons=_buttons(change, page_url),
        charts=(
            *failures_chart(change.reason, Text("Failed connections a minute, before")),
            *chart(Text("New connections a minute on the NAT gateway"), attempted),
        ),
    )


def related_sections(plan: Plan, kind: PlanKind, title: Text, *, is_detail: bool = True) -> list[Section]:
    """What a related plan is, and its commands."""
    return [
        Section(title, text=sentences(related.summary), code=script(related.commands), is_detail=is_detail)
        for related in plan.related
        if related.kind is kind
    ]


def _message(
    change: Change,
    kind: MessageKind,
    title: Text,
    summary: Text,
    tone: Tone = Tone.NEUTRAL,
    *,
    facts: Iterable[tuple[Text, Text]] = (),
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
    opens = Button(OPEN_CHANGE, page_url)
    if not change.leaves_something or change.state is ChangeState.FAILED:
        return (opens,)
    return (opens, Button(Text("Delete what is left"), f"{page_url}#decision"))


def _afterwards(change: Change) -> list[Section]:
    if change.state in (ChangeState.FAILED, ChangeState.SUPERSEDED) and change.is_begun:
        text = Text("What was done so far stays. Its page offers to roll it back or to delete what it created.")
        return [Section(Text("What is left"), text=sentences(text, _DELETING))]
    if change.leaves_something:
        return [Section(Text("What is left"), text=sentences(_LEFT[change.plan.kind], _DELETING))]
    if change.state is ChangeState.FIXED:
        align = related_sections(change.plan, PlanKind.ALIGN_OUTBOUND_TYPE, Text("For you to do"), is_detail=False)
        notes = Section(Text("Please note"), bullets=tuple(map(sentence, change.plan.notes)), is_detail=True)
        return [*align, notes]
    if change.state in (ChangeState.NOT_FIXED, ChangeState.CANT_TELL, ChangeState.FAILED):
        return [Section(Text("How to undo"), text=sentences(change.plan.rollback_text))]
    return []


def _finished(change: Change) -> tuple[Text, Tone]:
    cluster = change.cluster_name
    if change.outcome and change.outcome.verdict is Verdict.GIVEN_UP:
        return Text("The change on {cluster} was given up", cluster=cluster), Tone.NEUTRAL
    match change.state:
        case ChangeState.FIXED:
            return Text("Fixed: egress of {cluster} works through the NAT gateway", cluster=cluster), Tone.GOOD
        case ChangeState.NOT_FIXED:
            return Text("Not fixed: connections of {cluster} still fail", cluster=cluster), Tone.ALARM
        case ChangeState.CANT_TELL:
            return Text("Can't tell whether {cluster} is fixed", cluster=cluster), Tone.WARNING
        case ChangeState.ROLLED_BACK:
            return Text("Rolled back on {cluster}", cluster=cluster), Tone.NEUTRAL
        case ChangeState.DONE:
            return Text("Done on {cluster}", cluster=cluster), Tone.GOOD
        case ChangeState.FAILED:
            return Text("The change on {cluster} failed", cluster=cluster), Tone.ALARM
        case ChangeState.EXPIRED:
            return Text("The approval for {cluster} was not used in time", cluster=cluster), Tone.WARNING
    return Text("Plan for {cluster} {state}", cluster=cluster, state=state_label(change.state)), Tone.NEUTRAL


def _plan(change: Change) -> tuple[Text, Text]:
    return Text("Plan"), capital(change.plan.summary)


def _steps_done(change: Change) -> tuple[Text, Text]:
    steps = len(change.plan.steps)
    return Text("Steps done"), Text("{done} of {steps}", done=min(change.step, steps), steps=steps)


def _approved_by(change: Change) -> tuple[Text, Text]:
    decision = change.decision
    return Text("Approved by"), _by(decision.approver, decision.decided_at) if decision else EMPTY


def _by(person: str, at: datetime) -> Text:
    return arranged("{person}, {time}", person=person, time=at)


def _subject(change: Change) -> str:
    return change.incident_id or change.id


def _footer(change: Change) -> Text:
    return Text("snatbot · change {id} · plan {digest}", id=change.id, digest=change.plan.digest[:12])
