"""How long a change waits: nothing is written before Azure's time, and nobody waits longer than the limit.

``not_before`` is Azure's and is never undercut. The next look comes within a minute whatever Azure asks, so that the
stop flag, the limit and the page are served meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...formatting import count, utc
from ...model.change import Change, JournalEntry
from .gate import NEXT_LOOK
from .steps import Wait


def not_before(change: Change, wait: Wait, now: datetime) -> datetime | None:
    """The later of what Azure asked for before and what it asks for now."""
    asked = now + timedelta(seconds=wait.asked_seconds) if wait.asked_seconds else None
    return max((at for at in (change.not_before, asked) if at is not None), default=None)


def next_look(seconds: float, now: datetime) -> datetime:
    return now + min(timedelta(seconds=seconds), NEXT_LOOK)


def too_long(entry: JournalEntry, wait: Wait, limit: timedelta, until: datetime | None, now: datetime) -> str:
    """Why the step must not go on waiting; empty when it may."""
    minutes = count(round(limit.total_seconds() / 60), "minute")
    if now - entry.started_at >= limit:
        return f"waited {minutes}: {wait.note}"
    if until is not None and until > entry.started_at + limit:
        return f"{wait.note}; Azure asks for no write before {utc(until)}, and one step may wait {minutes} at most"
    return ""
