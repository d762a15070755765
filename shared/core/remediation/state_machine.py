"""The life of a change as a table: (state, event) -> next state.

The table rejects every other event, so a late, repeated or out-of-order message can't move a change. A resumed change
becomes approved, not applying: the checks before the first step must also pass before the next step.
"""

from enum import StrEnum

from ...errors import Refused
from ...model.change import ChangeState as S
from ...model.change import Verdict
from ...model.text import Text


class Event(StrEnum):
    APPROVE = "approve"
    DENY = "deny"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    START = "start"
    STOP = "stop"
    RESUME = "resume"
    APPLIED = "applied"
    VERIFIED = "verified"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    DETACHED = "detached"
    COMPLETED = "completed"
    FAIL = "fail"


TRANSITIONS: dict[tuple[S, Event], S] = {
    (S.PROPOSED, Event.APPROVE): S.APPROVED,
    (S.PROPOSED, Event.DENY): S.DENIED,
    (S.PROPOSED, Event.EXPIRE): S.EXPIRED,
    (S.PROPOSED, Event.SUPERSEDE): S.SUPERSEDED,
    (S.APPROVED, Event.START): S.APPLYING,
    (S.APPROVED, Event.STOP): S.STOPPED,
    (S.APPROVED, Event.EXPIRE): S.EXPIRED,
    (S.APPROVED, Event.SUPERSEDE): S.SUPERSEDED,
    (S.APPROVED, Event.FAIL): S.FAILED,
    (S.APPLYING, Event.STOP): S.STOPPED,
    (S.APPLYING, Event.APPLIED): S.VERIFYING,
    (S.APPLYING, Event.DETACHED): S.ROLLED_BACK,
    (S.APPLYING, Event.COMPLETED): S.DONE,
    (S.APPLYING, Event.FAIL): S.FAILED,
    (S.STOPPED, Event.RESUME): S.APPROVED,
    (S.STOPPED, Event.FAIL): S.FAILED,
    (S.STOPPED, Event.SUPERSEDE): S.SUPERSEDED,
    (S.VERIFYING, Event.VERIFIED): S.FIXED,
    (S.VERIFYING, Event.REFUTED): S.NOT_FIXED,
    (S.VERIFYING, Event.INCONCLUSIVE): S.CANT_TELL,
    (S.VERIFYING, Event.STOP): S.STOPPED,
    (S.VERIFYING, Event.SUPERSEDE): S.SUPERSEDED,
}

ENDED_BY = {
    Verdict.FIXED: Event.VERIFIED,
    Verdict.NOT_FIXED: Event.REFUTED,
    Verdict.CANT_TELL: Event.INCONCLUSIVE,
    Verdict.ROLLED_BACK: Event.DETACHED,
    Verdict.DONE: Event.COMPLETED,
    Verdict.EXPIRED: Event.EXPIRE,
    Verdict.GIVEN_UP: Event.FAIL,
    Verdict.FAILED: Event.FAIL,
}


class WrongState(Refused):
    """The table has no such event in this state."""

    def __init__(self, state: S, event: Event) -> None:
        # Translators: {event} and {state} are names in code, such as approve and stopped.
        super().__init__(Text("cannot {event} a change that is {state}", event=event.value, state=state.value))


def next_state(state: S, event: Event) -> S:
    """Raises WrongState when the table has no such event."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise WrongState(state, event) from None
