"""How long a change takes is an estimate from its steps; nothing is said where nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.core.remediation.pace import Pace
from shared.model.change import ChangeState
from shared.model.plan import PlanKind
from tests.support.nouns import NOW, make_change, make_plan

PACE = Pace(lag=3, gate=3, pause=2, verify=10)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_each_write_takes_a_minute_and_each_wait_what_is_measured() -> None:
    assert PACE.of(make_plan()) == minutes(5 + 2 * 9 + 14)
    assert PACE.of(replace(make_plan(), kind=PlanKind.RESERVE_PUBLIC_IPS)) == minutes(5 + 2 * 9)


def test_what_is_done_takes_no_more_time() -> None:
    change = make_change(ChangeState.APPLYING)
    assert PACE.left(change, NOW) == PACE.of(change.plan)
    assert PACE.left(replace(change, step=6), NOW) == minutes(9 + 14)


def test_verifying_counts_down_and_says_nothing_when_it_is_late() -> None:
    change = replace(make_change(ChangeState.VERIFYING), verify_from=NOW)
    assert PACE.left(change, NOW + minutes(4)) == minutes(10)
    assert PACE.left(change, NOW + minutes(14)) is None


def test_nothing_is_said_of_what_does_not_run() -> None:
    for state in (ChangeState.PROPOSED, ChangeState.STOPPED, ChangeState.FIXED):
        assert PACE.left(make_change(state), NOW) is None
