"""One open proposal for a cluster, whoever asks at once, and ten an hour at most."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from shared.clock import Instant
from shared.errors import TooMany
from shared.flows.approval.propose import MOST_AN_HOUR, Propose, refuse_too_many
from shared.flows.planning.plan import Planner
from shared.model.change import Change, ChangeState
from shared.model.plan import PlanKind
from shared.store.errors import StoreConflict
from shared.store.records import Records
from tests.support.builders import at
from tests.support.tracking import CLUSTER, LINKS, PARTITION, FakePlanner, World, change_in, plan_for


@pytest.fixture
def propose(records: Records) -> Propose:
    world = World(records)
    planner = cast(Planner, FakePlanner(plan_for()))
    return Propose(planner, records, world.active_clusters, world.outbox, LINKS, timedelta(minutes=60))


def ask(propose: Propose, minute: int = 0) -> Change:
    return propose.propose(CLUSTER.id, Instant(at(minute), at(minute)), "holder of the function key")


def test_of_those_who_propose_at_once_one_is_open(propose: Propose, records: Records) -> None:
    def attempt(_: int) -> Change | None:
        try:
            return ask(propose)
        except StoreConflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        proposed = [change for change in pool.map(attempt, range(8)) if change is not None]
    changes = records.changes(PARTITION)
    assert len(changes) == len(proposed) >= 1
    (left,) = [change for change in changes if change.state is ChangeState.PROPOSED]
    record = records.cluster(CLUSTER.id)
    assert record is not None
    assert record.value.change_id == left.id, "the cluster's record points at the one that is open"


def test_the_eleventh_within_an_hour_is_refused_and_says_until_when(propose: Propose, records: Records) -> None:
    for minute in range(MOST_AN_HOUR):
        ask(propose, minute)
    with pytest.raises(TooMany, match="ask again after 2026-11-22 11:00 UTC"):
        ask(propose, 59)
    assert len(records.changes(PARTITION)) == MOST_AN_HOUR
    assert ask(propose, 60).state is ChangeState.PROPOSED
    with pytest.raises(TooMany, match="11:01 UTC"):
        ask(propose, 60)


def test_a_clock_that_was_ahead_opens_no_door() -> None:
    ahead = [replace(change_in(ChangeState.SUPERSEDED), proposed_at=at(30))] * MOST_AN_HOUR
    with pytest.raises(TooMany):
        refuse_too_many(ahead, change_in(ChangeState.PROPOSED), at(0))


def test_no_other_proposal_stands_in_the_way_of_a_roll_back() -> None:
    others = [replace(change_in(ChangeState.SUPERSEDED), proposed_at=at(0))] * 50
    change = change_in(ChangeState.PROPOSED)
    back = replace(change, plan=replace(change.plan, kind=PlanKind.DETACH_NAT_GATEWAY))
    refuse_too_many(others, back, at(1))
    with pytest.raises(TooMany):
        refuse_too_many([replace(back, proposed_at=at(0))] * MOST_AN_HOUR, back, at(1))
