"""A plan for an incident: after its alarm, once, by whichever worker, and only while it is needed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest

from shared.cloud.errors import Forbidden, Unavailable
from shared.core.planning.request import PlanRequest
from shared.errors import BadInput, SnatbotError
from shared.model.change import Change, ChangeState
from shared.model.plan import Plan
from shared.model.text import Text
from shared.store.records import Put, Records
from tests.support.builders import at, minutes
from tests.support.nouns import make_advice
from tests.support.tracking import CLUSTER, PARTITION, SIGNER, TROUBLE, FakePlanner, World, change_in, plan_for


def test_an_alarm_is_out_before_anything_is_planned(records: Records) -> None:
    planner = FakePlanner(plan_for())
    world = World(records, planner)
    world.tick(TROUBLE)
    (message,) = world.told()
    assert "works out a plan" in str(message)
    assert (planner.asked, records.changes(PARTITION)) == (0, ())


def test_after_an_alarm_comes_a_plan_and_a_button(records: Records) -> None:
    world = World(records, FakePlanner(plan_for()))
    world.tick(TROUBLE)
    assert world.offer(minute=7) == [], "it is due with the alarm, not before"
    world.offer()
    assert world.offer(minute=60) == [], "once"
    (change,) = records.changes(PARTITION)
    assert (change.state, change.requested_by, change.due_at) == (ChangeState.PROPOSED, "snatbot", at(68))
    (incident,) = records.incidents(PARTITION)
    assert change.incident_id == incident.id
    message = world.told()[-1]
    (button,) = message.buttons
    token = button.url.partition("?t=")[2]
    assert SIGNER.read_link(token).change_id == change.id
    assert sorted(world.audited()) == ["change proposed", "incident opened"]


def test_a_plan_that_is_blocked_is_told_and_not_offered(records: Records) -> None:
    world = World(records, FakePlanner(replace(make_advice(), cluster_id=CLUSTER.id)))
    assert world.tick(TROUBLE) == {"opened": 1}
    assert world.offer() == [None]
    assert records.changes(PARTITION) == ()
    assert [message.buttons for message in world.told()] == [(), ()]
    assert world.told()[-1].title == f"What would help {CLUSTER.name}"
    assert world.offer(minute=60) == []


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("GET cluster", "no answer"),
        Forbidden("GET cluster", "no"),
        BadInput(Text("not the id of a cluster")),
    ],
)
def test_a_plan_that_cannot_be_made_is_tried_again_after_a_while(records: Records, error: SnatbotError) -> None:
    planner = FakePlanner(error)
    world = World(records, planner)
    assert world.tick(TROUBLE) == {"opened": 1}
    assert world.offer() == [None]
    assert world.offer(minute=12) == []
    planner.plan = plan_for()
    (change,) = world.offer(minute=13)
    assert change is not None
    assert len(world.told()) == 2


def test_of_several_workers_one_plans(records: Records) -> None:
    planner = FakePlanner(plan_for())
    world = World(records, planner)
    world.tick(TROUBLE)
    gate = threading.Barrier(4)

    def work(_: int) -> list[Change | None]:
        gate.wait()
        return world.offer()

    with ThreadPoolExecutor(4) as pool:
        made = [one for many in pool.map(work, range(4)) for one in many if one is not None]
    assert (len(made), planner.asked, len(records.changes(PARTITION))) == (1, 1, 1)


def test_an_incident_that_is_over_before_its_plan_is_made_gets_none(records: Records) -> None:
    planner = FakePlanner(plan_for())
    world = World(records, planner)
    world.tick(TROUBLE)
    world.tick(minutes(5, 10))
    assert world.tick(minutes(10, 15), minute=18) == {"cleared": 1}
    assert world.offer(minute=60) == []
    assert planner.asked == 0


def test_looks_at_the_cluster_in_between_do_not_lose_the_plan(records: Records) -> None:
    world = World(records, FakePlanner(plan_for()))
    world.tick(TROUBLE)
    world.tick(minutes(1, 6, {2: 4, 5: 9}), minute=9)
    planner = cast(FakePlanner, world.planner)

    class Slow(FakePlanner):
        def plan_cluster(self, cluster_id: str, now: datetime, request: PlanRequest) -> Plan:
            world.tick(minutes(2, 7, {2: 4, 5: 9}), minute=10)
            return super().plan_cluster(cluster_id, now, request)

    world.planner = Slow(planner.plan)
    (change,) = world.offer(minute=10)
    assert change is not None
    assert len(world.told()) == 2


@pytest.mark.parametrize("state", [ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.VERIFYING])
def test_while_a_change_is_at_work_no_plan_is_made(records: Records, state: ChangeState) -> None:
    planner = FakePlanner(plan_for())
    world = World(records, planner)
    world.tick(TROUBLE)
    records.commit_in(PARTITION, [Put(change_in(state))])
    assert world.offer() == [None]
    assert (planner.asked, len(world.told())) == (0, 1)


def test_what_is_silenced_while_its_plan_is_made_gets_it_later(records: Records) -> None:
    world = World(records, FakePlanner(plan_for()))
    world.tick(TROUBLE)
    record = records.cluster(CLUSTER.id)
    assert record is not None
    records.commit_in(PARTITION, [Put(replace(record.value, silenced_until=at(20)), record.etag)])
    assert world.offer() == [None]
    assert records.changes(PARTITION) == ()
    (change,) = world.offer(minute=20)
    assert change is not None
