"""Stop all changes before their next step, or let them go on; and who says so."""

from __future__ import annotations

from datetime import datetime

from ..errors import BadInput
from ..ids import new_id
from ..model.audit import AuditLine
from ..store.signs import Signs, StopFlag
from ..texts import count

LONGEST_NAME, LONGEST_REASON = 80, 500


class StopChanges:
    def __init__(self, signs: Signs) -> None:
        self._signs = signs

    def set(self, is_set: bool, by: str, reason: str, now: datetime) -> StopFlag:
        """Leaves a line in the audit each time. Raises BadInput when nobody is named, or a text is too long."""
        flag = StopFlag(is_set, person(by), bounded("reason", reason, LONGEST_REASON), now)
        event = "all changes stopped" if is_set else "stop of all changes lifted"
        self._signs.set_stop_flag(flag, AuditLine(new_id(), now, flag.by, event, "all changes", flag.reason))
        return flag


def person(by: str) -> str:
    """Who asks, as kept in the records. Raises BadInput when that is nobody, or too long."""
    named = bounded("by", by, LONGEST_NAME)
    if not named:
        raise BadInput("by is empty; give your name, it is kept with what you do")
    return named


def bounded(name: str, text: str, most: int) -> str:
    """On one line. Raises BadInput when it is too long."""
    on_one_line = " ".join(text.split())
    if len(on_one_line) > most:
        raise BadInput(f"{name} has {count(len(on_one_line), 'character')}; at most {most} are kept")
    return on_one_line
