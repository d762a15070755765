"""Messages while nobody decides: the incident continues, a plan expired, a plan was renewed."""

from collections.abc import Iterator
from dataclasses import replace

from ..formatting import sentences
from ..model.assessment import Assessment
from ..model.change import Change, ChangeState
from ..model.incident import Incident
from ..model.text import Text
from .change_head import OPEN_CHANGE
from .change_messages import ASK_AGAIN, change_decided, change_proposed
from .choices import HEADING, choices_of
from .incident_head import headline
from .incident_messages import incident_worsened
from .labels import state_label
from .message import EMPTY, Button, Message, MessageKind, Section, sections_of

_BUTTONS = {ChangeState.PROPOSED: Text("Review plan"), ChangeState.STOPPED: OPEN_CHANGE}


def incident_reminder(incident: Incident, assessment: Assessment, waits: Change | None, page_url: str) -> Message:
    """The present severity, and the change that waits for a person. ``page_url``: empty if nobody can decide here."""
    message = incident_worsened(incident, assessment)
    opens = (
        (Button(_BUTTONS.get(waits.state, Text("Open plan")), page_url, is_primary=True),) if waits and page_url else ()
    )
    return replace(
        message,
        kind=MessageKind.REMINDER,
        title=Text("Still failing: {headline}", headline=headline(incident)),
        sections=sections_of(
            *(_what_waits(waits) if waits else ()),
            *(section for section in message.sections if section.title != HEADING or not waits),
        ),
        buttons=(*opens, *message.buttons),
    )


def change_expired(change: Change, page_url: str, *, is_tried_again: bool) -> Message:
    """``is_tried_again``: its incident is open, but planning failed."""
    message = change_decided(change, page_url)
    follows = Text("No new plan could be made just now. snatbot tries again soon, and posts it here.")
    sections = (*message.sections, Section(Text("What happens next"), text=follows if is_tried_again else EMPTY))
    return replace(message, sections=sections_of(*sections))


def change_renewed(old: Change, new: Change, page_url: str) -> Message:
    """``old`` expired without a decision; its incident is open, and ``new`` replaces it."""
    message = change_proposed(new, page_url)
    is_same = new.plan.digest == old.plan.digest
    title = (
        Text("Approval still needed for {cluster}", cluster=new.cluster_name)
        if is_same
        else Text("Approval needed for {cluster}: the plan has changed", cluster=new.cluster_name)
    )
    expired = Text("Nobody decided before {time}, and the plan expired.", time=old.expires_at)
    renewed = Text("This is the same plan, renewed.") if is_same else Text("What is needed now differs.")
    sections = tuple(section for section in message.sections if not (is_same and section.is_detail))
    return replace(message, title=title, summary=sentences(expired, renewed, message.summary), sections=sections)


def _what_waits(change: Change) -> Iterator[Section]:
    if change.state is not ChangeState.PROPOSED:
        yield Section(HEADING, text=_waiting(change))
        return
    choices, *others = choices_of(change.plan)
    yield from (replace(choices, text=_waiting(change)), *others)


def _waiting(change: Change) -> Text:
    decision = change.decision
    match change.state:
        case ChangeState.PROPOSED:
            return Text("A plan waits for a decision until {time}.", time=change.expires_at)
        case ChangeState.STOPPED:
            waits = Text("A change has stopped, and goes on only when a person resumes it.")
            return sentences(waits, change.stop_reason)
        case ChangeState.DENIED if decision:
            by, at = decision.approver, decision.decided_at
            return sentences(Text("The plan was denied by {person} at {time}.", person=by, time=at), ASK_AGAIN)
        case ChangeState.EXPIRED:
            return sentences(Text("The plan expired at {time}.", time=change.expires_at), ASK_AGAIN)
        case _:
            # Translators: {state} is a word such as approved or expired.
            return Text("The newest change against it: {state}. Its page says more.", state=state_label(change.state))
