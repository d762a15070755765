"""The journal of one change, one row for each step. Only the worker that holds the claim writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...chat.message import Message
from ...model.change import Change, JournalEntry, StepState
from ...store.records import Put, PutJournal, Stored
from ...store.vnet_lock import HeldClaim
from .change_run import ChangeRun
from .context import ExecutionContext


class StepJournal:
    def __init__(self, context: ExecutionContext, run: ChangeRun, claim: HeldClaim) -> None:
        self._context = context
        self._partition = run.partition
        self._claim = claim
        # Read once: nobody else writes it while the claim is held, and each commit returns the new ETags.
        self.entries = context.records.journal(run.partition, run.change.id)

    def current(self, change: Change) -> Stored[JournalEntry]:
        """The current step's journal row, written before anything else happens for the step."""
        found = self.entries.get(change.step)
        if found is not None and found.value.state is not StepState.STOPPED:
            return found
        now = self._context.clock.now()
        if found is None:
            entry = JournalEntry(change.step, StepState.STARTED, now, now, before=self._before(change))
        else:
            # A person resumed the change: the time limit starts again, and the state before the first write is kept.
            written = found.value.was_written
            entry = replace(
                found.value,
                state=StepState.STARTED,
                started_at=now,
                updated_at=now,
                writes=0,
                may_be_written=written,
                is_wait_notified=False,
                before=found.value.before if written else self._before(change),
            )
        self.commit([PutJournal(change.id, entry, found.etag if found else None)])
        return self.entries[change.step]

    def _before(self, change: Change) -> dict[str, Any] | None:
        previous = self.entries.get(change.step - 1)
        return self._context.gate.before(change, previous.value if previous else None, self._context.clock.now())

    def commit(
        self, writes: Sequence[Put | PutJournal], cluster_name: str = "", message: Message | None = None
    ) -> None:
        """Commit, after renewing the claim: a worker that lost the claim writes nothing."""
        wall = self._context.clock.wall()
        self._claim.renew(wall)
        rows = self._context.outbox.rows(cluster_name, message, wall)
        etags = self._context.records.commit_in(self._partition, [*writes, *rows])
        for write, etag in zip(writes, etags, strict=False):
            if isinstance(write, PutJournal):
                self.entries[write.entry.step] = Stored(write.entry, etag)
