"""When scans and deliveries last succeeded or failed, in wall time; the health check reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..model.text import Text
from .records import ALL_CHANGES
from .table import ANY, Row, Table


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    at: datetime
    problems: tuple[Text, ...]  # what was missing
    raised: bool = False  # it ended with an exception


class Liveness:
    """``of`` is ``watch`` or ``deliver``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def last_success(self, of: str) -> datetime | None:
        return self._at(f"success-{of}")

    def record_success(self, of: str, at: datetime) -> None:
        self._write(f"success-{of}", Moment(at))

    def last_failure(self, of: str) -> Failure | None:
        stored = self._table.get(Failure, ALL_CHANGES, f"failure-{of}")
        return stored.value if stored else None

    def record_failure(self, of: str, at: datetime, problems: Sequence[Text], *, raised: bool = False) -> None:
        self._write(f"failure-{of}", Failure(at, tuple(problems), raised))

    def note_waiting(self, since: datetime | None) -> None:
        """Record since when the oldest message waits for delivery; None if none waits."""
        self._write("waiting", Moment(since))

    def waiting_since(self) -> datetime | None:
        return self._at("waiting")

    def _at(self, row: str) -> datetime | None:
        stored = self._table.get(Moment, ALL_CHANGES, row)
        return stored.value.at if stored else None

    def _write(self, row: str, value: object) -> None:
        self._table.write(ALL_CHANGES, Row(row, value, ANY))
