"""What every message about a change has: the incident in short, the plan, who approved it."""

from collections.abc import Iterable
from datetime import datetime

from ..core.az_cli import script
from ..formatting import capital, sentences
from ..model.change import Change
from ..model.plan import AssociateSubnet, Plan, PlanKind
from ..model.text import Text, arranged
from .incident_head import standing
from .message import EMPTY, Button, Chart, Message, MessageKind, Section, Tone, facts_of, sections_of
from .portal import metrics_button

REQUESTED_BY = Text("Requested by")
OPEN_CHANGE = Text("Open change")
NO_REASON = Text("No reason was recorded.")


def change_message(
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
        subject=change.incident_id or change.id,
    )


def related_sections(plan: Plan, kind: PlanKind, title: Text, *, is_detail: bool = True) -> list[Section]:
    """What a related plan is, and its commands."""
    return [
        Section(title, text=sentences(related.summary), code=script(related.commands), is_detail=is_detail)
        for related in plan.related
        if related.kind is kind
    ]


def plan_fact(change: Change) -> tuple[Text, Text]:
    return Text("Plan"), capital(change.plan.summary)


def approved_by(change: Change) -> tuple[Text, Text]:
    decision = change.decision
    return Text("Approved by"), decided_by(decision.approver, decision.decided_at) if decision else EMPTY


def decided_by(person: str, at: datetime) -> Text:
    return arranged("{person}, {time}", person=person, time=at)


def _footer(change: Change) -> Text:
    return Text("snatbot · change {id} · plan {digest}", id=change.id, digest=change.plan.digest[:12])
