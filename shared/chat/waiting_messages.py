"""What is posted while nobody decides: that an incident goes on, that a plan has expired, and that it is renewed."""

from __future__ import annotations

from dataclasses import replace

from ..formatting import capital, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.change import Change, ChangeState
from ..model.incident import Incident
from . import manual_steps
from .change_messages import ASK_AGAIN, change_decided, change_proposed
from .incident_messages import BALANCER_KINDS, headline, incident_worsened
from .labels import state_label
from .message import Button, Message, MessageKind, Section, sections_of

_BUTTONS = {ChangeState.PROPOSED: "Review and decide", ChangeState.STOPPED: "Open the change"}


def incident_reminder(incident: Incident, assessment: Assessment, waits: Change | None, page_url: str) -> Message:
    """How bad it is now, and which change waits for a person. ``page_url`` empty: nobody can decide here."""
    message = incident_worsened(incident, assessment)
    has_steps = waits is None and BALANCER_KINDS & set(incident.kinds)
    return replace(
        message,
        kind=MessageKind.REMINDER,
        title=f"{headline(incident)} goes on",
        sections=sections_of(
            Section("What waits", text=_waiting(waits) if waits else ""),
            *message.sections,
            *(manual_steps.sections(assessment, is_detail=True) if has_steps else ()),
        ),
        buttons=(Button(_BUTTONS.get(waits.state, "Open the plan"), page_url, is_primary=True),)
        if waits and page_url
        else (),
    )


def change_expired(change: Change, page_url: str, *, is_tried_again: bool) -> Message:
    """``is_tried_again``: its incident is open, and no new plan could be made just now."""
    message = change_decided(change, page_url)
    follows = "No new plan could be made just now. snatbot tries again soon, and posts it here."
    sections = (*message.sections, Section("Next", text=follows if is_tried_again else ""))
    return replace(message, sections=sections_of(*sections))


def change_renewed(old: Change, new: Change, incident: Incident, page_url: str) -> Message:
    """Nobody decided on ``old`` in time; its incident is open, and ``new`` takes its place."""
    message = change_proposed(new, page_url)
    expired = f"Nobody decided before {utc(old.expires_at)}, and the plan expired."
    evidence = Section("How bad it is", text=sentences(incident.evidence))
    if new.plan.digest == old.plan.digest:
        return replace(
            message,
            title=f"Approval still needed for {new.cluster_name}",
            summary=sentences(expired, f"this is the same plan, renewed: {new.plan.summary}"),
            sections=sections_of(evidence),
        )
    return replace(
        message,
        title=f"Approval needed for {new.cluster_name}: the plan has changed",
        summary=sentences(expired, f"what is needed now differs: {new.plan.summary}"),
        sections=sections_of(evidence, *message.sections),
    )


def _waiting(change: Change) -> str:
    decision = change.decision
    match change.state:
        case ChangeState.PROPOSED:
            return f"A plan waits for a decision until {utc(change.expires_at)}: {sentence(change.plan.summary)}"
        case ChangeState.STOPPED:
            reason = sentence(capital(change.stop_reason))
            return f"A change has stopped, and goes on only when a person says so. {reason}"
        case ChangeState.DENIED if decision:
            return f"The plan was denied by {decision.approver} at {utc(decision.decided_at)}. {ASK_AGAIN}"
        case ChangeState.EXPIRED:
            return f"The plan expired at {utc(change.expires_at)}. {ASK_AGAIN}"
        case _:
            return f"Of the newest change against it the page says more. It is: {state_label(change.state)}."
