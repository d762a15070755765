"""The parts of a large fleet, each looked at by a worker of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.cloud.errors import NotSent
from shared.ids import cluster_key, new_id
from shared.model.metric import MetricAnswer
from tests.support.builders import at, cluster
from tests.support.fakes import watched
from tests.support.storage import table_at
from tests.support.watched_world import BACKENDS, HEALTHY, POLICY, SICK, Make, World, ports


def summary(world: World, names: list[str]) -> dict[str, list[Any]]:
    return {
        name: [
            (one.state, one.severity, one.since, one.last_failed_at, one.failed, len(one.nodes))
            for one in world.records.incidents(cluster_key(cluster(name=name).id))
        ]
        for name in names
    }


def test_results_are_the_same_inline_and_by_workers(storage: str) -> None:
    names = [f"c{number:03}" for number in range(230)]
    found = []
    for prefix, above in (("inline", 1000), ("fanout", 10)):
        world = World(table_at(storage, prefix + new_id()), *names, policy=replace(POLICY, fan_out_above=above))
        world.access.answers |= {
            "ports": lambda one: ports(900 if "mc_c10" in one else 100)["ports"],
            "history": ports(900)["history"],
            "state": lambda one: (
                SICK if one.endswith(("mc_c007/providers/microsoft.network/loadbalancers/kubernetes",)) else HEALTHY
            ),
            "before": SICK,
            "backend": BACKENDS,
        }
        for minute in range(8, 12):
            tick = world.tick(minute)
        assert bool(tick.shards) == (above == 10)
        found.append((summary(world, names), [world.titles(name) for name in names], tick.tally))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
    inline, fan_out = found[0][2], found[1][2]
    assert (inline.clusters, inline.measured, inline.failing) == (fan_out.clusters, fan_out.measured, fan_out.failing)


def test_a_part_is_looked_at_once_a_tick_however_often_its_message_comes(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    tick = world.watch.run(at(8), at(8))
    (shard,) = tick.shards
    assert (tick.tally.clusters, tick.tally.not_reached) == (5, 5), "nobody has reported yet"
    assert world.watch.scan_shard(shard, tick.name, at(8), at(8)) is not None
    asked = len(world.access.asked)
    assert world.watch.scan_shard(shard, tick.name, at(8), at(8)) is None
    assert world.watch.scan_shard(shard, "20251122t1000", at(8), at(8)) is None, "of an older tick"
    assert len(world.access.asked) == asked
    assert world.watch.run(at(9), at(9)).tally.measured == 5
    late = world.watch.run(at(40), at(40)).tally
    assert (late.measured, late.not_reached) == (0, 5), "an old report is no report"


def test_what_a_worker_has_to_tell_is_handed_out_at_once(make: Make) -> None:
    world = make("well", "sick", policy=replace(POLICY, fan_out_above=1))
    world.access.answers |= {
        "state": lambda one: SICK if "mc_sick/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    tick = world.watch.run(at(8), at(8))
    (shard,) = tick.shards
    found = world.watch.scan_shard(shard, tick.name, at(8), at(8))
    assert found is not None
    assert found.deliver == (cluster_key(cluster(name="sick").id),)


def test_what_looking_took_is_counted_where_it_was_done(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    count = world.count

    def busy(_: str) -> MetricAnswer:
        count("GET", "/metrics")
        count.note_repeat()
        count("GET", "/metrics")
        return HEALTHY

    world.access.answers["state"] = busy
    tick = world.watch.run(at(8), at(8))
    assert tick.effort.requests == 0, "nobody has reported yet"
    (shard,) = tick.shards
    count("GET", "/somebody/else")
    found = world.watch.scan_shard(shard, tick.name, at(8), at(8))
    assert found is not None
    assert (found.report.effort.requests, found.report.effort.retries) == (10, 5)
    assert found.report.effort.seconds > 0
    effort = world.watch.run(at(9), at(9)).effort
    assert (effort.requests, effort.retries) == (10, 5), "the tick's line is of the whole fleet"
    world.policy = POLICY
    effort = world.new_process().run(at(10), at(10)).effort
    assert (effort.requests, effort.retries) == (10, 5)


def test_opting_out_is_not_announced_again_when_workers_are_late(make: Make) -> None:
    world = make(policy=replace(POLICY, fan_out_above=1))
    out = cluster(name="b", tags={"snatbot-watch": "off"})
    world.azure.targets = watched(cluster(name="a"), out, cluster(name="c", location="eastus"))
    for minute in (8, 9, 10):
        world.tick(minute)
    for minute in range(11, 22):
        tally = world.watch.run(at(minute), at(minute)).tally
    assert (tally.not_reached, tally.does_not_apply) == (2, 1)
    for minute in (22, 23, 24):
        world.tick(minute)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]


def test_workers_that_stay_away_are_told(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    for minute in range(8, 60):
        world.watch.run(at(minute), at(minute))
    (message,) = world.told()
    assert "5 clusters" in message.summary
    assert "no worker has looked at them lately" in message.summary


def test_a_part_that_is_no_more_is_empty(make: Make) -> None:
    world = make("a", policy=replace(POLICY, fan_out_above=1))
    found = world.watch.scan_shard("0123456789abcdef", "20261122t1008", at(8), at(8))
    assert found is not None
    assert (found.report.tally.clusters, found.deliver) == (0, ())


def test_what_the_deadline_cut_off_is_counted(make: Make) -> None:
    world = make("a", "b")
    world.access.answers["state"] = lambda one: NotSent("s", "over") if "mc_b/" in one else HEALTHY
    tally = world.tick(8).tally
    assert (tally.measured, tally.not_reached, tally.unmeasured) == (1, 1, 1)
