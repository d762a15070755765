"""What a change's page says beside its plan: how far it has come, why there is one, what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..chat.finding_labels import describe_incident
from ..chat.labels import NODE_COLUMNS, STATE_LABELS, describe_step, egress_addresses, node_rows
from ..formatting import capital, count, duration, sentence, sentences, utc
from ..model.change import Change, ChangeState, JournalEntry
from ..model.incident import Incident
from ..model.plan import PlanKind
from .plan_view import PlanView, StepView, plan_view

SHOWN_NODES = 10
_TONES: Mapping[ChangeState, str] = {
    ChangeState.PROPOSED: "waiting",
    ChangeState.APPROVED: "running",
    ChangeState.APPLYING: "running",
    ChangeState.VERIFYING: "running",
    ChangeState.STOPPED: "bad",
    ChangeState.FIXED: "good",
    ChangeState.DONE: "good",
    ChangeState.NOT_FIXED: "bad",
    ChangeState.FAILED: "bad",
    ChangeState.CANT_TELL: "waiting",
}
_APPLIED = (
    ChangeState.VERIFYING,
    ChangeState.FIXED,
    ChangeState.NOT_FIXED,
    ChangeState.CANT_TELL,
    ChangeState.ROLLED_BACK,
)
_RUNNING = (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.VERIFYING)
_DECIDED = {"approve": "Approved", "deny": "Denied"}
# Another way while nothing is decided, and what is left for a person once it is proven.
_RELATED: Mapping[ChangeState, tuple[PlanKind, ...]] = {
    ChangeState.PROPOSED: (PlanKind.RELIEVE_LOAD_BALANCER,),
    ChangeState.FIXED: (PlanKind.ALIGN_OUTBOUND_TYPE,),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is a plan. ``rows`` are as NODE_COLUMNS; those after the first ten are folded away."""

    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more_rows: tuple[tuple[str, ...], ...]

    @property
    def more_label(self) -> str:
        return count(len(self.more_rows), "more node")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later change that takes back or deletes what this one did, or is open in its place; ``link`` opens its page."""

    change: Change
    link: str

    @property
    def title(self) -> str:
        titles = {PlanKind.DELETE_NAT_GATEWAY: "Deletion", PlanKind.DETACH_NAT_GATEWAY: "Roll-back"}
        return titles.get(self.change.plan.kind, "Newer plan")

    @property
    def words(self) -> str:
        return f"{STATE_LABELS[self.change.state]}, proposed {utc(self.change.proposed_at)}"


@dataclass(frozen=True, slots=True)
class ChangeView:
    """``plan`` in the words of the change's state. ``progress``: which step it is at, one sentence; empty when it has
    not begun or has ended. ``is_running``: the page will soon show something else."""

    plan: PlanView
    decision: str
    expiry: str
    verdict: str
    figures: tuple[str, ...]
    advice: tuple[str, ...]
    stop_reason: str
    commands: str
    trouble: Trouble | None
    progress: str
    is_running: bool
    follow_ups: tuple[FollowUp, ...]
    is_rolled_back: bool


def change_view(
    change: Change,
    incident: Incident | None,
    journal: Sequence[JournalEntry],
    now: datetime | None,
    follow_ups: Sequence[FollowUp] = (),
) -> ChangeView:
    outcome = change.outcome
    return ChangeView(
        plan=_plan(change, journal),
        decision=_decision(change),
        expiry=_expiry(change, now),
        verdict=sentences(outcome.reason) if outcome else "",
        figures=tuple(map(capital, outcome.figures)) if outcome else (),
        advice=tuple(map(sentence, outcome.advice)) if outcome else (),
        stop_reason=sentences(change.stop_reason),
        commands="\n".join((*change.stop_commands, *(outcome.commands if outcome else ()))),
        trouble=_trouble(incident) if incident else None,
        progress=_progress(change, journal),
        is_running=change.state in _RUNNING,
        follow_ups=tuple(follow_ups),
        is_rolled_back=any(one.change.state is ChangeState.ROLLED_BACK for one in follow_ups),
    )


def _plan(change: Change, journal: Sequence[JournalEntry]) -> PlanView:
    plan = change.plan
    view = plan_view(plan, _RELATED.get(change.state, ()))
    return replace(
        view,
        state=capital(STATE_LABELS[change.state]),
        tone=_TONES.get(change.state, "neutral"),
        egress_labels=("Before", "After") if change.state in _APPLIED else ("Now", "Then"),
        egress_then=egress_addresses(plan, journal) if plan.steps else view.egress_then,
        steps=_steps(view.steps, journal),
        record=_record(change),
        nothing_to_decide="Nothing can be decided here." if plan.steps else view.nothing_to_decide,
    )


def _progress(change: Change, journal: Sequence[JournalEntry]) -> str:
    number, steps = change.step + 1, change.plan.steps
    if change.state not in (*_RUNNING, ChangeState.STOPPED):
        return ""
    if number > len(steps):
        return f"All {count(len(steps), 'step')} are done." if steps else ""
    is_waiting = change.state is ChangeState.APPROVED
    lead = "Next is step" if is_waiting else "It stopped at step" if change.state is ChangeState.STOPPED else "Step"
    note = change.waits_for or next((entry.note for entry in journal if entry.step == change.step), "")
    said = note if change.state is not ChangeState.STOPPED else ""
    return sentences(f"{lead} {number} of {len(steps)}: {describe_step(steps[change.step])}", said)


def _steps(views: Sequence[StepView], journal: Sequence[JournalEntry]) -> tuple[StepView, ...]:
    entries = {entry.step: entry for entry in journal}
    found = []
    for index, view in enumerate(views):
        entry = entries.get(index)
        if entry is not None:
            view = replace(view, state=entry.state, note=sentences(entry.note), at=utc(entry.updated_at))
        found.append(view)
    return tuple(found)


def _decision(change: Change) -> str:
    decision = change.decision
    if decision is None:
        return ""
    return (
        f"{_DECIDED.get(decision.action, capital(decision.action))} by {decision.approver}, {utc(decision.decided_at)}"
    )


def _expiry(change: Change, now: datetime | None) -> str:
    if change.state is not ChangeState.PROPOSED:
        return ""
    at = utc(change.expires_at)
    if now is None:
        return f"Decide before {at}."
    if now >= change.expires_at:
        return f"Expired at {at}."
    return f"Decide within {duration(change.expires_at - now)}, before {at}."


def _trouble(incident: Incident) -> Trouble:
    rows = node_rows(incident.nodes)
    return Trouble(
        text=describe_incident(incident),
        columns=NODE_COLUMNS,
        rows=rows[:SHOWN_NODES],
        more_rows=rows[SHOWN_NODES:],
    )


def _record(change: Change) -> tuple[tuple[str, str], ...]:
    plan = change.plan
    rows = [
        ("Change", change.id),
        ("Incident", change.incident_id or ""),
        ("Cluster", change.cluster_id),
        ("Virtual network", plan.vnet_id or ""),
        ("Asked for by", change.requested_by),
        ("Proposed", utc(change.proposed_at)),
        ("Decision", _decision(change)),
        ("Applied", utc(change.applied_at) if change.applied_at else ""),
        ("Takes back change" if plan.kind is PlanKind.DETACH_NAT_GATEWAY else "Of change", plan.of_change_id or ""),
        ("Digest of the plan", plan.digest),
    ]
    return tuple((label, value) for label, value in rows if value)
