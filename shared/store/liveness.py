"""When watching and delivering last succeeded or failed, in wall time: what the health check reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .records import ALL_CHANGES
from .table import ANY, Row, Table


@dataclass(frozen=True, slots=True)
class Success:
    at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    at: datetime
    problems: tuple[str, ...]  # what was missing
    raised: bool = False  # it ended in the middle


@dataclass(frozen=True, slots=True)
class Waiting:
    since: datetime | None  # the oldest message to be delivered, as the last tick saw it


class Liveness:
    """``of`` is ``watch`` or ``deliver``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def last_success(self, of: str) -> datetime | None:
        stored = self._table.get(Success, ALL_CHANGES, f"success-{of}")
        return stored.value.at if stored else None

    def record_success(self, of: str, at: datetime) -> None:
        self._write(f"success-{of}", Success(at))

    def last_failure(self, of: str) -> Failure | None:
        stored = self._table.get(Failure, ALL_CHANGES, f"failure-{of}")
        return stored.value if stored else None

    def record_failure(self, of: str, at: datetime, problems: Sequence[str], *, raised: bool = False) -> None:
        self._write(f"failure-{of}", Failure(at, tuple(problems), raised))

    def note_waiting(self, since: datetime | None) -> None:
        """None when no message waits."""
        self._write("waiting", Waiting(since))

    def waiting_since(self) -> datetime | None:
        stored = self._table.get(Waiting, ALL_CHANGES, "waiting")
        return stored.value.since if stored else None

    def _write(self, row: str, value: object) -> None:
        self._table.write(ALL_CHANGES, Row(row, value, ANY))
