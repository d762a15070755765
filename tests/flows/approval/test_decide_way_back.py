"""The way back of a change: asked for once, decided like any plan."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from shared.auth.signing import LinkTarget
from shared.errors import Refused
from shared.model.change import FINAL_STATES, Action, Change, ChangeState
from shared.model.plan import PlanKind
from shared.store.records import PutJournal
from shared.store.table import Table
from tests.support.desk import PARTITION, SOON, TARGET, WHO, Desk
from tests.support.nouns import make_change, make_journal, make_plan

S = ChangeState


@pytest.fixture
def desk(table: Table) -> Desk:
    return Desk(table)


def rollback_of(change: Change) -> Change:
    plan = replace(make_plan(), kind=PlanKind.DETACH_NAT_GATEWAY, of_change_id=change.id, digest="b" * 64)
    return replace(make_change(plan=plan), id="chg-back")


BACK = LinkTarget(PARTITION, "chg-back", "b" * 64)


@pytest.mark.parametrize("state", [S.STOPPED, S.VERIFYING])
def test_approving_the_way_back_ends_the_change_that_it_takes_back(desk: Desk, state: ChangeState) -> None:
    before = desk.put(state)
    desk.put(change=rollback_of(before))
    desk.decide(target=BACK)
    assert desk.change("chg-back").state is S.APPROVED
    ended = desk.change()
    assert (ended.state, ended.due_at) == (S.SUPERSEDED, None)
    assert "chg-back" in ended.stop_reason


@pytest.mark.parametrize("state", [S.FIXED, S.NOT_FIXED, S.CANT_TELL])
def test_the_way_back_of_a_finished_change_leaves_its_verdict(desk: Desk, state: ChangeState) -> None:
    before = desk.put(state)
    desk.put(change=rollback_of(before))
    desk.decide(target=BACK)
    assert desk.change() == before


@pytest.mark.parametrize("state", [S.APPROVED, S.APPLYING])
def test_the_way_back_waits_while_the_change_goes_on(desk: Desk, state: ChangeState) -> None:
    """As when somebody resumed it after the way back was proposed: the two must not write at once."""
    before = desk.put(state)
    proposed = desk.put(change=rollback_of(before))
    with pytest.raises(Refused, match="goes on again"):
        desk.decide(target=BACK)
    assert desk.change("chg-back") == proposed
    assert desk.change() == before
    assert desk.decide(Action.DENY, target=BACK).state is S.DENIED


def test_a_denied_way_back_leaves_the_change_alone(desk: Desk) -> None:
    before = desk.put(S.STOPPED)
    desk.put(change=rollback_of(before))
    desk.decide(Action.DENY, target=BACK)
    assert desk.change() == before


def test_of_a_resume_and_a_way_back_at_once_one_counts(desk: Desk) -> None:
    before = desk.put(S.STOPPED)
    desk.put(change=rollback_of(before))
    barrier = threading.Barrier(2, timeout=30)

    def attempt(decide: Callable[[], Change]) -> bool:
        barrier.wait()
        try:
            decide()
        except Refused:
            return False
        return True

    decisions = [lambda: desk.decide(Action.RESUME), lambda: desk.decide(target=BACK)]
    with ThreadPoolExecutor(2) as pool:
        resumed, rolled_back = pool.map(attempt, decisions)
    assert resumed != rolled_back
    assert desk.change().state is (S.APPROVED if resumed else S.SUPERSEDED)
    assert desk.change("chg-back").state is (S.PROPOSED if resumed else S.APPROVED)


@pytest.mark.parametrize("state", ChangeState)
def test_a_change_that_has_a_way_back_offers_no_second_one(desk: Desk, state: ChangeState) -> None:
    before = desk.put(S.FIXED)
    back = desk.put(change=replace(rollback_of(before), state=state))
    is_over = state in FINAL_STATES and state not in (S.ROLLED_BACK, S.DONE)
    assert desk.flow.actions.of(before, SOON) == ((Action.ROLL_BACK,) if is_over else ())
    assert desk.flow.view(TARGET).follow_ups == (back,)
    assert desk.flow.view(BACK).follow_ups == ()


@pytest.mark.parametrize(("state", "offered"), [(S.PROPOSED, ()), (S.DONE, ()), (S.DENIED, (Action.DELETE,))])
def test_what_is_left_is_deleted_once(desk: Desk, state: ChangeState, offered: tuple[str, ...]) -> None:
    back = desk.put(change=replace(rollback_of(desk.put(S.FIXED)), state=S.ROLLED_BACK))
    plan = replace(make_plan(), kind=PlanKind.DELETE_NAT_GATEWAY, of_change_id=TARGET.change_id)
    deletion = desk.put(change=replace(make_change(state, plan), id="chg-deletion"))
    assert desk.flow.actions.of(back, SOON) == offered
    assert desk.flow.view(BACK).follow_ups == (deletion,)


@pytest.mark.parametrize("state", [S.PROPOSED, S.APPROVED, S.APPLYING, S.DENIED, S.EXPIRED, S.SUPERSEDED])
def test_what_is_not_done_cannot_be_taken_back(desk: Desk, state: ChangeState) -> None:
    with pytest.raises(Refused, match="can't be rolled back now"):
        desk.flow.actions.refuse_unless_possible(make_change(state), Action.ROLL_BACK, WHO, SOON)


@pytest.mark.parametrize("state", [S.STOPPED, S.VERIFYING, S.FIXED, S.NOT_FIXED, S.CANT_TELL])
def test_what_was_written_can_be_taken_back_once_and_not_again(desk: Desk, state: ChangeState) -> None:
    change = make_change(state)
    entry = replace(make_journal()[0], step=3, may_be_written=True)
    desk.records.commit_in(PARTITION, [PutJournal(change.id, entry)])
    desk.flow.actions.refuse_unless_possible(change, Action.ROLL_BACK, WHO, SOON)
    with pytest.raises(Refused):
        desk.flow.actions.refuse_unless_possible(replace(rollback_of(change), state=state), Action.ROLL_BACK, WHO, SOON)
