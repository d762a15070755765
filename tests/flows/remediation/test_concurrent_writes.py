"""When the activity log is asked, how long it is waited for, and what is said when it can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from shared.cloud.activity import ActivityLog
from shared.cloud.errors import AzureError, Forbidden, Unavailable
from shared.flows.remediation.concurrent_writes import LOG_LAG as LAG
from shared.flows.remediation.concurrent_writes import AuditResult, ConcurrentWriteAudit, mark_reported
from shared.ids import write_id
from shared.model.access import LoggedWrite
from shared.model.change import Change, ChangeState, JournalEntry, StepState
from shared.model.plan import AssociateSubnet
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.records import Stored
from tests.support.nouns import make_change

CHANGE = make_change(ChangeState.VERIFYING)
STEP = next(number for number, step in enumerate(CHANGE.plan.steps) if isinstance(step, AssociateSubnet))
AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
ENTRY = JournalEntry(STEP, StepState.DONE, AT, AT, after={}, note=Text("done"), exposed_seconds=0.5)


def subnet_id(change: Change = CHANGE) -> str:
    step = change.plan.steps[STEP]
    assert isinstance(step, AssociateSubnet)
    return step.subnet_id


def write(request_id: str, seconds: float = 0.0) -> LoggedWrite:
    return LoggedWrite(
        operation_id=f"operation of {request_id}",
        at=AT + timedelta(seconds=seconds),
        caller="somebody@example.com",
        action="Microsoft.Network/virtualNetworks/subnets/write",
        resource_id=ArmId(subnet_id()),
        correlation_id=request_id,
        request_ids=frozenset({request_id}),
    )


OURS, THEIRS = write(write_id(CHANGE.id, STEP)), write("theirs", -0.2)


class Log:
    def __init__(self, *writes: LoggedWrite, error: AzureError | None = None) -> None:
        self.found, self.error, self.asked = writes, error, 0
        self.unreadable: list[str] = []

    def writes(
        self, subscription: str, group: str, start: datetime, end: datetime, unreadable: list[str]
    ) -> tuple[LoggedWrite, ...]:
        self.asked += 1
        assert start < AT < end
        if self.error:
            raise self.error
        unreadable += self.unreadable
        return self.found


def look(log: Log, after: timedelta = LAG, journal: Sequence[JournalEntry] = (ENTRY,)) -> AuditResult:
    return ConcurrentWriteAudit(cast(ActivityLog, log), "").check(
        CHANGE, {entry.step: Stored(entry, "etag") for entry in journal}, AT + after
    )


def test_it_is_not_asked_before_it_can_know() -> None:
    log = Log()
    assert look(log, LAG - timedelta(seconds=1)).again_at == AT + LAG
    assert log.asked == 0


def test_a_change_without_a_subnets_write_has_nothing_to_ask() -> None:
    log = Log()
    assert look(log, journal=()) == AuditResult()
    assert log.asked == 0


def test_an_event_that_cannot_be_read_is_waited_for_then_said_and_what_is_seen_is_told() -> None:
    log = Log(OURS, THEIRS)
    log.unreadable = ["eventTimestamp is 'soon'"]
    assert look(log).again_at is not None
    seen = look(log, 2 * LAG)
    assert len(seen.overlaps) == 1
    assert "could not tell" in seen.figure
    assert "1 event can't be read: eventTimestamp" in seen.figure


def test_nobody_else_is_a_figure() -> None:
    seen = look(Log(OURS))
    assert (seen.overlaps, seen.again_at) == ((), None)
    assert "nobody else wrote" in seen.figure


def test_somebody_else_is_told_once() -> None:
    seen = look(Log(THEIRS, OURS))
    assert "(somebody@example.com)" in seen.alarm
    (noted,) = mark_reported(CHANGE, {STEP: Stored(ENTRY, "etag")}, seen.overlaps)
    assert (noted.etag, noted.entry.reported) == ("etag", (THEIRS.operation_id,))
    assert "somebody@example.com" in noted.entry.note
    again = look(Log(THEIRS, OURS), journal=[noted.entry])
    assert again.overlaps == ()
    assert "but for what was told" in again.figure


@pytest.mark.parametrize("log", [Log(THEIRS), Log(error=Unavailable("GET events", "busy", status=503))])
def test_a_log_that_lacks_our_own_write_or_does_not_answer_is_waited_for_but_not_for_ever(log: Log) -> None:
    later = look(log, LAG + timedelta(minutes=3))
    assert later.again_at == AT + LAG + timedelta(minutes=4)
    seen = look(log, 2 * LAG)
    assert seen.again_at is None
    assert seen.overlaps == ()
    assert seen.figure.startswith("could not tell whether anybody else wrote")


def test_a_log_that_may_not_be_read_is_not_waited_for() -> None:
    action: Any = "Microsoft.Insights/eventtypes/values/read"
    seen = look(Log(error=Forbidden("GET events", "no", missing_action=action)))
    assert seen.again_at is None
    assert action in seen.figure


def test_a_step_that_wrote_nothing_is_not_missed_in_the_log() -> None:
    seen = look(Log(), journal=[replace(ENTRY, exposed_seconds=None)])
    assert "nobody else wrote" in seen.figure


def test_a_write_whose_answer_nobody_saw_is_missed_in_the_log() -> None:
    seen = look(Log(), 2 * LAG, journal=[replace(ENTRY, exposed_seconds=None, may_be_written=True)])
    assert "could not tell" in seen.figure
