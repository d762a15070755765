"""The life of a change: what the table allows happens, everything else is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.core.remediation.state_machine import TRANSITIONS, Event, WrongState, next_state
from shared.model.change import FINAL_STATES, ChangeState
from tests.support import changes_page

PAGE = Path(__file__).parents[3] / "docs" / "changes.md"
S = ChangeState


@pytest.mark.parametrize(("state", "event"), list(product(ChangeState, Event)))
def test_a_move_is_in_the_table_or_refused(state: ChangeState, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(WrongState, match=f"cannot {event} a change that is {state}"):
            next_state(state, event)


def test_a_final_state_is_left_by_nothing_and_every_other_one_can_be_left() -> None:
    assert {state for state, _ in TRANSITIONS}.isdisjoint(FINAL_STATES)
    assert {state for state, _ in TRANSITIONS} == set(ChangeState) - FINAL_STATES


def test_every_state_can_be_reached() -> None:
    reached = {S.PROPOSED}
    for _ in ChangeState:
        reached |= {target for (state, _), target in TRANSITIONS.items() if state in reached}
    assert reached == set(ChangeState)


def test_nothing_is_applied_that_was_not_approved() -> None:
    """Without APPROVE, no chain of events leads to a state in which something is written."""
    reached = {S.PROPOSED}
    for _ in ChangeState:
        reached |= {
            target for (state, event), target in TRANSITIONS.items() if state in reached and event is not Event.APPROVE
        }
    assert reached == {S.PROPOSED, S.DENIED, S.EXPIRED, S.SUPERSEDED}


def test_a_change_is_proven_only_after_it_was_applied() -> None:
    assert {
        state for (state, event) in TRANSITIONS if event in (Event.VERIFIED, Event.REFUTED, Event.INCONCLUSIVE)
    } == {S.VERIFYING}
    assert {state for (state, _), target in TRANSITIONS.items() if target is S.VERIFYING} == {S.APPLYING}


def test_the_published_table_is_the_code() -> None:
    """After a change of the table: python -m tests.support.changes_page > docs/changes.md"""
    assert PAGE.read_text(encoding="utf-8") == changes_page.render()


class ChangeLife(RuleBasedStateMachine):
    """Events lost, doubled, late and in any order: the history is always one that the table tells."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.PROPOSED
        self.accepted: list[Event] = []

    @rule(event=st.sampled_from(Event), copies=st.integers(1, 3))
    def deliver(self, event: Event, copies: int) -> None:
        for _ in range(copies):
            try:
                self.state = next_state(self.state, event)
            except WrongState:
                continue
            self.accepted.append(event)

    @invariant()
    def one_decision_at_most(self) -> None:
        assert sum(event in (Event.APPROVE, Event.DENY) for event in self.accepted) <= 1

    @invariant()
    def what_was_written_was_approved_before(self) -> None:
        if Event.START in self.accepted:
            assert self.accepted.index(Event.APPROVE) < self.accepted.index(Event.START)

    @invariant()
    def a_verdict_is_the_last_word(self) -> None:
        verdicts = [event for event in self.accepted if event in (Event.VERIFIED, Event.REFUTED, Event.INCONCLUSIVE)]
        assert not verdicts or self.accepted[-1] is verdicts[0]


TestChangeLife = ChangeLife.TestCase
