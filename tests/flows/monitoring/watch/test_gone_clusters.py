"""Clusters that opt out, vanish or were deleted: told once, and their incidents end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.cloud.errors import Forbidden, Unavailable
from shared.ids import cluster_key
from shared.model.change import ChangeState
from shared.model.cluster import Cluster
from shared.model.incident import IncidentState
from shared.store.records import FLEET_PARTITION, Put
from tests.support.builders import cluster
from tests.support.fakes import watched
from tests.support.tracking import change_in
from tests.support.watched_world import BACKENDS, HEALTHY, SICK, Make


def test_every_one_of_many_clusters_that_opt_out_is_in_the_audit(make: Make) -> None:
    world = make()
    names = [f"c{number}" for number in range(230)]
    world.azure.targets = watched(*(cluster(name=name, tags={"snatbot-watch": "off"}) for name in names))
    world.tick(8)
    lines = [line for line in world.records.audit(FLEET_PARTITION) if line.event == "opted out by tag"]
    assert sorted(line.subject for line in lines) == sorted(names)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]


def test_a_cluster_that_vanishes_mid_tick_is_told_apart_from_trouble(make: Make) -> None:
    world = make("a", "b")
    gone = cluster(name="a")
    world.tick(8)
    world.azure.targets = watched(cluster(name="b"))
    world.azure.gone.add(gone.id.lower())
    world.tick(19)
    assert world.titles() == []
    world.azure.targets = ()
    world.tick(30)
    assert world.titles() == ["snatbot can't see all clusters"]
    world.azure.targets = watched(cluster(name="b"))
    world.tick(41)
    assert world.titles()[-1] == "snatbot sees these clusters again"


def test_a_role_that_was_taken_away_is_told_once(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.access.answers["state"] = Forbidden("batch", "no", code="AuthorizationFailed")
    for minute in range(9, 60):
        world.tick(minute)
    (message,) = world.told()
    assert "2 clusters" in message.summary
    assert "AuthorizationFailed" in message.summary


def test_opting_out_is_announced_once_audited_and_ends_an_open_incident(make: Make) -> None:
    world = make("a")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    world.azure.targets = watched(cluster(name="a", tags={"snatbot-watch": "off"}))
    for minute in range(19, 25):
        world.tick(minute)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]
    assert "opted out by tag" in [line.event for line in world.records.audit(FLEET_PARTITION)]
    (incident,) = world.records.incidents(cluster_key(cluster(name="a").id))
    assert (incident.state, "opts the cluster out" in incident.closing_note) == (IncidentState.CLEARED, True)


@pytest.mark.parametrize(
    ("after", "note"),
    [
        (cluster(name="a", power_state="Stopped"), "the cluster is stopped"),
        (cluster(name="a", outbound_type="userDefinedRouting"), "leaves by user-defined routing"),
    ],
)
def test_an_incident_ends_once_when_its_cluster_is_not_measured_any_more(make: Make, after: Cluster, note: str) -> None:
    world = make("a")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    world.azure.targets = watched(after)
    for minute in range(19, 60):
        world.tick(minute)
    (incident,) = world.records.incidents(cluster_key(after.id))
    assert (incident.state, note in incident.closing_note) == (IncidentState.CLEARED, True)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a", "SNAT port exhaustion on a: no longer watched"]
    assert note in world.told("a")[-1].summary.lower()


def test_an_incident_of_a_cluster_that_was_deleted_ends_once(make: Make) -> None:
    world = make("a", "b")
    world.access.answers |= {
        "state": lambda one: SICK if "mc_a/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    world.tick(8)
    gone = cluster(name="a")
    world.azure.targets = watched(cluster(name="b"))
    world.tick(19)
    assert world.records.incidents(cluster_key(gone.id))[0].state is IncidentState.OPEN, "it may merely be hidden"
    world.azure.gone.add(gone.id.lower())
    for minute in range(30, 60):
        world.tick(minute)
    (incident,) = world.records.incidents(cluster_key(gone.id))
    assert (incident.state, incident.closing_note) == (IncidentState.CLEARED, "the cluster was deleted")
    assert world.titles("a")[1:] == ["SNAT port exhaustion on a: no longer watched"]
    assert world.active_clusters.entries() == {}
    assert [line.detail for line in world.records.audit(cluster_key(gone.id))][-1] == "the cluster was deleted"


def test_a_change_under_way_keeps_the_incident_of_a_cluster_that_is_gone(make: Make) -> None:
    world = make("shop-prod")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    shop = cluster()
    stored = world.records.cluster(shop.id)
    assert stored is not None
    change = change_in(ChangeState.APPLYING)
    world.records.commit(shop.id, [Put(change), Put(replace(stored.value, change_id=change.id), stored.etag)])
    world.azure.targets = ()
    world.azure.gone.add(shop.id.lower())
    world.tick(19)
    assert world.records.incidents(cluster_key(shop.id))[0].state is IncidentState.OPEN
    applying = world.records.change(cluster_key(shop.id), change.id)
    assert applying is not None
    world.records.commit(shop.id, [Put(replace(change, state=ChangeState.FAILED), applying.etag)])
    world.tick(30)
    assert world.records.incidents(cluster_key(shop.id))[0].state is IncidentState.CLEARED


def test_clusters_that_vanish_by_the_hundred_are_not_all_asked_for_and_it_is_said(make: Make) -> None:
    world = make(*(f"c{number:03}" for number in range(60)))
    world.tick(8)
    world.azure.targets = ()
    world.tick(19)
    (message,) = world.told()
    assert "60 clusters can no longer be seen, and Azure was not asked about 10 of them" in message.summary
    world.azure.gone = {cluster(name=f"c{number:03}").id.lower() for number in range(60)}
    world.tick(30)
    stored = world.records.fleet()
    assert stored is not None
    assert len(stored.value.lost) == 10, "the others were deleted, as Azure says when asked"


def test_that_azure_could_not_be_asked_whether_a_cluster_was_deleted_is_said(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.azure.targets = watched(cluster(name="b"))
    world.azure.trouble["is_gone"] = Unavailable("GET cluster", "the time for this was over")
    world.tick(19)
    (message,) = world.told()
    assert (
        "1 cluster can no longer be seen, and Azure was not asked about 1 of them or gave no answer" in message.summary
    )
