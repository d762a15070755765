"""Silence and maintenance windows hold posts back, and end."""

from __future__ import annotations

from shared.clock import SystemClock
from shared.core.detection.tags import TagRules
from shared.flows.incidents.silence import Silence
from shared.flows.notification.outbox import Outbox
from shared.ids import cluster_key
from shared.maintenance_windows import parse_maintenance
from tests.support.builders import at, by_state, cluster
from tests.support.watched_world import BACKENDS, SICK, Make


def test_in_a_maintenance_window_nothing_is_posted_and_afterwards_what_still_stands(make: Make) -> None:
    world = make("a", usual=TagRules(maintenance=parse_maintenance("daily 10:00-10:20")))
    sick = by_state(Failed=dict.fromkeys(range(400), 1), Successful=dict.fromkeys(range(400), 100))
    world.access.answers |= {"state": sick, "before": sick, "backend": BACKENDS}
    for minute in range(8, 20):
        world.tick(minute)
    assert world.titles("a") == []
    assert len(world.records.incidents(cluster_key(cluster(name="a").id))) == 1
    world.tick(20)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]


def test_silence_holds_posts_back_and_ends_by_itself(make: Make) -> None:
    world = make("a")
    sick = by_state(Failed=dict.fromkeys(range(400), 1), Successful=dict.fromkeys(range(400), 100))
    world.access.answers |= {"state": sick, "before": sick, "backend": BACKENDS}
    silence = Silence(world.records, world.active_clusters, Outbox(()), SystemClock())
    record = silence.begin(cluster(name="a").id, at(30), "Ada", at(0))
    assert (record.silenced_until, record.silenced_by) == (at(30), "Ada")
    for minute in range(8, 30):
        world.tick(minute)
    assert world.titles("a") == []
    world.tick(30)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]
    audited = [(line.actor, line.event) for line in world.records.audit(cluster_key(cluster(name="a").id))]
    assert ("Ada", "silenced until 2026-11-22 10:30 UTC") in audited


def test_silence_can_be_ended_early(make: Make) -> None:
    world = make("a")
    silence = Silence(world.records, world.active_clusters, Outbox(()), SystemClock())
    silence.begin(cluster(name="a").id, at(300), "Ada", at(0))
    silence.end(cluster(name="a").id, "Grace", at(5))
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]
