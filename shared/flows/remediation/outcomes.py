"""What becomes of a change that does not go on now."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ...chat import change_messages
from ...clock import Instant
from ...errors import KeyMissing
from ...model.change import Outcome, Verdict
from ...model.text import Text
from ...store.records import PutJournal
from ..approval.renew import PlanRenewer
from .change_run import ChangeRun
from .context import ExecutionContext
from .step_result import RECHECK_AFTER
from .waiting import NOTIFY_AFTER, WAIT_LIMIT

log = logging.getLogger("snatbot.remediation")


class ChangeOutcomes:
    """What becomes of a change that does not go on now: it waits, stops or ends."""

    def __init__(self, context: ExecutionContext, renewer: PlanRenewer) -> None:
        self._context = context
        self._renewer = renewer
        self._records = context.records
        self._clock = context.clock

    def _wait_for_key(self, run: ChangeRun, missing: KeyMissing) -> None:
        """Another instance may hold it, or it comes with the next deployment. What it signed is left alone."""
        change, now = run.change, self._clock.now()
        since = change.key_missing_since or now
        if now - since >= WAIT_LIMIT:
            self._stop(run, missing.text)
        else:
            waiting = replace(change, key_missing_since=since)
            self._wait(replace(run, stored=replace(run.stored, value=waiting)), missing.text)

    def _wait(self, run: ChangeRun, reason: Text, not_before: datetime | None = None) -> None:
        """Check again soon. If that takes longer, people are notified once."""
        change, now = run.change, self._clock.now()
        log.warning("change %s does not start yet: %s", change.id, reason)
        since = change.decision.decided_at if change.decision else now
        later, rows = replace(change, due_at=now + RECHECK_AFTER, not_before=not_before or change.not_before), []
        if not change.waits_for and now - since >= NOTIFY_AFTER:
            later = replace(later, waits_for=reason)
            message = change_messages.change_waiting(later, reason, self._context.links.page(later))
            rows = self._context.outbox.rows(change.cluster_name, message, self._clock.wall())
        self._records.commit_in(run.partition, [run.put(later), *rows])

    def _check_later(self, run: ChangeRun, at: datetime) -> None:
        later = replace(run.change, due_at=at, waits_for=Text(""), key_missing_since=None)
        self._records.commit_in(run.partition, [run.put(later)])

    def _stop(
        self, run: ChangeRun, reason: Text, commands: tuple[str, ...] = (), entries: Sequence[PutJournal] = ()
    ) -> None:
        self._context.finisher.stop(run, Instant.of(self._clock), reason, commands, entries)

    def _end(self, run: ChangeRun, outcome: Outcome) -> None:
        log.error("change %s %s: %s", run.change.id, outcome.verdict.value, outcome.reason)
        self._context.finisher.end(run, outcome, Instant.of(self._clock))

    def _replan(self, run: ChangeRun, verdict: Verdict, reason: Text) -> None:
        """End the change, and offer a plan for the present network."""
        self._end(run, Outcome(verdict, reason))
        self._renewer.offer_again(run.partition, run.change)
