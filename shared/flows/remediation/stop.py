"""Stop all changes before their next step, or let them go on; and who says so."""

from __future__ import annotations

from datetime import datetime

from ... import user_input
from ...ids import new_id
from ...model.audit import AuditLine
from ...store.signs import Signs, StopFlag

LONGEST_REASON = 500  # characters


class StopChanges:
    def __init__(self, signs: Signs) -> None:
        self._signs = signs

    def set(self, is_set: bool, by: str, reason: str, now: datetime) -> StopFlag:
        """Leaves a line in the audit each time. Raises BadInput when nobody is named, or a text is too long."""
        flag = StopFlag(is_set, user_input.person(by), user_input.text("reason", reason, LONGEST_REASON), now)
        event = "all changes stopped" if is_set else "stop of all changes lifted"
        self._signs.set_stop_flag(flag, AuditLine(new_id(), now, flag.by, event, "all changes", flag.reason))
        return flag
