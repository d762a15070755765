"""Changes that stopped or are stopped: resumed under their approval, or given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Refused
from shared.model.change import Action, ChangeState, JournalEntry, StepState
from shared.model.plan import AssociateSubnet
from shared.model.text import verbatim
from shared.store.records import Put, PutJournal
from shared.store.table import Table
from tests.support.desk import PARTITION, SOON, TARGET, WHO, Desk
from tests.support.nouns import NOW, VNET, make_change, make_journal

S = ChangeState


@pytest.fixture
def desk(table: Table) -> Desk:
    return Desk(table)


def test_a_stopped_change_is_resumed_under_its_first_approval(desk: Desk) -> None:
    before = desk.put(S.STOPPED)
    desk.vnet_lock.claim_vnet(VNET, before.id, "w1", SOON)
    change = desk.decide(Action.RESUME, who="Maria Ortega")
    assert (change.state, change.due_at, change.stop_reason) == (S.APPROVED, SOON, "")
    assert change.decision == before.decision
    assert change.step == before.step
    assert desk.audited() == [("Maria Ortega", "change resumed")]
    assert desk.told() == ["Plan for shop-prod resumed"]


def test_a_stopped_change_is_resumed_however_old_its_proposal_is(desk: Desk) -> None:
    """How old its approval may be is looked at where it starts again."""
    before = desk.put(S.STOPPED)
    assert desk.decide(Action.RESUME, now=before.expires_at + timedelta(days=3)).state is S.APPROVED


def test_giving_up_ends_a_stopped_change_and_says_who_and_why(desk: Desk) -> None:
    before = desk.put(S.STOPPED)
    change = desk.decide(Action.GIVE_UP, who="Maria Ortega")
    assert (change.state, change.due_at) == (S.FAILED, None)
    assert change.outcome is not None
    assert "given up by Maria Ortega after 4 of 7 steps" in change.outcome.reason
    assert before.stop_reason in change.outcome.reason
    assert desk.audited() == [("Maria Ortega", "change given up")]
    assert desk.told() == ["The change on shop-prod was given up"]
    assert change.leaves_something


@pytest.mark.parametrize("written", [True, False])
def test_what_was_given_up_can_be_taken_back_only_if_it_attached_something(desk: Desk, written: bool) -> None:
    before = desk.put(S.STOPPED)
    at = next(n for n, step in enumerate(before.plan.steps) if isinstance(step, AssociateSubnet))
    entry = replace(make_journal()[0], step=at, may_be_written=written)
    desk.records.commit_in(PARTITION, [PutJournal(before.id, entry)])
    assert desk.flow.actions.of(before, SOON) == (
        Action.RESUME,
        *((Action.ROLL_BACK,) if written else ()),
        Action.GIVE_UP,
    )
    ended = desk.decide(Action.GIVE_UP)
    assert desk.flow.actions.of(ended, SOON) == (*((Action.ROLL_BACK,) if written else ()), Action.DELETE)


def test_approving_a_change_ends_what_stopped_on_the_cluster(desk: Desk) -> None:
    """What stopped was planned for another world: its old approval must not write after this one."""
    stopped = desk.put(S.STOPPED)
    desk.put(change=replace(make_change(), id="chg-later"))
    desk.decide(target=replace(TARGET, change_id="chg-later"))
    ended = desk.change()
    assert (ended.state, ended.stop_reason) == (S.SUPERSEDED, "superseded by change chg-later")
    with pytest.raises(Refused):
        desk.decide(Action.RESUME)
    assert ended.step == stopped.step


RUNNING = [S.APPROVED, S.APPLYING, S.VERIFYING]


@pytest.mark.parametrize("state", RUNNING)
def test_a_running_change_is_stopped_from_its_page_and_can_be_resumed(desk: Desk, state: ChangeState) -> None:
    before = desk.put(state)
    assert desk.flow.actions.of(before, SOON)[0] == Action.STOP
    change = desk.decide(Action.STOP, who="Maria Ortega")
    assert (change.state, change.due_at, change.stop_reason) == (S.STOPPED, None, "stopped by Maria Ortega")
    assert (change.step, change.decision) == (before.step, before.decision)
    assert desk.audited() == [("Maria Ortega", "change stopped")]
    assert desk.told() == ["The change on shop-prod has stopped"]
    assert desk.decide(Action.RESUME).state is S.APPROVED


@pytest.mark.parametrize("state", [state for state in ChangeState if state not in RUNNING])
def test_nothing_else_can_be_stopped(desk: Desk, state: ChangeState) -> None:
    before = desk.put(state)
    with pytest.raises(Refused):
        desk.decide(Action.STOP)
    assert desk.change() == before


def test_a_stop_counts_although_a_worker_writes_at_the_same_moment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put(S.APPLYING)
    commit, notes = desk.records.commit_in, iter(range(2))

    def overtaken(partition: str, writes: list[Put]) -> object:
        for number in notes:
            stored = desk.records.change(PARTITION, TARGET.change_id)
            assert stored is not None
            commit(PARTITION, [Put(replace(stored.value, step=number), stored.etag)])
            break
        return commit(partition, writes)

    monkeypatch.setattr(desk.records, "commit_in", overtaken)
    change = desk.decide(Action.STOP)
    assert (change.state, change.step) == (S.STOPPED, 1)
    assert desk.audited() == [(WHO, "change stopped")]


def test_a_step_that_was_stopped_in_the_middle_waits_anew_when_resumed(desk: Desk) -> None:
    change = desk.put(S.APPLYING)
    entry = JournalEntry(
        change.step, StepState.STARTED, NOW, NOW, {"addressPrefix": "10.0.0.0/16"}, may_be_written=True
    )
    desk.records.commit_in(PARTITION, [PutJournal(change.id, entry)])
    desk.decide(Action.STOP)
    assert desk.flow.view(TARGET).journal == (entry,), "a worker in the middle of it still notes what it did"
    desk.decide(Action.RESUME)
    assert desk.flow.view(TARGET).journal == (
        replace(entry, state=StepState.STOPPED, note=verbatim(f"stopped by {WHO}")),
    )
