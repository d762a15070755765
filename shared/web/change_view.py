"""A change as its page shows it, in addition to its plan: progress, decision, and related changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..chat.finding_labels import describe_incident
from ..chat.labels import describe_step, egress_addresses, node_table, state_label
from ..chat.message import facts_of
from ..formatting import capital, count, duration, sentences, utc
from ..model.change import Action, Change, ChangeState, JournalEntry
from ..model.plan import PlanKind
from .plan_view import PlanView, StepView, Tone, plan_view

_TONES: Mapping[ChangeState, Tone] = {
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
_DECIDED = {Action.APPROVE: "Approved", Action.DENY: "Denied"}
_LEADS = {ChangeState.APPROVED: "Next is step", ChangeState.STOPPED: "It stopped at step"}
# Another option while nothing is decided, and the next step for a person once it is fixed.
_RELATED: Mapping[ChangeState, PlanKind] = {
    ChangeState.PROPOSED: PlanKind.RELIEVE_LOAD_BALANCER,
    ChangeState.FIXED: PlanKind.ALIGN_OUTBOUND_TYPE,
}
_FOLLOW_UPS = {PlanKind.DELETE_NAT_GATEWAY: "Deletion", PlanKind.DETACH_NAT_GATEWAY: "Roll-back"}


@dataclass(frozen=True, slots=True)
class LinkedChange:
    """A change that is related to the one shown."""

    change: Change
    link: str  # URL of its page

    @property
    def title(self) -> str:
        """How it relates to the change that it followed."""
        return _FOLLOW_UPS.get(self.change.plan.kind, "Newer plan")

    @property
    def state(self) -> str:
        return f"{state_label(self.change.state)}, proposed {utc(self.change.proposed_at)}"


@dataclass(frozen=True, slots=True)
class ChangeView:
    change: Change
    journal: Sequence[JournalEntry]
    now: datetime | None
    original: LinkedChange | None = None  # the change that this one rolls back or deletes
    follow_ups: Sequence[LinkedChange] = ()  # changes that roll it back, delete its resources, or replace it

    @property
    def plan(self) -> PlanView:
        """The plan, as the change's state shows it."""
        change, plan, view = self.change, self.change.plan, plan_view(self.change.plan)
        of_change = "Takes back change" if plan.kind is PlanKind.DETACH_NAT_GATEWAY else "Of change"
        return replace(
            view,
            state=capital(state_label(change.state)),
            tone=_TONES.get(change.state, "neutral"),
            egress_labels=("Before", "After") if change.state in _APPLIED else view.egress_labels,
            egress_then=egress_addresses(plan, self.journal) if plan.steps else view.egress_then,
            steps=_steps(view.steps, self.journal),
            related=tuple(beside for beside in plan.related if beside.kind is _RELATED.get(change.state)),
            related_heading="For you to do" if change.state is ChangeState.FIXED else "Another way, without snatbot",
            record=facts_of(
                ("Change", change.id),
                ("Incident", change.incident_id),
                ("Cluster", change.cluster_id),
                ("Virtual network", plan.vnet_id),
                ("Asked for by", change.requested_by),
                ("Proposed", utc(change.proposed_at)),
                ("Decision", self.decision),
                ("Applied", utc(change.applied_at) if change.applied_at else ""),
                (of_change, plan.of_change_id),
                ("Digest of the plan", plan.digest),
            ),
            nothing_to_decide="Nothing can be decided here." if plan.steps else view.nothing_to_decide,
        )

    @property
    def why(self) -> str:
        return describe_incident(self.change.reason) if self.change.reason else ""

    @property
    def nodes(self) -> tuple[tuple[str, ...], ...]:
        """Rows of ``node_table``, worst first."""
        return node_table(self.change.reason.nodes).rows if self.change.reason else ()

    @property
    def is_running(self) -> bool:
        return self.change.state in _RUNNING

    @property
    def is_rolled_back(self) -> bool:
        return any(later.change.state is ChangeState.ROLLED_BACK for later in self.follow_ups)

    @property
    def progress(self) -> str:
        """The present step; empty if the change has not begun or has ended."""
        change, number, steps = self.change, self.change.step + 1, self.change.plan.steps
        is_stopped = change.state is ChangeState.STOPPED
        if not self.is_running and not is_stopped:
            return ""
        if number > len(steps):
            return f"All {count(len(steps), 'step')} are done." if steps else ""
        note = change.waits_for or next((entry.note for entry in self.journal if entry.step == change.step), "")
        lead = f"{_LEADS.get(change.state, 'Step')} {number} of {len(steps)}"
        return sentences(f"{lead}: {describe_step(steps[change.step])}", "" if is_stopped else note)

    @property
    def decision(self) -> str:
        decision = self.change.decision
        if decision is None:
            by = "; ".join(f"{approval.approver}, {utc(approval.approved_at)}" for approval in self.change.approvals)
            return f"1 of 2 approvals, by {by}" if by else ""
        decided = _DECIDED.get(decision.action, capital(decision.action))
        return f"{decided} by {decision.approver}, {utc(decision.decided_at)}"

    @property
    def expiry(self) -> str:
        at, left = utc(self.change.expires_at), self.change.expires_at - self.now if self.now else None
        if self.change.state is not ChangeState.PROPOSED:
            return ""
        if left is None:
            return f"Decide before {at}."
        return f"Decide within {duration(left)}, before {at}." if left > timedelta() else f"Expired at {at}."


def _steps(views: Sequence[StepView], journal: Sequence[JournalEntry]) -> tuple[StepView, ...]:
    entries = {entry.step: entry for entry in journal}
    return tuple(
        replace(view, state=entry.state, note=sentences(entry.note), at=utc(entry.updated_at))
        if (entry := entries.get(index))
        else view
        for index, view in enumerate(views)
    )
