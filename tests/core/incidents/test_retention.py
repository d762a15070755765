"""What may be deleted: nothing that is not final, and nothing that ownership of a live resource hangs on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core.incidents.retention import (
    audit_limit,
    is_removable_record,
    named_resources,
    removable_changes,
    removable_incidents,
)
from shared.model.change import FINAL_STATES, Change, ChangeState
from shared.model.incident import ClusterRecord, IncidentState
from shared.model.resource_id import ArmId
from tests.support.nouns import make_change, make_incident, make_journal

CHANGE = make_change(ChangeState.FIXED)
NOW = CHANGE.proposed_at + timedelta(days=60)


def removable(*changes: Change, now: datetime = NOW, gone: bool = True) -> list[str]:
    return [change.id for change in removable_changes(changes, {}, now, lambda _: gone)]


def test_an_old_final_change_goes_when_all_that_it_names_is_gone() -> None:
    assert named_resources(CHANGE)
    asked: list[str] = []

    def is_deleted(resource_id: str) -> bool:
        asked.append(resource_id)
        return True

    assert removable_changes([CHANGE], {}, NOW, is_deleted) == (CHANGE,)
    assert asked == list(named_resources(CHANGE))


def test_a_change_whose_resources_exist_or_cannot_be_read_stays() -> None:
    for kept in named_resources(CHANGE):
        assert removable_changes([CHANGE], {}, NOW, kept.__ne__) == ()


@pytest.mark.parametrize("state", sorted(set(ChangeState) - FINAL_STATES))
def test_an_unfinished_change_stays_however_old_it_is(state: ChangeState) -> None:
    assert removable(make_change(state), now=NOW + timedelta(days=4000)) == []


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_final_change_is_kept_for_thirty_days(state: ChangeState) -> None:
    change = make_change(state)
    assert removable(change, now=change.proposed_at + timedelta(days=30)) == []
    assert removable(change, now=change.proposed_at + timedelta(days=60)) == [change.id]


def test_days_count_from_the_last_thing_that_happened_to_it() -> None:
    entry = replace(make_journal()[0], updated_at=NOW - timedelta(days=29))
    assert removable_changes([CHANGE], {CHANGE.id: [entry]}, NOW, lambda _: True) == ()


def test_a_proposal_that_nobody_approved_owns_nothing() -> None:
    proposal = replace(make_change(ChangeState.EXPIRED), decision=None, start=None, step=0)
    assert removable(proposal, gone=False) == [proposal.id]


def test_what_a_kept_change_takes_back_stays_with_it() -> None:
    rollback = replace(make_change(ChangeState.STOPPED), id="back", plan=replace(CHANGE.plan, of_change_id=CHANGE.id))
    deletion = replace(rollback, id="delete", plan=replace(CHANGE.plan, of_change_id="back"))
    assert removable(CHANGE, rollback) == []
    assert removable(CHANGE, replace(rollback, state=ChangeState.ROLLED_BACK), deletion) == []
    assert len(removable(CHANGE, *(replace(one, state=ChangeState.DONE) for one in (rollback, deletion)))) == 3


def test_an_incident_is_kept_while_it_is_open_or_a_change_is_about_it() -> None:
    opened = make_incident()
    cleared = replace(opened, state=IncidentState.CLEARED, cleared_at=NOW - timedelta(days=31))
    assert removable_incidents([opened], [], NOW) == ()
    assert removable_incidents([cleared], [], NOW) == (cleared,)
    assert removable_incidents([cleared], [replace(CHANGE, incident_id=cleared.id)], NOW) == ()
    assert removable_incidents([replace(cleared, cleared_at=NOW - timedelta(days=30))], [], NOW) == ()


def test_audit_lines_are_deleted_in_whole_days() -> None:
    now = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
    assert audit_limit(now) == datetime(2025, 10, 18, tzinfo=UTC)
    assert audit_limit(now + timedelta(hours=4)) == audit_limit(now)


def test_a_record_goes_when_nothing_has_touched_it_for_thirty_days() -> None:
    record = ClusterRecord(ArmId("id"), "name", judged_until=NOW - timedelta(days=31))
    assert is_removable_record(record, NOW)
    assert not is_removable_record(replace(record, judged_until=NOW), NOW)
    assert not is_removable_record(replace(record, silenced_until=NOW + timedelta(days=1)), NOW)
