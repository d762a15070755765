"""A step's row is there before its work, and what was there before a write is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.flows.remediation.journal import StepJournal
from shared.model.change import StepState
from shared.store.errors import StoreConflict
from shared.store.records import PutJournal
from shared.store.table import Table
from tests.support.remediation import PARTITION, Remediation

BEFORE, NOW_THERE = {"ready_nodes": ["n1"]}, {"ready_nodes": ["n2"]}


def journal_of(stage: Remediation, before: dict[str, Any] | None = None) -> StepJournal:
    stage.gate.before = lambda *_: before  # type: ignore[method-assign, assignment]
    return StepJournal(stage.context, stage.run, stage.claim())


def test_a_step_gets_its_row_once_with_what_was_there_before(table: Table) -> None:
    stage = Remediation(table)
    first = journal_of(stage, BEFORE).current(stage.change)
    assert stage.records.journal(PARTITION, stage.id)[0].value == first.value
    assert (first.value.state, first.value.before) == (StepState.STARTED, BEFORE)
    assert journal_of(stage, NOW_THERE).current(stage.change).value.before == BEFORE, "another worker goes on from it"


@pytest.mark.parametrize(("was_written", "before"), [(True, BEFORE), (False, NOW_THERE)])
def test_a_step_that_a_person_resumes_waits_anew(table: Table, was_written: bool, before: dict[str, Any]) -> None:
    stage = Remediation(table)
    journal = journal_of(stage, BEFORE)
    entry = journal.current(stage.change)
    writes = int(was_written)
    stopped = replace(entry.value, state=StepState.STOPPED, writes=writes, is_wait_notified=True)
    journal.commit([PutJournal(stage.id, stopped, entry.etag)])
    stage.clock.sleep(3_600)
    resumed = journal_of(stage, NOW_THERE).current(stage.change).value
    assert (resumed.state, resumed.writes, resumed.is_wait_notified) == (StepState.STARTED, 0, False)
    assert resumed.started_at == stage.clock.now()
    assert resumed.before == before, "what was there before a write stands"
    assert resumed.was_written is was_written


def test_several_commits_in_a_row_need_no_new_read(table: Table) -> None:
    stage = Remediation(table)
    journal = journal_of(stage)
    for number in range(3):
        entry = journal.current(stage.change)
        journal.commit([PutJournal(stage.id, replace(entry.value, attempts=number), entry.etag)])
    assert stage.records.journal(PARTITION, stage.id)[0].value.attempts == 2


def test_a_worker_that_lost_the_claim_journals_nothing(table: Table) -> None:
    stage = Remediation(table)
    journal = journal_of(stage)
    stage.clock.time += stage.vnet_lock.lease + timedelta(seconds=1)
    stage.claim("another worker")
    with pytest.raises(StoreConflict):
        journal.current(stage.change)
    assert stage.records.journal(PARTITION, stage.id) == {}
