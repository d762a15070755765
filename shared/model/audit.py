"""The audit that people read later, and the messages that are still to be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .change import FINAL_STATES, ChangeState

STARTED = "change started"


def step_done(step: int) -> str:
    """The event of a step, which is counted from 0."""
    return f"step {step + 1} done"


def now_is(state: ChangeState) -> str:
    """The event of a change that came into a state."""
    return f"change {state.value}"


ENDED = frozenset(now_is(state) for state in FINAL_STATES)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An event that code decides by has a name above."""

    id: str
    at: datetime
    actor: str  # a person, or snatbot
    event: str
    subject: str  # the id of an incident or a change
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message for one channel."""

    id: str
    cluster_name: str
    channel: str
    payload: str  # JSON, the same for every kind of channel
    created_at: datetime
    due_at: datetime | None  # wall time; None: given up
    attempts: int = 0
    last_error: str = ""
    refusals: int = 0
