"""A step-up counts for its person, its plan, its context, and five minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.approval.step_up import Lack, lack_of
from shared.model.identity import Person, Role, StepUp
from tests.support.nouns import NOW

ADA = Person("aaaaaaaa-0000-4000-8000-00000000000a", "tenant", "Ada", frozenset({Role.APPROVE}), NOW)
GOOD = StepUp(ADA.object_id, "digest", frozenset({"c1", "c2"}), NOW)


def lack(step_up: StepUp | None, minutes: float = 1) -> Lack | None:
    return lack_of(step_up, ADA, "digest", "c1", NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("step_up", "expected"),
    [
        (GOOD, None),
        (None, Lack.ALL),
        (replace(GOOD, object_id="bbbbbbbb-0000-4000-8000-00000000000b"), Lack.PERSON),
        (replace(GOOD, digest="another"), Lack.PLAN),
        (replace(GOOD, digest=""), Lack.PLAN),
        (replace(GOOD, contexts=frozenset({"c2"})), Lack.CONTEXT),
        (replace(GOOD, contexts=frozenset()), Lack.CONTEXT),
    ],
)
def test_what_a_step_up_lacks(step_up: StepUp | None, expected: Lack | None) -> None:
    assert lack(step_up) is expected


@given(st.floats(-1000, 1000))
def test_it_counts_for_five_minutes_and_a_clock_may_be_off_by_one(minutes: float) -> None:
    assert (lack(GOOD, minutes) is None) == (
        timedelta(minutes=-1) <= timedelta(minutes=minutes) <= timedelta(minutes=5)
    )


def test_a_holder_of_a_link_never_steps_up() -> None:
    assert lack_of(GOOD, "Ada (holder of link, unverified)", "digest", "c1", NOW) is Lack.ALL
