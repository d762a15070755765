"""The end of a change: into a final state, in one transaction with the message that tells it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from ..chat import compose
from ..core.changes import Event, after
from ..core.incidents import close
from ..model.change import Change, ChangeState, Outcome
from ..model.incident import IncidentState
from ..store.records import Put, Records, Stored
from .links import Links
from .outbox import Outbox, audit

log = logging.getLogger("snatbot.advance")


class Ending:
    def __init__(self, records: Records, outbox: Outbox, links: Links) -> None:
        self._records = records
        self._outbox = outbox
        self._links = links

    def end(
        self,
        partition: str,
        stored: Stored[Change],
        event: Event,
        outcome: Outcome | None,
        now: datetime,
        wall: datetime,
    ) -> None:
        """A proposal that expired ends without a word; a proven fix also clears its incident."""
        ended = replace(stored.value, state=after(stored.value.state, event), due_at=None, outcome=outcome)
        writes: list[Put] = [
            Put(ended, stored.etag),
            audit(now, "snatbot", f"change {ended.state.value}", ended.id, outcome.reason if outcome else ""),
        ]
        if ended.state is ChangeState.FIXED:
            writes += self._closed_incident(ended, now)
        journal = [entry.value for entry in self._records.journal(partition, ended.id).values()]
        message = None if event is Event.EXPIRE else compose.change_finished(ended, self._links.page(ended), journal)
        writes += self._outbox.rows(ended.cluster_name, message, wall)
        self._records.commit_in(partition, writes)
        log.info("change %s: %s", ended.id, ended.state.value)

    def _closed_incident(self, change: Change, now: datetime) -> list[Put]:
        found = self._records.incident(change.cluster_id, change.incident_id) if change.incident_id else None
        if found is None or found.value.state is not IncidentState.OPEN:
            return []
        return [
            Put(close(found.value, now, f"fixed by change {change.id}"), found.etag),
            audit(now, "snatbot", "incident cleared", found.value.id, f"fixed by change {change.id}"),
        ]
