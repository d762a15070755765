"""End or stop a change, in one transaction with its audit line and its message."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...chat import change_messages, outcome_messages, waiting_messages
from ...chat.message import Message
from ...chat.outcome_messages import with_receipt
from ...clock import Instant
from ...core.incidents.lifecycle import close
from ...core.remediation.state_machine import ENDED_BY, Event, next_state
from ...formatting import listed
from ...model.audit import now_is
from ...model.change import Change, ChangeState, JournalEntry, Outcome, Verdict
from ...model.plan import CURES, ObserveEgress, PlanKind
from ...model.text import Text, arranged, verbatim
from ...store.records import Put, PutJournal, Records
from ..approval.propose import open_incident
from ..approval.propose_for_incident import TRY_AGAIN_AFTER
from ..notification.outbox import Outbox, audit
from .change_run import ChangeRun
from .concurrent_writes import LOG_LAG, AuditResult

log = logging.getLogger("snatbot.remediation")


def outcome_without_verifying(
    change: Change, journal: Sequence[JournalEntry], authorize: Callable[[str, Sequence[str]], str]
) -> Outcome | None:
    """The outcome of a change whose steps are all done; None if it must be verified first.

    ``authorize`` maps a cluster id and addresses to the command that adds these to the API server's list; empty: not
    needed.
    """
    match change.plan.kind:
        case PlanKind.DETACH_NAT_GATEWAY:
            reason = Text("every subnet is without the NAT gateway again, read back from Azure")
            return Outcome(Verdict.ROLLED_BACK, reason, _observed(change, journal))
        case PlanKind.DELETE_NAT_GATEWAY:
            reason = Text("what snatbot created is deleted, read back from Azure")
            return Outcome(Verdict.DONE, reason, change.plan.notes)
        case PlanKind.RESERVE_PUBLIC_IPS:
            addresses = [str((entry.after or {}).get("address", "")) for entry in journal]
            return _reserved([address for address in addresses if address], authorize, change.cluster_id)
        case _:
            return None


def _observed(change: Change, journal: Sequence[JournalEntry]) -> tuple[Text, ...]:
    """What each gate measured, one sentence for each subnet."""
    notes = [(change.plan.steps[entry.step], entry.note) for entry in journal]
    gates = [(step.subnet_id, note) for step, note in notes if isinstance(step, ObserveEgress)]
    found = tuple(arranged("`{subnet}`: {note}", subnet=subnet_id.name, note=note) for subnet_id, note in gates)
    return found or (Text("what the nodes' connections did afterwards was not measured"),)


def _reserved(addresses: Sequence[str], authorize: Callable[[str, Sequence[str]], str], cluster_id: str) -> Outcome:
    command = authorize(cluster_id, addresses)
    advice = [Text("Give the addresses to partners whose firewalls list the old ones.")]
    if command:
        advice.append(Text("Add them to the API server's authorized IP ranges."))
    advice.append(Text("Then ask for a new plan: it uses these addresses."))
    reason = Text("reserved {addresses}; nothing uses them yet", addresses=listed(addresses, 16))
    commands = (verbatim(command),) if command else ()
    return Outcome(Verdict.DONE, reason, tuple(map(verbatim, addresses)), tuple(advice), commands)


class ChangeFinisher:
    def __init__(self, records: Records, outbox: Outbox, links: Links, offer_again_after: timedelta) -> None:
        """``offer_again_after``: when an incident whose plan failed gets another plan, if it is still open."""
        self._records = records
        self._outbox = outbox
        self._links = links
        self._offer_again_after = offer_again_after

    def end(self, run: ChangeRun, outcome: Outcome | None, at: Instant) -> None:
        """A verified fix also clears its incident. Silence holds back only the message that a proposal expired.

        ``outcome``: None for a proposal that expired; an approval that was not used in time expires with an outcome.
        """
        now = at.domain
        state = next_state(run.change.state, ENDED_BY[outcome.verdict] if outcome else Event.EXPIRE)
        due_at = now + LOG_LAG if state is ChangeState.ROLLED_BACK else None
        ended = replace(run.change, state=state, due_at=due_at, outcome=outcome)
        writes = [run.put(ended), audit(now, "snatbot", now_is(state), ended.id, outcome.reason if outcome else "")]
        if state is ChangeState.FIXED:
            writes += self._closed_incident(run.partition, ended, now)
        retry = self._planned_again(run.partition, ended, now)
        if outcome is None:
            message = self._expired(ended, now, is_tried_again=bool(retry))
        else:
            journal = [entry.value for entry in self._records.journal(run.partition, ended.id).values()]
            finished = outcome_messages.change_finished(ended, self._links.page(ended), journal)
            message = with_receipt(finished, self._links.receipt(ended), self._records.newest_root(now))
        rows = self._outbox.rows(ended.cluster_name, message, at.wall)
        self._records.commit_in(run.partition, [*writes, *retry, *rows])
        log.info("change %s: %s", ended.id, state.value)

    def end_rollback(self, run: ChangeRun, found: AuditResult, at: Instant) -> None:
        """Add what the activity log showed to a rollback, and notify people of overlaps."""
        change, outcome = run.change, run.change.outcome
        message, lines, reason, commands = None, [], found.alarm, tuple(map(verbatim, found.commands))
        if outcome is not None:
            outcome = found.added_to(outcome)
            outcome = replace(outcome, advice=(*outcome.advice, reason), commands=commands) if reason else outcome
        ended = replace(change, due_at=None, outcome=outcome)
        if reason:
            message = outcome_messages.concurrent_write_found(ended, reason, self._links.page(ended), commands)
            lines = [audit(at.domain, "snatbot", "another writer in between", change.id, reason)]
            log.error("change %s: %s", change.id, reason)
        rows = self._outbox.rows(change.cluster_name, message, at.wall)
        self._records.commit_in(run.partition, [run.put(ended), *lines, *rows])

    def stop(
        self,
        run: ChangeRun,
        at: Instant,
        reason: Text,
        commands: tuple[str, ...] = (),
        entries: Sequence[PutJournal] = (),
    ) -> None:
        """Nothing more is done until a person acts. The steps that were done stay as they are.

        Without ``entries`` it stops what can't be verified too.
        """
        state = next_state(run.change.state, Event.STOP)
        stopped = replace(run.change, state=state, due_at=None, stop_reason=reason)
        stopped = replace(stopped, stop_commands=tuple(map(verbatim, commands)), key_missing_since=None)
        if entries:
            stopped = self._records.with_journal(run.partition, stopped, entries)
        message = change_messages.change_stopped(stopped, self._links.page(stopped))
        line = audit(at.domain, "snatbot", "change stopped", stopped.id, reason)
        rows = self._outbox.rows(stopped.cluster_name, message, at.wall)
        self._records.commit_in(run.partition, [run.put(stopped), *entries, line, *rows])
        log.error("change %s stopped: %s", stopped.id, reason)

    def _planned_again(self, partition: str, change: Change, now: datetime) -> list[Put]:
        """Schedule a new plan for an incident that is still open, not before ``offer_again_after``."""
        if change.state not in (ChangeState.EXPIRED, ChangeState.FAILED) or change.plan.kind not in CURES:
            return []
        delay = TRY_AGAIN_AFTER if change.state is ChangeState.EXPIRED else self._offer_again_after
        found = open_incident(self._records, partition, change)
        return [Put(replace(found.value, plan_due_at=now + delay), found.etag)] if found else []

    def _expired(self, change: Change, now: datetime, *, is_tried_again: bool) -> Message | None:
        record = self._records.cluster(change.cluster_id)
        if record is not None and record.value.is_silenced(now):
            return None
        return waiting_messages.change_expired(change, self._links.page(change), is_tried_again=is_tried_again)

    def _closed_incident(self, partition: str, change: Change, now: datetime) -> list[Put]:
        found = open_incident(self._records, partition, change)
        if found is None:
            return []
        reason = Text("fixed by change {change}", change=change.id)
        return [
            Put(close(found.value, now, reason), found.etag),
            audit(now, "snatbot", "incident cleared", found.value.id, reason),
        ]
