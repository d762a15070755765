"""A decision is one person's, on one exact plan, once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.approval_policy import DEFAULT_POLICY
from shared.errors import NotFoundHere, Refused
from shared.flows.notification.outbox import message_of
from shared.model.change import FINAL_STATES, Action, ChangeState
from shared.store.records import PutJournal
from shared.store.table import Table
from tests.support.desk import PARTITION, SIGNER, SOON, TARGET, WHO, Desk
from tests.support.nouns import NOW, VNET, make_change, make_journal

S = ChangeState


@pytest.fixture
def desk(table: Table) -> Desk:
    return Desk(table)


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
