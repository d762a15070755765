"""Messages about a change: proposed, decided, each step, stopped."""

from collections.abc import Mapping
from dataclasses import replace

from ..core.az_cli import script
from ..formatting import capital, clauses, listed, sentence, sentences, utc
from ..model.change import Change, ChangeState, JournalEntry, StepState
from ..model.plan import AssociateSubnet
from ..model.text import Text, arranged, verbatim
from .change_head import NO_REASON, OPEN_CHANGE, REQUESTED_BY, approved_by, change_message, decided_by, plan_fact
from .choices import HEADING, choices_of
from .finding_labels import describe_incident
from .incident_head import failures_chart, how_bad
from .labels import check_commands, describe_check, describe_cost, describe_step, resource_name, state_label
from .message import EMPTY, Button, Message, MessageKind, Section, Tone, facts_of

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
    return change_message(
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
    by = [decided_by(approval.approver, approval.approved_at) for approval in change.approvals]
    return change_message(
        change,
        MessageKind.APPROVAL_WANTED,
        Text("One more approval needed for {cluster}", cluster=change.cluster_name),
        sentences(
            Text("1 of 2 approvals, by {people}", people=clauses(*by)),
            Text("Another person must approve the same plan."),
        ),
        Tone.WARNING,
        facts=(plan_fact(change), (Text("Decide before"), utc(change.expires_at))),
        buttons=(Button(Text("Review and decide"), page_url, is_primary=True),),
    )


def change_decided(change: Change, page_url: str = "") -> Message:
    """Approved, denied, resumed, expired or superseded: by whom and when.

    ``page_url``: of the change, where people see how far it is, or request it again.
    """
    is_over = change.state is not ChangeState.APPROVED
    state = Text("approved") if not is_over else state_label(change.state)
    following = sentence(change.waits_for) or _AFTER_A_DECISION.get(change.state, EMPTY)
    decision = change.decision
    if not is_over and change.is_begun:
        # It still has the decision that approved its plan; the audit trail has who resumed it.
        state, following, decision = Text("resumed"), Text("It goes on with the step that stopped."), None
    return change_message(
        change,
        MessageKind.DECIDED,
        # Translators: {state} is approved, denied, expired and so on.
        Text("Plan for {cluster} {state}", cluster=change.cluster_name, state=state),
        sentences(
            Text("{state} by {person} at {time}", state=state, person=decision.approver, time=decision.decided_at)
            if decision
            else state,
            following,
            ASK_AGAIN if page_url and is_over else EMPTY,
        ),
        facts=(plan_fact(change), (REQUESTED_BY, verbatim(change.requested_by))),
        buttons=(Button(Text("Open plan") if is_over else OPEN_CHANGE, page_url),) if page_url else (),
    )


def change_progress(change: Change, entry: JournalEntry, page_url: str) -> Message:
    """One step, with the text of its journal entry."""
    steps = change.plan.steps
    is_known = 0 <= entry.step < len(steps)
    step = describe_step(steps[entry.step]) if is_known else Text("a step that the plan does not name")
    return change_message(
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
        facts=(plan_fact(change), approved_by(change), (Text("At"), utc(entry.updated_at))),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_proving(change: Change, page_url: str) -> Message:
    """All steps are done; only the NAT gateway's own metrics can show a fix."""
    return change_message(
        change,
        MessageKind.PROVING,
        Text("Proving: {cluster} leaves through the NAT gateway", cluster=change.cluster_name),
        Text("All steps are done. snatbot measures whether connections go through the NAT gateway and none fails."),
        facts=(plan_fact(change), approved_by(change)),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_waiting(change: Change, reason: str, page_url: str) -> Message:
    """Posted once for each long wait; the change continues by itself."""
    return change_message(
        change,
        MessageKind.WAITING,
        Text("The change on {cluster} waits", cluster=change.cluster_name),
        sentences(reason, Text("It goes on by itself when that is over.")),
        facts=(_steps_done(change), approved_by(change)),
        buttons=(Button(OPEN_CHANGE, page_url),),
    )


def change_stopped(change: Change, page_url: str) -> Message:
    """A person must decide: what was done, what was not, and why it stopped."""
    steps = tuple(map(describe_step, change.plan.steps))
    return change_message(
        change,
        MessageKind.STOPPED,
        Text("The change on {cluster} has stopped", cluster=change.cluster_name),
        sentences(change.stop_reason) or NO_REASON,
        Tone.ALARM,
        facts=(_steps_done(change), approved_by(change)),
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


def _steps_done(change: Change) -> tuple[Text, Text]:
    steps = len(change.plan.steps)
    return Text("Steps done"), Text("{done} of {steps}", done=min(change.step, steps), steps=steps)
