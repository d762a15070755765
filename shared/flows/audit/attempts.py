"""Audit refused attempts and failed sign-ins: a line each, and above 20 a minute from one source a line for the rest.

The rest is counted in memory: if this instance ends within that minute, the count is lost, and the 20 lines stay.
"""

import logging
import threading
from collections import Counter
from datetime import datetime, timedelta

from ...errors import SnatbotError
from ...ids import new_id
from ...model.audit import AuditLine
from ...store.audit import AUDIT_PARTITION
from ...store.records import Put, Records

log = logging.getLogger("snatbot.audit")
LINES_A_MINUTE = 20
_MOST_SOURCES = 50  # more are one source
_OTHERS = "other sources"


class RefusedAttempts:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._counts: Counter[str] = Counter()  # by source, in this minute

    def note(self, source: str, event: str, subject: str, detail: str, now: datetime) -> None:
        """Never raises: the refusal counts more than its line. ``source``: who, as far as known."""
        with self._lock:
            ended = self._ended(now)
            source = source if source in self._counts or len(self._counts) < _MOST_SOURCES else _OTHERS
            self._counts[source] += 1
            is_counted_only = self._counts[source] > LINES_A_MINUTE
        line = AuditLine(new_id(), now, source, event, subject, detail)
        self._write([*ended, *([] if is_counted_only else [line])])

    def flush(self, now: datetime) -> None:
        """Write the counts of a minute that is over."""
        with self._lock:
            ended = self._ended(now)
        self._write(ended)

    def _ended(self, now: datetime) -> list[AuditLine]:
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute:
            return []
        at = self._minute + timedelta(minutes=1) if self._minute else now
        more = {source: count - LINES_A_MINUTE for source, count in self._counts.items() if count > LINES_A_MINUTE}
        self._minute, self._counts = minute, Counter()
        within = f"more within the minute before {at:%H:%M} UTC"
        return [
            AuditLine(new_id(), at, source, "more attempts refused", "attempts", f"{count} {within}")
            for source, count in more.items()
        ]

    def _write(self, lines: list[AuditLine]) -> None:
        try:
            if lines:
                self._records.commit_in(AUDIT_PARTITION, [Put(line) for line in lines])
        except SnatbotError as error:
            log.error("could not audit %d refused attempts: %s", len(lines), error)
