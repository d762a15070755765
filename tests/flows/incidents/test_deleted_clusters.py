"""Only a cluster that Azure itself says is gone loses its incident; one that is hidden keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from shared.cloud.errors import AzureError, Forbidden, Unavailable
from shared.cloud.fleet_query import FleetDiscovery
from shared.flows.incidents.deleted_clusters import MOST_ASKED, DeletedClusters
from shared.model.change import ChangeState
from shared.model.fleet import Fleet
from shared.model.incident import IncidentState
from shared.store.records import Put, Records
from tests.support.builders import at
from tests.support.fakes import watched
from tests.support.tracking import CLUSTER, PARTITION, TROUBLE, FakePlanner, World, plan_for


class Listed:
    """Answers whether a cluster is gone, or raises."""

    def __init__(self, answer: bool | AzureError) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def is_gone(self, cluster_id: str) -> bool:
        self.asked.append(cluster_id)
        if isinstance(self.answer, AzureError):
            raise self.answer
        return self.answer


def end(world: World, listed: Listed, fleet: Fleet | None = None) -> None:
    discovery = cast(FleetDiscovery, listed)
    flow = DeletedClusters(world.records, world.active_clusters, discovery, world.outbox)
    flow.end_incidents(fleet or Fleet(at(10), ()), at(10), at(10))


@pytest.fixture
def world(records: Records) -> World:
    world = World(records, FakePlanner(plan_for()))
    world.tick(TROUBLE)
    return world


def state(world: World) -> IncidentState:
    (incident,) = world.records.incidents(PARTITION)
    return incident.state


def test_a_deleted_cluster_ends_its_incident_and_withdraws_its_proposal(world: World) -> None:
    world.offer()
    end(world, Listed(answer=True))
    assert state(world) is IncidentState.CLEARED
    assert [change.state for change in world.records.changes(PARTITION)] == [ChangeState.SUPERSEDED]
    assert world.active_clusters.entries() == {}
    assert "the cluster was deleted" in world.told()[-1].summary.lower()


@pytest.mark.parametrize("answer", [False, Forbidden("GET cluster", "no"), Unavailable("GET cluster", "no answer")])
def test_what_may_only_be_hidden_stays_as_it_is(world: World, answer: bool | AzureError) -> None:
    end(world, Listed(answer))
    assert state(world) is IncidentState.OPEN
    assert world.active_clusters.entries() == {PARTITION: True}


def test_a_cluster_that_is_listed_is_not_asked_for(world: World) -> None:
    listed = Listed(answer=True)
    end(world, listed, Fleet(at(10), watched(CLUSTER)))
    assert listed.asked == []
    assert state(world) is IncidentState.OPEN


def test_a_change_at_work_keeps_the_incident(world: World) -> None:
    (change,) = [change for change in world.offer() if change is not None]
    stored = world.records.change(PARTITION, change.id)
    assert stored is not None
    world.records.commit_in(PARTITION, [Put(replace(stored.value, state=ChangeState.APPLYING), stored.etag)])
    end(world, Listed(answer=True))
    assert state(world) is IncidentState.OPEN


def test_no_more_are_asked_for_than_fit_into_a_tick_and_open_incidents_come_first(world: World) -> None:
    for number in range(MOST_ASKED + 5):
        world.active_clusters.add(f"{number:032d}", is_open=False)
    listed = Listed(answer=True)
    end(world, listed)
    assert listed.asked == [CLUSTER.id], "the others have no record to ask about"
    assert len(world.active_clusters.entries()) == MOST_ASKED + 5
