"""What snatbot's own verified writes left on each subnet, step by step, in whatever order they are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.core.associations import associations, next_association
from shared.model.change import Change, ChangeState
from shared.model.plan import AssociateSubnet, Step
from shared.model.resource_id import ArmId
from tests.support.nouns import GATEWAY, NOW, SUBNETS, make_change, make_plan, started

USER, SYSTEM = (one.lower() for one in SUBNETS)
S = ChangeState


def attach(done: int, state: ChangeState = S.APPLYING) -> Change:
    """The steps are: two public IPs, the gateway, user subnet, its gate, system subnet, its gate."""
    return replace(make_change(state), step=done, start=started(NOW))


def roll_back(done: int, state: ChangeState = S.APPLYING) -> Change:
    steps: tuple[Step, ...] = tuple(AssociateSubnet(ArmId(one), GATEWAY, None, {}) for one in reversed(SUBNETS))
    plan = replace(make_plan(), steps=steps)
    return replace(make_change(state, plan), id="back", step=done, start=started(NOW + timedelta(hours=1)))


def gateways(*changes: Change, under_way: tuple[str, ...] = ()) -> dict[str, str | None]:
    found = associations(changes, under_way)
    return {subnet: step.after for subnet, step in found.verified.items()}


def test_a_subnet_counts_from_the_moment_its_write_was_read_back() -> None:
    assert gateways(attach(3)) == {}
    assert gateways(attach(4)) == {USER: GATEWAY}
    assert associations([attach(4)]).unverified == {SYSTEM}, "the change has not come to it"
    assert gateways(attach(7, S.FIXED)) == {USER: GATEWAY, SYSTEM: GATEWAY}
    assert associations([attach(7, S.FIXED)]).unverified == frozenset()


def test_a_change_that_ended_half_way_left_what_it_left() -> None:
    for state in (S.STOPPED, S.FAILED, S.SUPERSEDED):
        assert gateways(attach(4, state)) == {USER: GATEWAY}


def test_a_proposal_left_nothing() -> None:
    proposed = make_change()
    assert associations([proposed]).unverified == frozenset()
    assert gateways(proposed) == {}


def test_a_roll_back_takes_back_subnet_by_subnet() -> None:
    fixed = attach(7, S.FIXED)
    assert gateways(roll_back(0), fixed) == {USER: GATEWAY, SYSTEM: GATEWAY}
    assert gateways(roll_back(1), fixed) == {USER: GATEWAY, SYSTEM: None}
    assert gateways(roll_back(2, S.ROLLED_BACK), fixed) == {USER: None, SYSTEM: None}


def test_what_is_being_written_is_neither_here_nor_there() -> None:
    fixed = attach(7, S.FIXED)
    found = associations([fixed, roll_back(1)], under_way=["back"])
    assert found.unverified == {USER}
    assert found.taken_off(ArmId(SYSTEM)) == GATEWAY
    assert found.wanted(ArmId(USER)) is None
    assert next_association(roll_back(1)) is not None
    assert next_association(roll_back(2, S.ROLLED_BACK)) is None
    assert next_association(attach(4)) is None, "a gate comes next"


def test_a_later_change_counts_over_an_earlier_one() -> None:
    again = replace(attach(7, S.FIXED), id="again", start=started(NOW + timedelta(hours=2)))
    assert gateways(again, attach(7, S.FIXED), roll_back(2, S.ROLLED_BACK)) == {USER: GATEWAY, SYSTEM: GATEWAY}
