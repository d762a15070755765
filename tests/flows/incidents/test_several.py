"""When many clusters fail at once, chats get a list, and pagers each incident; nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.chat.channels import AnyChannel
from shared.chat.fleet_messages import incidents_opened
from shared.chat.message import Audience
from shared.chat.pager import Event, PagerDuty
from shared.flows.incidents.cluster_state import Observation
from shared.flows.incidents.several import MOST_ALONE, SeveralAtOnce
from shared.flows.incidents.track import IncidentTracker
from shared.flows.notification.deliver import Deliver
from shared.flows.notification.outbox import message_of
from shared.flows.notification.route import Router
from shared.ids import cluster_key
from shared.model.finding import FindingKind
from shared.model.text import Text
from shared.routes import Route
from shared.store.errors import StoreUnavailable
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Records
from tests.support.builders import assessment, at, cluster, minutes
from tests.support.channels import FakeChannel
from tests.support.every import every
from tests.support.tracking import CHANNELS, TROUBLE, World

MANY = MOST_ALONE + 1


@pytest.fixture
def world(records: Records) -> World:
    return World(records)


def tracker(world: World, routes: Sequence[Route] = (), known: Sequence[str] = CHANNELS) -> IncidentTracker:
    several = SeveralAtOnce(world.records, Router(world.records, routes, CHANNELS, known))
    return replace(world.tracker(), several=several)


def sights(number: int, name: str = "shop", **tags: str) -> list[Observation]:
    named = (replace(cluster(name=f"{name}-{index:02}"), tags=tags) for index in range(number))
    return [Observation(assessment(TROUBLE, each)) for each in named]


def track(world: World, found: Sequence[Observation], **options: Any) -> dict[str, int]:
    summary = tracker(world, **options).track(found, world.active_clusters.entries(), at(8), at(8))
    return dict(summary.effects)


def lists(world: World, channel: str = "slack") -> list[str]:
    rows = [row.value for row in world.records.outbox(FLEET_PARTITION)]
    return [message_of(row).title for row in rows if row.channel == channel]


def audiences(world: World, found: Sequence[Observation]) -> list[Audience]:
    rows = [row.value for each in found for row in world.records.outbox(each.key)]
    return [message_of(row).audience for row in rows if row.channel == "slack"]


def test_more_than_five_clusters_are_one_message_with_a_list(world: World) -> None:
    found = sights(MANY)
    assert track(world, found) == {"opened": MANY}
    assert lists(world) == lists(world, "teams") == ["Failing: SNAT port exhaustion on 6 clusters"]
    assert audiences(world, found) == [Audience.PAGERS] * MANY
    assert every(world.records.incidents(each.key) for each in found), "each has an incident of its own"


@pytest.mark.parametrize("found", [sights(MOST_ALONE), [replace(each, is_maintenance=True) for each in sights(MANY)]])
def test_five_or_those_in_maintenance_are_no_list(world: World, found: list[Observation]) -> None:
    track(world, found)
    assert lists(world) == []
    assert Audience.PAGERS not in audiences(world, found)


def test_troubles_of_another_kind_are_not_counted(world: World) -> None:
    *others, last = sights(MANY)
    kind = FindingKind.PORT_PRESSURE
    alarms = tuple(replace(alarm, kind=kind) for alarm in last.assessment.findings)
    track(world, [*others, replace(last, assessment=replace(last.assessment, findings=alarms))])
    assert lists(world) == []


def test_open_incidents_are_not_counted_and_their_later_messages_are_for_everybody(world: World) -> None:
    found = sights(MANY)
    track(world, found)
    assert track(world, found) == {"nothing": MANY}
    assert len(lists(world)) == 1
    worse = [replace(each, assessment=assessment(minutes(5, 10, {6: 900}), each.assessment.cluster)) for each in found]
    tracker(world).track(worse, world.active_clusters.entries(), at(13), at(13))
    assert audiences(world, found[:1]) == [Audience.PAGERS, Audience.EVERYBODY]


def test_each_team_gets_the_list_of_its_own_clusters(world: World) -> None:
    routes = (Route(to=("payments",), tags={"team": "pay"}),)
    found = [*sights(MANY, "pay", team="pay"), *sights(MANY + 1, "shop")]
    track(world, found, routes=routes, known=(*CHANNELS, "payments"))
    assert lists(world, "payments") == ["Failing: SNAT port exhaustion on 6 clusters"]
    assert lists(world, "slack") == ["Failing: SNAT port exhaustion on 7 clusters"]


def test_what_a_worker_left_undone_is_listed_again(world: World) -> None:
    found = sights(MANY)
    several = tracker(world).several
    assert several is not None
    several.announce([each.assessment for each in found], at(8))
    assert track(world, found) == {"opened": MANY}
    assert len(lists(world)) == 2


def test_without_storage_for_the_list_each_cluster_gets_its_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Records.commit_in

    def fails(records: Records, partition: str, *rest: Any) -> Any:
        if partition == FLEET_PARTITION:
            raise StoreUnavailable(Text("storage could not be reached"))
        return commit(records, partition, *rest)

    monkeypatch.setattr(Records, "commit_in", fails)
    found = sights(MANY)
    assert track(world, found) == {"opened": MANY}
    assert audiences(world, found) == [Audience.EVERYBODY] * MANY


def test_chats_get_the_list_and_a_pager_each_incident(
    world: World, liveness: Liveness, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged: list[str] = []

    def send(_pager: PagerDuty, event: Event, _wall: object) -> None:
        paged.append(event.cluster)

    monkeypatch.setattr(PagerDuty, "send", send)
    found, slack = sights(MANY), FakeChannel()
    track(world, found)
    channels: dict[str, AnyChannel] = {"slack": slack, "teams": PagerDuty("https://x.example", "key")}
    for partition in (FLEET_PARTITION, *(each.key for each in found)):
        Deliver(world.records, liveness, channels).all_due(partition, lambda: at(9))
    assert slack.posted == ["Failing: SNAT port exhaustion on 6 clusters"]
    assert sorted(paged) == [each.assessment.cluster.name for each in found]
    assert not any(world.records.outbox(cluster_key(each.assessment.cluster.id)) for each in found)


def test_the_list_has_the_worst_first_and_names_them_all() -> None:
    members = [assessment(minutes(0, 5, {2: number}), cluster(name=f"shop-{number:02}")) for number in range(1, 13)]
    message = incidents_opened(members)
    table = message.sections[1].table
    assert table is not None
    assert table.rows[0][:2] == ("shop-12", "12")
    assert message.sections[2].text.endswith("shop-02 and shop-01")
