"""Whether monitoring is well: a fleet that nobody reaches, and lists that are missing or too old."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.cloud.errors import Forbidden, NotSent, Unavailable
from shared.model.fleet import Unlisted
from shared.model.metric import MetricAnswer
from shared.model.text import Text
from tests.support.builders import at, cluster
from tests.support.fakes import watched
from tests.support.watched_world import COVERAGE, HEALTHY, POLICY, Make, health


@pytest.mark.parametrize("is_fanned_out", [False, True])
def test_a_fleet_that_nobody_reaches_is_not_well(make: Make, is_fanned_out: bool) -> None:
    world = make("a", "b", policy=replace(POLICY, fan_out_above=1) if is_fanned_out else POLICY)
    world.access.answers["state"] = NotSent("s", "the time for this look was over")
    for minute in range(8, 30):
        tick = world.watch.run(at(minute), at(minute))
    assert not tick.is_success
    assert "none of 2 clusters was measured" in tick.problems[0]
    found = health(world, 29)
    assert "no look at the clusters has succeeded" in found.problems[0]
    assert found.missing == tick.problems


def test_a_single_look_that_measures_nothing_does_not_page(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.access.answers["state"] = MetricAnswer(())
    assert not world.tick(9).is_success
    assert (health(world, 9).is_healthy, len(health(world, 9).missing)) == (True, 1)
    world.access.answers["state"] = HEALTHY
    assert world.tick(10).is_success
    assert health(world, 10).missing == ()


def test_that_no_cluster_was_ever_found_is_not_well_and_told_once_with_what_to_grant(make: Make) -> None:
    world = make()
    for minute in range(8, 60):
        tick = world.tick(minute)
    assert not tick.is_success
    assert "Monitoring Reader" in health(world, 59).missing[0]
    (message,) = world.told()
    assert message.title == "snatbot can't watch as it should"
    assert "No cluster was ever found: grant this app's identity Reader" in message.summary
    world.azure.targets = watched(cluster(name="a"))
    for minute in range(60, 80):
        tick = world.tick(minute)
    assert (tick.is_success, health(world, 79).missing) == (True, ())
    assert world.titles()[1:] == ["snatbot watches as it should again"]


def test_an_owner_without_clusters_can_say_so(make: Make) -> None:
    world = make(coverage=replace(COVERAGE, expects_clusters=False))
    for minute in range(8, 60):
        tick = world.tick(minute)
    assert (tick.is_success, world.titles()) == (True, [])


def test_when_every_cluster_was_deleted_nobody_is_paged_and_when_they_are_hidden_somebody_is(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.azure.targets = ()
    world.azure.gone = {cluster(name=name).id.lower() for name in ("a", "b")}
    assert world.tick(19).is_success
    other = make("c")
    other.tick(30)
    other.azure.targets = ()
    assert "can be seen any more" in other.tick(41).problems[0]


def test_a_list_of_clusters_that_is_too_old_is_not_well_and_told_once(make: Make) -> None:
    world = make("a")
    world.tick(8)
    for minute in range(18, 80):
        world.azure.trouble["read"] = Unavailable("POST resources", f"busy since {minute}", status=503)
        tick = world.tick(minute)
        assert tick.is_success == (minute <= 38)
    assert tick.problems == ("the list of clusters is old: it is of 2026-11-22 10:08 UTC",)
    assert "no look at the clusters has succeeded" in health(world, 79).problems[0]
    assert world.titles() == ["snatbot can't watch as it should"]
    del world.azure.trouble["read"]
    assert world.tick(80).is_success
    assert world.titles()[1:] == ["snatbot watches as it should again"]


def test_clusters_that_could_never_be_listed_are_told_once(make: Make) -> None:
    world = make("a")
    world.azure.trouble["read"] = Forbidden("POST resources", "no", code="AuthorizationFailed")
    for minute in range(8, 60):
        assert not world.tick(minute).is_success
    assert world.titles() == ["snatbot can't watch as it should"]
    assert "AuthorizationFailed" in health(world, 59).missing[0]


def test_subscriptions_that_cannot_be_read_and_tags_that_cannot_be_used_are_told_once(make: Make) -> None:
    world = make()
    world.azure.targets = watched(cluster(name="a", tags={"snatbot-wach": "off"}), cluster(name="b"))
    world.azure.unreadable = (
        Unlisted(Text("subscription 123"), Text("it does not exist or this identity has no role in it")),
    )
    for minute in range(8, 60):
        assert world.tick(minute).is_success
    tags, subscription = world.told()
    assert "Tag snatbot-wach is not known (1 cluster: a)" in tags.summary
    assert "Subscription 123: it does not exist" in subscription.summary
