"""What is kept for people who ask later, and what still has to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditLine:
    """``subject`` is the id of an incident or change; ``actor`` a person, or ``snatbot``."""

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
