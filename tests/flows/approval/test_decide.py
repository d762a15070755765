"""A decision is one person's, on one exact plan, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.approval_policy import DEFAULT_POLICY
from shared.auth.signing import LinkTarget
from shared.errors import NotFoundHere, Refused
from shared.flows.notification.outbox import message_of
from shared.model.change import FINAL_STATES, Action, Change, ChangeState, JournalEntry, StepState
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.text import verbatim
from shared.store.records import Put, PutJournal
from shared.store.table import Table
from tests.support.desk import PARTITION, SIGNER, SOON, TARGET, WHO, Desk
from tests.support.nouns import NOW, VNET, make_change, make_journal, make_plan

S = ChangeState


@pytest.fixture
def desk(table: Table) -> Desk:
    return Desk(table)


# --- approving and denying ---


def test_an_approval_is_signed_audited_told_and_due_at_once(desk: Desk) -> None:
    desk.put()
    returned = desk.decide()
    change = desk.change()
    assert change == returned
    assert (change.state, change.due_at) == (S.APPROVED, SOON)
    decision = SIGNER.verify_decision(change)
    assert (decision.approver, decision.digest, decision.decided_at) == (WHO, change.plan.digest, SOON)
    assert decision.policy == f"policy {DEFAULT_POLICY.version}, rule 'default'"
    assert decision.decide_by == change.expires_at
    assert (decision.start_by - SOON, decision.write_until - SOON) == (timedelta(minutes=60), timedelta(hours=24))
    assert desk.audited() == [(WHO, "change approved")]
    assert len(desk.told()) == 1


def test_a_denial_ends_the_change(desk: Desk) -> None:
    desk.put()
    change = desk.decide(Action.DENY)
    assert (change.state, change.due_at) == (S.DENIED, None)
    assert SIGNER.verify_decision(change, Action.DENY).approver == WHO
    assert desk.audited() == [(WHO, "change denied")]


def test_a_second_decision_is_told_what_was_decided_and_by_whom(desk: Desk) -> None:
    desk.put()
    desk.decide(Action.APPROVE, who="Maria Ortega")
    for action in (Action.APPROVE, Action.DENY):
        with pytest.raises(Refused, match=r"Already decided: approved by Maria Ortega at .*; the change is approved"):
            desk.decide(action)
    assert desk.audited() == [("Maria Ortega", "change approved")]


@pytest.mark.parametrize("actions", [(Action.APPROVE,), (Action.APPROVE, Action.DENY)])
def test_of_sixteen_decisions_at_once_one_counts(desk: Desk, actions: tuple[str, ...]) -> None:
    desk.put()
    barrier = threading.Barrier(16, timeout=30)

    def attempt(number: int) -> str | None:
        barrier.wait()
        try:
            return desk.decide(actions[number % len(actions)], who=f"person {number}").state
        except Refused as refused:
            assert "Already decided" in str(refused) or "does not fit any more" in str(refused)
            return None

    with ThreadPoolExecutor(16) as pool:
        won = [(number, state) for number, state in enumerate(pool.map(attempt, range(16))) if state]
    ((number, state),) = won
    change = desk.change()
    assert change.state == state
    assert change.decision is not None
    assert change.decision.approver == f"person {number}"
    assert desk.audited() == [(f"person {number}", f"change {state}")]
    assert len(desk.told()) == 1


def test_a_plan_that_has_expired_cannot_be_approved(desk: Desk) -> None:
    change = desk.put()
    for action in (Action.APPROVE, Action.DENY):
        with pytest.raises(Refused, match="has expired"):
            desk.decide(action, now=change.expires_at)
    assert desk.change() == change
    assert desk.decide(now=change.expires_at - timedelta(seconds=1)).state is S.APPROVED


def test_a_link_for_another_plan_is_refused(desk: Desk) -> None:
    change = desk.put()
    other = replace(TARGET, digest="0" * 64)
    with pytest.raises(Refused, match="The plan has changed since this link was made"):
        desk.decide(target=other)
    with pytest.raises(Refused, match="The plan has changed"):
        desk.flow.view(other)
    assert desk.change() == change


def test_a_change_that_is_not_known_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundHere):
        desk.decide()
    with pytest.raises(NotFoundHere):
        desk.flow.view(TARGET)


@pytest.mark.parametrize("action", ["", "Approve", "roll_back", "delete"])
def test_what_is_no_decision_is_refused(desk: Desk, action: str) -> None:
    change = desk.put()
    with pytest.raises(Refused, match="is no decision"):
        desk.decide(action)
    assert desk.change() == change


@pytest.mark.parametrize("state", sorted(set(ChangeState) - {S.PROPOSED}))
@pytest.mark.parametrize("action", [Action.APPROVE, Action.DENY, Action.RESUME])
def test_a_decision_that_comes_too_late_changes_nothing(desk: Desk, state: ChangeState, action: str) -> None:
    if (state, action) == (S.STOPPED, Action.RESUME):
        return
    change = desk.put(state)
    with pytest.raises(Refused):
        desk.decide(action)
    assert desk.change() == change
    assert desk.audited() == []
    assert desk.told() == []


# --- whether anybody may ---


def test_while_remediation_is_off_nothing_is_decided(table: Table) -> None:
    desk = Desk(table, is_remediation_on=False)
    change = desk.put()
    for action in (Action.APPROVE, Action.DENY, Action.RESUME):
        with pytest.raises(Refused, match="REMEDIATION is off"):
            desk.decide(action)
    assert desk.change() == change
    assert desk.flow.actions.of(change, SOON) == ()


def test_possession_of_a_link_approves_nothing_where_people_must_sign_in(table: Table) -> None:
    desk = Desk(table, approval_mode="signin")
    change = desk.put()
    with pytest.raises(Refused, match="Possession of a link does not approve anything here"):
        desk.decide()
    assert desk.change() == change
    offered, notice, _ = desk.flow.actions.offered(change, WHO, SOON)
    assert not offered and notice is not None and notice.startswith("Possession of a link")


# --- one change on a network at a time ---


def test_nothing_is_approved_while_another_change_holds_the_network(desk: Desk) -> None:
    change = desk.put()
    claim = desk.vnet_lock.claim_vnet(VNET, "chg-other", "w1", SOON)
    with pytest.raises(Refused, match="Change chg-other is running on this virtual network"):
        desk.decide()
    assert desk.change() == change
    claim.release()
    assert desk.decide().state is S.APPROVED


def test_a_denial_does_not_wait_for_the_network(desk: Desk) -> None:
    desk.put()
    desk.vnet_lock.claim_vnet(VNET, "chg-other", "w1", SOON)
    assert desk.decide(Action.DENY).state is S.DENIED


# --- resuming ---


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


# --- giving up ---


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


# --- stopping ---

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


# --- rolling back ---


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


# --- what the page shows ---


def test_the_page_shows_the_change_with_its_journal_in_order(desk: Desk) -> None:
    change = desk.put(S.STOPPED)
    journal = make_journal()
    desk.records.commit_in(PARTITION, [PutJournal(change.id, entry) for entry in reversed(journal)])
    view = desk.flow.view(TARGET)
    assert view.change == change
    assert view.journal == journal


@pytest.mark.parametrize("state", ChangeState)
def test_what_is_offered_is_what_is_taken(desk: Desk, state: ChangeState) -> None:
    change = desk.put(state)
    offered = desk.flow.actions.of(change, SOON)
    for action in (Action.APPROVE, Action.DENY, Action.RESUME):
        if action not in offered:
            with pytest.raises(Refused):
                desk.decide(action)
    if state is S.PROPOSED:
        assert offered == (Action.APPROVE, Action.DENY)
    if state in (S.DENIED, S.EXPIRED, S.SUPERSEDED, S.FAILED):
        assert offered == (Action.ASK_AGAIN,)
    for action in offered[:1]:
        if action not in (Action.ROLL_BACK, Action.DELETE, Action.ASK_AGAIN):
            assert desk.decide(action).state is not state
    assert state not in FINAL_STATES or Action.APPROVE not in offered


@pytest.mark.parametrize("other", ChangeState)
def test_what_came_to_nothing_is_asked_for_again_unless_another_change_is_open(desk: Desk, other: ChangeState) -> None:
    desk.put(change=replace(make_change(other), id="chg-other"))
    for state in (S.DENIED, S.EXPIRED):
        offered = desk.flow.actions.of(make_change(state), SOON)
        assert offered == ((Action.ASK_AGAIN,) if other in FINAL_STATES else ())


@pytest.mark.parametrize("state", [S.DENIED, S.EXPIRED, S.SUPERSEDED, S.FAILED])
def test_the_page_of_what_came_to_nothing_leads_to_what_is_open_in_its_place(desk: Desk, state: ChangeState) -> None:
    desk.put(state)
    renewed = replace(make_change(), id="chg-new", proposed_at=NOW + timedelta(minutes=60))
    desk.put(change=renewed)
    desk.put(change=replace(make_change(S.DENIED), id="chg-old", proposed_at=NOW - timedelta(minutes=60)))
    assert desk.flow.view(TARGET).follow_ups == (renewed,)


def test_the_message_of_a_denial_leads_to_the_page_that_asks_again(desk: Desk) -> None:
    desk.put()
    desk.decide(Action.DENY)
    (message,) = [message_of(row.value) for row in desk.records.outbox(PARTITION) if row.value.channel == "slack"]
    (button,) = message.buttons
    assert SIGNER.read_link(button.url.partition("?t=")[2]) == TARGET


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
