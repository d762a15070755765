"""What is kept for people who ask later, and what still has to be told."""

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
    """``subject`` is the id of an incident or change; ``actor`` a person, or ``snatbot``.

    What is decided by an ``event`` has a name above.
    """

    id: str
    at: datetime
    actor: str
    event: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One neutral message for one channel, in JSON. ``attempts`` counts deliveries tried, ``due_at`` is wall time.

    ``due_at`` None: given up; the last refusal stands in ``last_error``, and how many there were in ``refusals``.
    """

    id: str
    cluster_name: str
    channel: str
    payload: str
    created_at: datetime
    due_at: datetime | None
    attempts: int = 0
    last_error: str = ""
    refusals: int = 0
