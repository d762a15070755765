"""A change as its page shows it, in addition to its plan: progress, decision, and related changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..chat.finding_labels import describe_incident
from ..chat.labels import describe_step, egress_addresses, node_table, state_label
from ..chat.message import facts_of
from ..core.remediation.pace import Pace
from ..formatting import capital, duration, listed, sentences, utc
from ..model.change import FINAL_STATES, Action, Change, ChangeState, JournalEntry
from ..model.plan import PlanKind
from ..model.text import Text, arranged
from .plan_view import PlanView, StepView, Tone, plan_view

TONES: Mapping[ChangeState, Tone] = {
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
# Another option while nothing is decided, and the next step for a person once it is fixed.
_RELATED: Mapping[ChangeState, PlanKind] = {
    ChangeState.PROPOSED: PlanKind.RELIEVE_LOAD_BALANCER,
    ChangeState.FIXED: PlanKind.ALIGN_OUTBOUND_TYPE,
}
_FOLLOW_UPS = {PlanKind.DELETE_NAT_GATEWAY: Text("Deletion"), PlanKind.DETACH_NAT_GATEWAY: Text("Rollback")}


@dataclass(frozen=True, slots=True)
class LinkedChange:
    """A change that is related to the one shown."""

    change: Change
    link: str  # URL of its page

    @property
    def title(self) -> Text:
        """How it relates to the change that it followed."""
        return _FOLLOW_UPS.get(self.change.plan.kind, Text("Newer plan"))

    @property
    def state(self) -> Text:
        return Text("{state}, proposed {at}", state=state_label(self.change.state), at=self.change.proposed_at)


@dataclass(frozen=True, slots=True)
class ChangeView:
    change: Change
    journal: Sequence[JournalEntry]
    now: datetime | None
    original: LinkedChange | None = None  # the change that this one rolls back or deletes
    follow_ups: Sequence[LinkedChange] = ()  # changes that roll it back, delete its resources, or replace it
    pace: Pace | None = None  # None: nothing is said about time

    @property
    def plan(self) -> PlanView:
        """The plan, as the change's state shows it."""
        change, plan, view = self.change, self.change.plan, plan_view(self.change.plan)
        takes_back = plan.kind is PlanKind.DETACH_NAT_GATEWAY
        return replace(
            view,
            state=capital(state_label(change.state)),
            tone=TONES.get(change.state, "neutral"),
            egress_labels=(Text("Before"), Text("After")) if change.state in _APPLIED else view.egress_labels,
            egress_then=egress_addresses(plan, self.journal) if plan.steps else view.egress_then,
            steps=_steps(view.steps, self.journal),
            related=tuple(beside for beside in plan.related if beside.kind is _RELATED.get(change.state)),
            related_heading=Text("For you to do")
            if change.state is ChangeState.FIXED
            else Text("Another way, without snatbot"),
            record=facts_of(
                (Text("Change"), change.id),
                (Text("Incident"), change.incident_id),
                (Text("Cluster"), change.cluster_id),
                (Text("Virtual network"), plan.vnet_id),
                (Text("Asked for by"), change.requested_by),
                (Text("Proposed"), utc(change.proposed_at)),
                (Text("Decision"), self.decision),
                (Text("Applied"), utc(change.applied_at) if change.applied_at else ""),
                (Text("Takes back change") if takes_back else Text("Of change"), plan.of_change_id),
                (Text("Digest of the plan"), plan.digest),
            ),
            nothing_to_decide=Text("Nothing can be decided here.") if plan.steps else view.nothing_to_decide,
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
    def is_open(self) -> bool:
        return self.change.state not in FINAL_STATES and self.change.state is not ChangeState.PROPOSED

    @property
    def steps_done(self) -> Text:
        """Empty before the first step."""
        done, steps = self.change.step, len(self.change.plan.steps)
        return Text("{done} of {steps} done", done=done, steps=steps) if done else Text("")

    @property
    def time_left(self) -> Text:
        """Empty if the change is not running, or if nobody knows."""
        left = self.pace.left(self.change, self.now) if self.pace and self.now else None
        return Text("About {time} left.", time=duration(left)) if left else Text("")

    @property
    def time_needed(self) -> Text:
        needed = self.pace.of(self.change.plan) if self.pace else None
        return Text("about {time}", time=duration(needed)) if needed else Text("")

    @property
    def is_rolled_back(self) -> bool:
        return any(later.change.state is ChangeState.ROLLED_BACK for later in self.follow_ups)

    @property
    def progress(self) -> Text:
        """The present step; empty if the change has not begun or has ended."""
        change, number, steps = self.change, self.change.step + 1, self.change.plan.steps
        is_stopped = change.state is ChangeState.STOPPED
        if not self.is_running and not is_stopped:
            return Text("")
        if number > len(steps):
            return Text("All steps are done.") if steps else Text("")
        note = change.waits_for or next((entry.note for entry in self.journal if entry.step == change.step), "")
        return sentences(self._present_step(describe_step(steps[change.step])), "" if is_stopped else note)

    def _present_step(self, step: str) -> Text:
        number, steps = self.change.step + 1, len(self.change.plan.steps)
        match self.change.state:
            case ChangeState.APPROVED:
                return Text("Next is step {number} of {steps}: {step}", number=number, steps=steps, step=step)
            case ChangeState.STOPPED:
                return Text("It stopped at step {number} of {steps}: {step}", number=number, steps=steps, step=step)
        return Text("Step {number} of {steps}: {step}", number=number, steps=steps, step=step)

    @property
    def decision(self) -> Text:
        decision = self.change.decision
        if decision is None:
            by = listed([_who_and_when(approval.approver, approval.approved_at) for approval in self.change.approvals])
            return Text("1 of 2 approvals, by {by}", by=by) if by else Text("")
        by = _who_and_when(decision.approver, decision.decided_at)
        return Text("Approved by {by}", by=by) if decision.action is Action.APPROVE else Text("Denied by {by}", by=by)

    @property
    def expiry(self) -> Text:
        at, left = self.change.expires_at, self.change.expires_at - self.now if self.now else None
        if self.change.state is not ChangeState.PROPOSED:
            return Text("")
        if left is None:
            return Text("Decide before {at}.", at=at)
        if left <= timedelta():
            return Text("Expired at {at}.", at=at)
        return Text("Decide within {left}, before {at}.", left=duration(left), at=at)


def _who_and_when(name: str, at: datetime) -> Text:
    return arranged("{name}, {at}", name=name, at=at)


def _steps(views: Sequence[StepView], journal: Sequence[JournalEntry]) -> tuple[StepView, ...]:
    entries = {entry.step: entry for entry in journal}
    return tuple(
        replace(view, state=entry.state, note=sentences(entry.note), at=utc(entry.updated_at))
        if (entry := entries.get(index))
        else view
        for index, view in enumerate(views)
    )
