"""The switch that stops all changes before their next step.

Its row is signed. Where it is absent, or not this app's own, everything counts as stopped: whoever deletes the row must
not lift a stop by that. So the first row is written only with the table, and by a person's word otherwise.
"""

from dataclasses import dataclass
from datetime import datetime

from ..errors import KeyMissing, RowForged
from ..model.audit import ALL_STOPPED, EVERY_CHANGE, AuditLine
from ..model.text import Text, arranged
from .audit import AuditChain
from .audit_rows import row_of_line
from .errors import StoreConflict
from .records import ALL_CHANGES
from .signed_rows import RowSigner, SignedRows
from .table import ANY, Row, Table, stored

_KIND, _ROW = "stop flag", "stop"
_LIFT = Text("Look at who may write to the app's storage, then lift the stop: `python -m shared.cli start`")


@dataclass(frozen=True, slots=True)
class StopFlag:
    is_set: bool = False  # no step of any change starts
    by: str = ""
    reason: str = ""
    at: datetime | None = None


class StopSwitch:
    def __init__(self, table: Table, signer: RowSigner | None = None) -> None:
        self._table = table
        self._signed = SignedRows(signer)
        self._audit = AuditChain(table, signer)

    def stop_flag(self) -> StopFlag:
        found = [row for row in self._table.unread(ALL_CHANGES, _ROW) if row["RowKey"] == _ROW]
        if self._signed.signer is None:
            return stored(StopFlag, found[0]).value if found else StopFlag()
        if not found:
            return _doubted(
                Text("the stop flag is missing: it was deleted, or the app has not had a signing key before")
            )
        try:
            self._signed.verify(_KIND, found[0])
            flag = stored(StopFlag, found[0]).value
            if flag.is_set or not self._was_stopped_since(flag.at):
                return flag
        except (RowForged, KeyMissing) as doubt:
            return _doubted(doubt.text)
        return _doubted(Text("the stop flag is older than the last stop in the audit: somebody put it back"))

    def _was_stopped_since(self, at: datetime | None) -> bool:
        """Raises RowForged when the audit lacks a line since then, or KeyMissing."""
        lines = self._audit.proven_lines(ALL_CHANGES, EVERY_CHANGE, at)
        return any(line.event == ALL_STOPPED and line.at != at for line in lines)

    def set_stop_flag(self, flag: StopFlag, line: AuditLine) -> None:
        """Write the flag and its audit line, both or neither."""
        self._audit.commit(ALL_CHANGES, [self._row(flag, ANY), row_of_line(line)])

    def begin(self, now: datetime) -> None:
        """Nothing is stopped: only for a table that was created right now."""
        if self._signed.signer is not None:
            try:
                self._table.write(ALL_CHANGES, self._row(StopFlag(by="snatbot", reason="first start", at=now), None))
            except StoreConflict:
                return

    def _row(self, flag: StopFlag, etag: str | None) -> Row:
        return self._signed.signed(_KIND, ALL_CHANGES, Row(_ROW, flag, etag))


def _doubted(why: Text) -> StopFlag:
    return StopFlag(True, "snatbot", arranged("{why:sentence} {lift}", why=why, lift=_LIFT))
