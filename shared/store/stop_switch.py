"""The switch that stops all changes before their next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..model.audit import AuditLine
from .records import ALL_CHANGES, Put, row_of
from .table import ANY, Row, Table

_ROW = "stop"


@dataclass(frozen=True, slots=True)
class StopFlag:
    is_set: bool = False  # no step of any change starts
    by: str = ""
    reason: str = ""
    at: datetime | None = None


class StopSwitch:
    def __init__(self, table: Table) -> None:
        self._table = table

    def stop_flag(self) -> StopFlag:
        stored = self._table.get(StopFlag, ALL_CHANGES, _ROW)
        return stored.value if stored else StopFlag()

    def set_stop_flag(self, flag: StopFlag, line: AuditLine) -> None:
        """Write the flag and its audit line, both or neither."""
        self._table.transaction(ALL_CHANGES, [Row(_ROW, flag, ANY), row_of(Put(line))])
