"""Whether a change may write: exactly this plan was approved, in time, and the approval was not used before.

Storage is not trusted. The app signs the decision with its times, the start of each run, the journal, and the audit. It
verifies them, and compares row, journal and audit. Restoring an older state of all three together is not detected: see
docs/security.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ...auth.errors import ApprovalTooOld, DecisionForged, RecordsDisagree, RemediationOff
from ...auth.signing import Signer
from ...core.planning.digest import digest
from ...errors import Refused
from ...formatting import utc
from ...ids import cluster_key, new_id
from ...model.audit import ENDED, RESUMED, STARTED, AuditLine, now_is, step_done
from ...model.change import Change, ChangeState, Decision, JournalEntry, Start, StepState
from ...model.resource_id import same_id
from ...model.text import Text
from ...store.records import Put, Records, Stored
from .change_run import ChangeRun
from .drift import is_writing

_APPROVED, _STOPPED = now_is(ChangeState.APPROVED), now_is(ChangeState.STOPPED)
_SKEW = timedelta(minutes=10)  # between the clocks of two workers


class Authority:
    def __init__(self, signer: Signer, records: Records, *, is_remediation_on: bool) -> None:
        self._signer = signer
        self._records = records
        self.is_on = is_remediation_on

    def check(self, run: ChangeRun, now: datetime) -> None:
        """Called before a change starts, and whenever a worker resumes it.

        Raises RemediationOff, ApprovalTooOld, DecisionForged, RowForged, KeyMissing, RecordsDisagree, or Refused for a
        plan without steps.
        """
        change = run.change
        decision = self._signed(change)
        if not change.plan.steps:
            raise Refused(Text("the plan is advice for a person: there is nothing to apply"))
        if change.plan.vnet_id is None:
            raise Refused(Text("the plan names no virtual network"))
        is_in_its_row = change.id == run.change_id and run.partition == cluster_key(change.plan.cluster_id)
        if not is_in_its_row or not same_id(change.cluster_id, change.plan.cluster_id):
            raise RecordsDisagree(Text("the row is not where it belongs"))
        self._compare(run.partition, change, decision)
        _refuse_late(change, decision, now)

    def check_write(self, change: Change, now: datetime) -> None:
        """Called right before each write to Azure; it reads nothing, to lose no time. Raises as ``check``."""
        decision = self._signed(change)
        if change.start is None:
            raise RecordsDisagree(Text("it is at work and was never started"))
        _refuse_late(change, decision, now)

    def check_journal(self, partition: str, change: Change) -> None:
        """Called before each write, with the stored change. Raises RowForged or KeyMissing."""
        self._records.verified_journal(partition, change)

    def start(self, change: Change, now: datetime) -> tuple[Start, Put]:
        """The start of a run, and its audit line: one transaction must write both."""
        decision = self._signed(change)
        approved, until = utc(decision.decided_at), utc(decision.write_until)
        line = AuditLine(
            new_id(),
            now,
            "snatbot",
            STARTED,
            change.id,
            f"approved by {decision.approver}, {approved}; nothing after {until}",
        )
        return self._signer.start(change, now, line.id), Put(line)

    def _signed(self, change: Change) -> Decision:
        if not self.is_on:
            raise RemediationOff
        decision = self._signer.verify_decision(change)
        if digest(change.plan) != decision.digest:
            raise DecisionForged
        if change.start is not None:
            self._signer.verify_start(change, change.start)
        return decision

    def _compare(self, partition: str, change: Change, decision: Decision) -> None:
        """A race with another worker is harmless: a worker can end the change only if its row did not change."""
        journal = self._records.verified_journal(partition, change)
        since = self._records.proven_audit(partition, change.id, decision.decided_at - _SKEW)
        lines = {line.id: line.event for line in since}
        events = frozenset(lines.values())
        if _APPROVED not in events:
            raise RecordsDisagree(Text("the audit does not know its approval"))
        if events & ENDED:
            raise RecordsDisagree(Text("it has ended before"))
        halts = [line.event for line in since if line.event in (_STOPPED, RESUMED)]
        if halts and halts[-1] == _STOPPED:
            raise RecordsDisagree(Text("it was stopped, and nobody resumed it"))
        if change.start is None:
            is_running = change.state is ChangeState.APPLYING or change.step > 0
            if is_running or journal or STARTED in events:
                raise RecordsDisagree(
                    Text("it was never started") if is_running else Text("its approval was used before")
                )
        elif lines.get(change.start.line_id) != STARTED:
            raise RecordsDisagree(Text("the audit does not know its start"))
        _compare_steps(change, journal, events)


def _compare_steps(change: Change, journal: Mapping[int, Stored[JournalEntry]], events: frozenset[str]) -> None:
    for number in range(len(change.plan.steps)):
        is_done = number < change.step
        entry = journal.get(number)
        is_journaled = entry is not None and entry.value.state is StepState.DONE
        if not is_done == is_journaled == (step_done(number) in events):
            raise RecordsDisagree(Text("on whether step {step} is done", step=number + 1))


def _refuse_late(change: Change, decision: Decision, now: datetime) -> None:
    at = decision.decided_at
    if at >= decision.decide_by:
        until = decision.decide_by
        raise ApprovalTooOld(Text("it was approved at {at}, and could be until {until}", at=at, until=until))
    if change.start is None and now >= decision.start_by:
        start_by = decision.start_by
        raise ApprovalTooOld(Text("it was approved at {at} and had to start by {start_by}", at=at, start_by=start_by))
    if now >= decision.write_until and is_writing(change.plan, change.step):
        since = decision.write_until
        raise ApprovalTooOld(
            Text("it was approved at {at}, and nothing may be written under it since {since}", at=at, since=since)
        )
