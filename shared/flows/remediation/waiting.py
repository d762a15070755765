"""How long a change waits: it writes nothing before the time that Azure asks for, and each step has a time limit.

The next check comes within a minute whatever Azure asks, so that the stop switch, the limit and the page work.
"""

from datetime import datetime, timedelta

from ...formatting import minutes_of
from ...model.change import JournalEntry
from ...model.text import Text
from .step_result import RECHECK_AFTER, Wait

WAIT_LIMIT = timedelta(minutes=60)  # of one step; then the change stops
NOTIFY_AFTER = timedelta(minutes=10)  # a gate alone takes seven minutes


def not_before(known: datetime | None, asked_seconds: float, now: datetime) -> datetime | None:
    """The later of Azure's earlier and present requests."""
    asked = now + timedelta(seconds=asked_seconds) if asked_seconds else None
    return max((at for at in (known, asked) if at is not None), default=None)


def next_check(seconds: float, now: datetime) -> datetime:
    return now + min(timedelta(seconds=seconds), RECHECK_AFTER)


def too_long(entry: JournalEntry, wait: Wait, limit: timedelta, until: datetime | None, now: datetime) -> Text:
    """Why the step must not wait any longer; empty if it may."""
    minutes = minutes_of(round(limit.total_seconds() / 60))
    if now - entry.started_at >= limit:
        return Text("waited {minutes}: {note}", minutes=minutes, note=wait.note)
    if until is not None and until > entry.started_at + limit:
        return Text(
            "{note}; Azure asks for no write before {at}, and one step may wait {minutes} at most",
            note=wait.note,
            at=until,
            minutes=minutes,
        )
    return Text("")
