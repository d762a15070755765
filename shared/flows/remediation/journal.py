"""The journal of one change, one row for each step. Only the worker that holds the claim writes it.

The change's row holds the signatures of the journal's rows, so each write includes both.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...chat.message import Message
from ...model.change import Change, JournalEntry, StepState
from ...model.text import Text
from ...store.errors import StoreConflict
from ...store.records import Put, PutJournal, Stored
from ...store.vnet_lock import HeldClaim
from .change_run import ChangeRun
from .context import ExecutionContext


class StepJournal:
    def __init__(self, context: ExecutionContext, run: ChangeRun, claim: HeldClaim) -> None:
        self._context = context
        self.run = run  # with the change that this worker last read or wrote
        self._claim = claim
        # Read once: nobody else writes to it while the claim is held, and each commit returns the rows' new ETags.
        self.entries = context.records.verified_journal(run.partition, run.change)

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
        self,
        writes: Sequence[PutJournal],
        changed: Change | None = None,
        lines: Sequence[Put] = (),
        message: Message | None = None,
    ) -> None:
        """Commit, after renewing the claim: a worker that lost the claim writes nothing.

        With ``changed`` the stored change must be the one that this worker read. Without, the journal's signatures are
        added to the change even if a person changed it meanwhile.
        """
        wall = self._context.clock.wall()
        self._claim.renew(wall)
        messages = self._context.outbox.rows(self.run.change.cluster_name, message, wall)
        try:
            self._write(changed or self.run.change, writes, [*lines, *messages])
        except StoreConflict:
            stored = self._context.records.change(self.run.partition, self.run.change_id)
            if changed is not None or stored is None:
                raise
            self.run = replace(self.run, stored=stored)
            self._write(stored.value, writes, [])

    def _write(self, change: Change, writes: Sequence[PutJournal], rows: Sequence[Put]) -> None:
        records, partition = self._context.records, self.run.partition
        # the change runs, so it waits for nothing
        change = replace(records.with_journal(partition, change, writes), waits_for=Text(""), key_missing_since=None)
        etag, *etags = records.commit_in(partition, [self.run.put(change), *writes, *rows])
        self.run = replace(self.run, stored=Stored(change, etag))
        for write, journal_etag in zip(writes, etags, strict=False):
            self.entries[write.entry.step] = Stored(write.entry, journal_etag)
