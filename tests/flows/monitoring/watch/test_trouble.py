"""What a tick can't read or measure is said and holds up nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from shared.cloud.errors import AzureError, Forbidden, Throttled, Unavailable
from shared.flows.monitoring.scan import FleetScanner
from shared.flows.monitoring.tick import WatchPolicy
from shared.ids import cluster_key
from shared.model.change import ChangeState
from shared.model.cluster import Cluster
from shared.model.fleet import WatchedCluster
from shared.model.health_event import HealthEventAccess
from shared.model.text import Text, verbatim
from shared.store.fleet_cache import HEALTH_EVENTS
from shared.store.records import Put
from tests.support.builders import at, cluster
from tests.support.fakes import watched
from tests.support.tracking import change_in
from tests.support.watched_world import BACKENDS, HEALTHY, POLICY, SICK, Make, health, ports


def test_where_batches_are_refused_people_are_told_once_with_the_role_to_grant(make: Make) -> None:
    world = make("a")
    world.access.one_by_one = {"s1": Text("subscription s1: 401: no. Grant Monitoring Reader on /subscriptions/s1")}
    assert list(world.tick(8).tally.one_by_one) == ["s1"]
    world.new_process()
    world.tick(9)
    (message,) = world.told()
    assert message.title == "Metrics can't be read in full batches"
    assert "Grant Monitoring Reader on /subscriptions/s1" in message.summary
    fleet = world.records.fleet()
    assert fleet is not None
    assert [remark.key for remark in fleet.value.one_by_one] == ["s1"]
    world.access.one_by_one = {}
    world.tick(80)
    assert len(world.told()) == 1, "that it is over is in the line of the tick"


def test_whether_health_events_can_be_read_is_stored_once_and_when_it_changes(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = iter([None, Text("no"), Text("no"), None, Text("")])
    monkeypatch.setattr(FleetScanner, "health_event_problem", property(lambda _: next(problems)))
    world = make("a")
    stored = []
    for minute in range(8, 13):
        world.new_process()
        world.tick(minute)
        stored.append(world.cache.read(HealthEventAccess, HEALTH_EVENTS))
    no, well = HealthEventAccess(Text("no")), HealthEventAccess()
    assert stored == [None, no, no, no, well]


def test_an_outage_of_the_list_does_not_blind_the_watch(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.azure.trouble["read"] = Unavailable("POST resources", "busy", status=503)
    tick = world.tick(20)
    assert (tick.tally.measured, tick.is_success) == (1, True)
    assert "could not be listed" in tick.unreadable[0].subject


@pytest.mark.parametrize("error", [Forbidden("POST resources", "no"), Unavailable("POST resources", "no answer")])
def test_what_is_due_is_handed_out_though_clusters_cannot_be_listed(make: Make, error: AzureError) -> None:
    """A change that is half done, and a message that waits, must not wait for another service to come back."""
    world = make("shop-prod")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    change = replace(change_in(ChangeState.APPLYING), due_at=at(9))
    partition = cluster_key(change.cluster_id)
    world.records.commit(change.cluster_id, [Put(change)])
    other = make("shop-prod")
    other.cache.delete(["inventory"])
    other.azure.trouble["read"] = error
    tick = other.tick(30)
    assert tick.deliver == (partition,)
    assert tick.advance == ((partition, change.id),)
    assert (tick.tally.clusters, len(tick.unreadable), tick.is_success) == (0, 1, False)
    assert world.liveness.last_success("watch") == at(8), "a tick that saw nothing is no success"


def test_one_throttled_cluster_group_does_not_hide_another(make: Make) -> None:
    world = make("a")
    world.azure.targets += watched(cluster(name="b", location="eastus"))
    error = Throttled("batch", "slow", status=529)
    world.access.answers["state"] = lambda one: error if "mc_a/" in one else HEALTHY
    tally = world.tick(8).tally
    assert (tally.measured, tally.unmeasured) == (1, 1)


def test_a_cluster_whose_row_makes_no_sense_is_not_measured_and_told_and_the_others_are_looked_at(make: Make) -> None:
    world = make("a")
    reason = "what Azure answers of the cluster can't be read: tags is -1; expected an object"
    bare = Cluster(cluster(name="b").id, "b", location="", node_resource_group="", outbound_type="")
    world.azure.targets += (WatchedCluster(bare, unreadable=verbatim(reason)),)
    for minute in (8, 23):
        tick = world.tick(minute)
        assert (tick.tally.measured, tick.tally.unmeasured, tick.tally.does_not_apply) == (1, 1, 0)
        assert health(world, minute).is_healthy
    (message,) = world.told()
    assert "b" in str(message)
    assert reason in str(message)


def test_a_look_that_raises_is_kept_as_such_until_one_succeeds(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.azure.trouble["read"] = cast(Any, TypeError("a secret"))
    with pytest.raises(TypeError):
        world.tick(20)
    found = health(world, 20)
    assert (found.is_healthy, found.problems) == (False, ("the last look ended with an error, TypeError",))
    del world.azure.trouble["read"]
    world.tick(21)
    assert health(world, 21).is_healthy


def test_a_part_whose_look_raises_is_not_well_until_one_succeeds(make: Make) -> None:
    world = make("a", "b", policy=WatchPolicy(1, 50.0))
    for minute in (8, 9):
        world.tick(minute)
    assert health(world, 9).is_healthy
    tick = world.watch.run(at(10), at(10))
    words: dict[str, Any] = {}
    world.access.answers["state"] = lambda _: words["a secret"]
    with pytest.raises(KeyError):
        world.watch.scan_shard(tick.shards[0], tick.name, at(10), at(10))
    world.access.answers["state"] = HEALTHY
    world.watch.run(at(11), at(11))
    found = health(world, 11)
    assert (found.is_healthy, found.problems) == (False, ("the last look ended with an error, KeyError",))
    assert world.watch.scan_shard(tick.shards[0], tick.name, at(11), at(11)) is not None, (
        "delivered again, it is looked at"
    )
    world.watch.run(at(12), at(12))
    assert health(world, 12).is_healthy


def test_one_look_by_a_clock_that_is_a_day_ahead_blinds_none_after_it(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(100)
    day = 24 * 60
    for minute in (8, 8 + day):
        world.tick(minute)
    world.access.asked.clear()
    for minute in range(9, 30):
        assert world.tick(minute).is_success
    assert world.access.names_asked().count("ports") >= 4
    assert (health(world, 30).last_watch, health(world, 30).missing) == (at(29), ())


def test_reports_of_workers_whose_clock_is_a_day_ahead_count_for_nothing(make: Make) -> None:
    world = make("a", "b", policy=replace(POLICY, fan_out_above=1))
    world.tick(8)
    world.tick(8 + 24 * 60)
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    assert world.tick(9).tally.not_reached == 2
    assert world.tick(10).tally.measured == 2
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]
