"""What is said about a change: proposed, decided, each step, stopped, finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..formatting import capital, listed, number, sentence, sentences, utc
from ..model.change import GIVEN_UP, Change, ChangeState, JournalEntry
from ..model.plan import AssociateSubnet, Plan, PlanKind
from .finding_labels import describe_incident
from .labels import (
    STATE_LABELS,
    check_commands,
    describe_check,
    describe_cost,
    describe_step,
    egress_addresses,
    resource_name,
)
from .message import Button, Message, Section, Tone

_DECIDED: Mapping[ChangeState, tuple[str, Tone]] = {
    ChangeState.APPROVED: ("approved", Tone.NEUTRAL),
    ChangeState.DENIED: ("denied", Tone.NEUTRAL),
    ChangeState.EXPIRED: ("expired", Tone.NEUTRAL),
    ChangeState.SUPERSEDED: ("superseded", Tone.NEUTRAL),
}
_FINISHED: Mapping[ChangeState, tuple[str, Tone]] = {
    ChangeState.FIXED: ("Fixed: egress of {cluster} works through the NAT gateway", Tone.GOOD),
    ChangeState.NOT_FIXED: ("Not fixed: connections of {cluster} still fail", Tone.ALARM),
    ChangeState.CANT_TELL: ("Can't tell whether {cluster} is fixed", Tone.WARNING),
    ChangeState.ROLLED_BACK: ("Rolled back on {cluster}", Tone.NEUTRAL),
    ChangeState.DONE: ("Done on {cluster}", Tone.GOOD),
    ChangeState.FAILED: ("The change on {cluster} failed", Tone.ALARM),
    ChangeState.EXPIRED: ("The approval for {cluster} was not used in time", Tone.WARNING),
}
_DELETING = "Deleting is a plan of its own, with its own approval, that names each public IP that is lost."
ASK_AGAIN = "A new plan can be asked for on its page."
_STOPPED = "Nothing more is changed until someone resumes it, rolls it back or gives it up."
_HALF_DONE = "What was done so far stays. Its page offers to roll it back or to delete what it created."
_LEFT: Mapping[PlanKind, str] = {
    PlanKind.DETACH_NAT_GATEWAY: f"The NAT gateway and its public IPs are kept, and paid for. {_DELETING}",
    PlanKind.RESERVE_PUBLIC_IPS: f"If the public IPs are not wanted after all, they can be deleted. {_DELETING}",
}


def change_proposed(change: Change, approval_url: str) -> Message:
    """Asks for a decision on one exact plan."""
    plan = change.plan
    sections = [
        Section("Why", text=describe_incident(change.reason) if change.reason else ""),
        Section("What will be done", steps=tuple(describe_step(step) for step in plan.steps)),
        Section("Please note", bullets=tuple(map(describe_check, plan.warnings)), code=check_commands(plan.warnings)),
        Section("How to undo", text=sentences(plan.rollback_text)),
        *related_sections(plan, PlanKind.RELIEVE_LOAD_BALANCER, "Another way, without snatbot"),
    ]
    if plan.demand is not None:
        sections.append(Section("Why this size", bullets=tuple(map(capital, plan.demand.arithmetic)), is_detail=True))
    sections.append(Section("Notes", bullets=tuple(map(sentence, plan.notes)), is_detail=True))
    return Message(
        title=f"Approval needed for {change.cluster_name}",
        summary=sentences(plan.summary, "Nothing is changed until someone approves it."),
        tone=Tone.WARNING,
        facts=(
            ("Cluster", change.cluster_name),
            ("Virtual network", resource_name(plan.vnet_id)),
            *((("Subnets", listed(_subnets(plan))),) if _subnets(plan) else ()),
            *_egress(plan),
            *((("Cost", describe_cost(plan.cost)),) if plan.cost else ()),
            ("Asked for by", change.requested_by),
            ("Decide before", utc(change.expires_at)),
        ),
        sections=_filled(sections),
        buttons=(Button("Review and decide", approval_url, is_primary=True),),
        footer=_footer(change),
    )


def change_decided(change: Change, page_url: str = "") -> Message:
    """Approved, denied, resumed, expired or superseded: by whom and when. ``page_url``: where it can be asked again."""
    is_resumed = change.state is ChangeState.APPROVED and change.is_begun
    verb, tone = _DECIDED.get(change.state, (str(STATE_LABELS[change.state]), Tone.NEUTRAL))
    verb = "resumed" if is_resumed else verb
    next_words = {
        ChangeState.APPROVED: "It goes on with the step that stopped." if is_resumed else "The first step follows.",
        ChangeState.EXPIRED: "Nobody decided in time. Nothing was changed.",
        ChangeState.SUPERSEDED: "A newer plan takes its place.",
        ChangeState.DENIED: "Nothing was changed.",
    }.get(change.state, "")
    next_words = f"{next_words} {ASK_AGAIN}" if page_url else next_words
    # A resumed change still carries the decision that approved its plan: who resumed it is in the audit trail.
    decision = change.decision if not is_resumed else None
    by = f" by {decision.approver} at {utc(decision.decided_at)}" if decision else ""
    return Message(
        title=f"Plan for {change.cluster_name} {verb}",
        summary=sentences(f"{verb}{by}", next_words),
        tone=tone,
        facts=(
            ("Cluster", change.cluster_name),
            ("Plan", capital(change.plan.summary)),
            ("Asked for by", change.requested_by),
        ),
        buttons=(Button("Open the plan", page_url),) if page_url else (),
        footer=_footer(change),
    )


def change_progress(change: Change, entry: JournalEntry) -> Message:
    """One step as it went, in the words of its journal entry."""
    steps = change.plan.steps
    words = describe_step(steps[entry.step]) if 0 <= entry.step < len(steps) else "a step that the plan does not name"
    return Message(
        title=f"{change.cluster_name}: step {entry.step + 1} of {len(steps)} {entry.state}",
        summary=sentences(entry.note or words),
        tone=Tone.NEUTRAL,
        footer=f"{_footer(change)} · {utc(entry.updated_at)}",
    )


def change_waiting(change: Change, reason: str, page_url: str) -> Message:
    """Said once for each long wait; it goes on by itself."""
    return Message(
        title=f"The change on {change.cluster_name} waits",
        summary=sentences(reason, "It goes on by itself when that is over."),
        tone=Tone.NEUTRAL,
        facts=(
            ("Cluster", change.cluster_name),
            ("Steps done", f"{number(change.step)} of {number(len(change.plan.steps))}"),
            *_approved_by(change),
        ),
        buttons=(Button("Open the change", page_url),),
        footer=_footer(change),
    )


def change_stopped(change: Change, page_url: str) -> Message:
    """Nothing more is done until a person decides: what was done, what was not, and why it stopped."""
    words = [describe_step(step) for step in change.plan.steps]
    return Message(
        title=f"The change on {change.cluster_name} has stopped",
        summary=sentences(change.stop_reason) or "No reason was recorded.",
        tone=Tone.ALARM,
        facts=(
            ("Cluster", change.cluster_name),
            ("Steps done", f"{number(min(change.step, len(words)))} of {number(len(words))}"),
            *_approved_by(change),
        ),
        sections=_filled(
            [
                Section("Done", bullets=tuple(words[: change.step])),
                Section("Not done", bullets=tuple(words[change.step :])),
                Section("What now", text=_STOPPED, code="\n".join(change.stop_commands)),
            ]
        ),
        buttons=(Button("Open the change", page_url, is_primary=True),),
        footer=_footer(change),
    )


def concurrent_write_found(change: Change, reason: str, page_url: str, commands: Sequence[str]) -> Message:
    """A roll-back is done, and somebody else wrote in the same moment: what they changed may be lost."""
    return Message(
        title=f"Another writer on {change.cluster_name}'s network",
        summary=sentences(reason),
        tone=Tone.ALARM,
        facts=(("Cluster", change.cluster_name),),
        sections=(
            Section(
                "What now",
                text="The roll-back itself is done. Look at what was written, and restore it.",
                code="\n".join(commands),
            ),
        ),
        buttons=(Button("Open the change", page_url, is_primary=True),),
        footer=_footer(change),
    )


def change_finished(change: Change, page_url: str, journal: Sequence[JournalEntry] = ()) -> Message:
    """The verdict with the figures that it rests on. ``journal`` knows the addresses of the new egress IPs."""
    title, tone = _FINISHED.get(change.state, (f"The change on {{cluster}}: {change.state}", Tone.NEUTRAL))
    outcome = change.outcome
    if outcome and outcome.verdict == GIVEN_UP:
        title, tone = "The change on {cluster} was given up", Tone.NEUTRAL
    figures = tuple(map(capital, outcome.figures)) if outcome else ()
    advice = tuple(map(sentence, outcome.advice)) if outcome else ()
    commands = "\n".join(outcome.commands) if outcome else ""
    heading = "Measured" if change.state is not ChangeState.DONE else "Result"
    sections = [
        Section(heading, bullets=figures),
        Section("What next", bullets=advice, code=commands),
        *_afterwards(change),
    ]
    return Message(
        title=title.replace("{cluster}", change.cluster_name),
        summary=sentences(outcome.reason if outcome else change.stop_reason) or "No reason was recorded.",
        tone=tone,
        facts=(
            ("Cluster", change.cluster_name),
            ("Change", capital(change.plan.summary)),
            *_egress_after(change, journal),
            *_approved_by(change),
        ),
        sections=_filled(sections),
        buttons=_buttons(change, page_url),
        footer=_footer(change),
    )


def related_sections(plan: Plan, kind: PlanKind, title: str, *, is_detail: bool = True) -> list[Section]:
    """A plan beside this one: what it is, and its commands for whoever unfolds them."""
    return [
        section
        for one in plan.related
        if one.kind is kind
        for section in (
            Section(title, text=sentences(one.summary), is_detail=is_detail),
            Section("Its commands", code="\n".join(one.commands), is_detail=True),
        )
    ]


def _buttons(change: Change, page_url: str) -> tuple[Button, ...]:
    opens = Button("Open the change", page_url)
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
        return [Section("Please note", bullets=tuple(map(sentence, change.plan.notes))), *align]
    if change.state in (ChangeState.NOT_FIXED, ChangeState.CANT_TELL, ChangeState.FAILED):
        return [Section("How to undo", text=sentences(change.plan.rollback_text))]
    return []


def _subnets(plan: Plan) -> list[str]:
    return [resource_name(step.subnet_id) for step in plan.steps if isinstance(step, AssociateSubnet)]


def _egress(plan: Plan) -> tuple[tuple[str, str], ...]:
    return (
        ("Egress IPs now", listed(plan.egress_now) or "unknown"),
        ("Egress IPs then", listed(plan.egress_then) or "unknown"),
    )


def _egress_after(change: Change, journal: Sequence[JournalEntry]) -> tuple[tuple[str, str], ...]:
    if change.state not in (ChangeState.FIXED, ChangeState.ROLLED_BACK):
        return ()
    return (("Egress IPs", listed(egress_addresses(change.plan, journal), 16) or "unknown"),)


def _approved_by(change: Change) -> tuple[tuple[str, str], ...]:
    decision = change.decision
    return (("Approved by", f"{decision.approver}, {utc(decision.decided_at)}"),) if decision else ()


def _filled(sections: list[Section]) -> tuple[Section, ...]:
    return tuple(one for one in sections if one.text or one.bullets or one.steps or one.code or one.table)


def _footer(change: Change) -> str:
    return f"snatbot · change {change.id} · plan {change.plan.digest[:12]}"
