"""Stop all changes before their next step, or let them resume."""

from datetime import datetime

from ... import user_input
from ...ids import new_id
from ...model.audit import ALL_STOPPED, EVERY_CHANGE, STOP_LIFTED, AuditLine
from ...model.identity import Approver
from ...store.stop_switch import StopFlag, StopSwitch

LONGEST_REASON = 500  # characters


class StopChanges:
    def __init__(self, switch: StopSwitch) -> None:
        self._switch = switch

    def set(self, is_set: bool, by: Approver, reason: str, now: datetime) -> StopFlag:
        """Each call adds an audit line. Raises BadInput if nobody is named, or a text is too long."""
        flag = StopFlag(is_set, user_input.person(by), user_input.text("reason", reason, LONGEST_REASON), now)
        event = ALL_STOPPED if is_set else STOP_LIFTED
        self._switch.set_stop_flag(flag, AuditLine(new_id(), now, flag.by, event, EVERY_CHANGE, flag.reason))
        return flag
