"""Who else wrote to the subnets at the same time as snatbot, by the activity log.

The log is minutes late, so it is read once it should hold those writes. It counts only if it shows snatbot's own
writes: otherwise it may lack others too. If the log can't tell, the result says so, and never "nobody".
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...cloud.activity import ActivityLog
from ...cloud.errors import AzureError, Forbidden
from ...core.remediation.concurrent_writes import Overlap, OwnWrite, commands, describe, overlaps, own_writes
from ...formatting import listed, sentences
from ...ids import write_id
from ...model.change import Change, JournalEntry, Outcome
from ...model.plan import AssociateSubnet
from ...model.text import Text
from ...store.records import PutJournal, Stored
from .step_result import RECHECK_AFTER

log = logging.getLogger("snatbot.concurrent_writes")
LOG_LAG = timedelta(minutes=15)  # usual delay of Azure's log; snatbot waits for at most twice that
_BEFORE = timedelta(minutes=5)  # margin between snatbot's clock and Azure's; only Azure's clock decides what counts


@dataclass(frozen=True, slots=True)
class AuditResult:
    overlaps: tuple[Overlap, ...] = ()
    figure: Text = Text("")  # one sentence for people; empty if snatbot wrote nothing
    again_at: datetime | None = None  # when to read the log again

    def __add__(self, other: "AuditResult") -> "AuditResult":
        again_at = min(filter(None, (self.again_at, other.again_at)), default=None)
        return AuditResult((*self.overlaps, *other.overlaps), self.figure or other.figure, again_at)

    def added_to(self, outcome: Outcome) -> Outcome:
        """The outcome with this figure."""
        return replace(outcome, figures=(*outcome.figures, self.figure)) if self.figure else outcome

    @property
    def alarm(self) -> Text:
        """Every overlap, described."""
        return sentences(*map(describe, self.overlaps))

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands that show and restore what was overwritten."""
        return tuple(command for overlap in self.overlaps for command in commands(overlap))


def mark_reported(
    change: Change, journal: Mapping[int, Stored[JournalEntry]], found: Sequence[Overlap]
) -> tuple[PutJournal, ...]:
    """Record each overlap in the journal, so that people are notified once."""
    noted = {overlap.own.step: journal[overlap.own.step].value for overlap in found}
    for overlap in found:
        entry = noted[overlap.own.step]
        operations = (*entry.reported, overlap.other.operation_id)
        noted[entry.step] = replace(entry, reported=operations, note=sentences(entry.note, describe(overlap)))
    return tuple(PutJournal(change.id, entry, journal[step].etag) for step, entry in noted.items())


class ConcurrentWriteAudit:
    def __init__(self, activity: ActivityLog, app_id: str) -> None:
        self._activity = activity
        self._app_id = app_id

    def check(self, change: Change, journal: Mapping[int, Stored[JournalEntry]], now: datetime) -> AuditResult:
        """Without overlaps that were reported before. Azure's errors become part of the result."""
        entries = [row.value for row in journal.values()]
        entries = [entry for entry in entries if isinstance(change.plan.steps[entry.step], AssociateSubnet)]
        owns = [_own(change, entry) for entry in entries]
        if not owns:
            return AuditResult()
        wrote_at = max(entry.updated_at for entry in entries)
        if now < wrote_at + LOG_LAG:
            return AuditResult(again_at=wrote_at + LOG_LAG)
        may_wait = now < wrote_at + 2 * LOG_LAG
        try:
            unreadable: list[Text] = []
            start = min(entry.started_at for entry in entries) - _BEFORE
            subnet = owns[0].subnet_id
            found = self._activity.writes(subnet.subscription, subnet.resource_group, start, now, unreadable)
        except AzureError as error:
            log.warning("change %s: could not read the activity log: %s", change.id, error)
            if may_wait and not isinstance(error, Forbidden):
                return AuditResult(again_at=now + RECHECK_AFTER)
            return AuditResult(figure=_unclear(error.text_with_remedy))
        missing = [own for own in owns if own.is_expected and not own_writes(own, found, self._app_id)]
        if (missing or unreadable) and may_wait:
            return AuditResult(again_at=now + RECHECK_AFTER)
        known = {operation for entry in entries for operation in entry.reported}
        new = tuple(
            overlap
            for own in owns
            for overlap in overlaps(own, found, self._app_id)
            if overlap.other.operation_id not in known
        )
        if missing:
            names = listed([own.subnet_id.name for own in missing])
            why = Text("the activity log does not show snatbot's own write to {subnets}", subnets=names)
            return AuditResult(new, _unclear(why))
        if unreadable:
            why = Text.plural(
                "{count} event can't be read: {reason}",
                "{count} events can't be read: {reason}",
                count=len(unreadable),
                reason=unreadable[0],
            )
            return AuditResult(new, _unclear(why))
        if known:
            return AuditResult(
                new,
                Text(
                    "activity log: nobody else wrote to the subnets in the moment of snatbot's writes, "
                    "but for what was told"
                ),
            )
        return AuditResult(
            new, Text("activity log: nobody else wrote to the subnets in the moment of snatbot's writes")
        )


def _own(change: Change, entry: JournalEntry) -> OwnWrite:
    step = change.plan.steps[entry.step]
    assert isinstance(step, AssociateSubnet)
    return OwnWrite(
        step=entry.step,
        subnet_id=step.subnet_id,
        request_id=write_id(change.id, entry.step),
        exposed_seconds=entry.exposed_seconds,
        is_expected=entry.may_be_written or entry.exposed_seconds is not None,
        properties=entry.after or step.properties_before,
    )


def _unclear(reason: Text) -> Text:
    return Text(
        "could not tell whether anybody else wrote to the subnets in the moment of snatbot's writes: {reason}",
        reason=reason,
    )
