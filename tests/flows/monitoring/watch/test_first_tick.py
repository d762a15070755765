"""The first tick of a new deployment posts what it sees, once, to each channel."""

from __future__ import annotations

import pytest

from shared.chat import slack, teams
from shared.chat.first_message import Deployment
from shared.chat.message import Audience, Message
from shared.cloud.errors import Unavailable
from shared.flows.monitoring.unmeasured import Greeting
from shared.flows.notification.outbox import Outbox, message_of
from shared.model.text import Text
from shared.store.records import FLEET_PARTITION
from shared.wording.languages import LANGUAGES
from tests.support.builders import cluster
from tests.support.fakes import watched
from tests.support.watched_world import Make, World

NEW = Greeting(Deployment("d3c7", ("s1", "s2"), (Text("whoever holds a link"),)), Outbox(("night", "day")))


def said(message: Message) -> str:
    parts = [message.title, message.summary]
    for section in message.sections:
        parts += [section.title, section.text, *section.bullets, *section.steps, section.code]
    return "\n".join(filter(None, parts))


def channels(world: World) -> list[str]:
    return sorted(row.value.channel for row in world.records.outbox(FLEET_PARTITION))


def test_it_says_what_it_sees_and_may_do_once_to_each_channel(make: Make) -> None:
    world = make("a", "b", greeting=NEW)
    world.tick(8)
    world.new_process()
    world.tick(9)
    world.tick(40)
    assert channels(world) == ["day", "night"]
    message = message_of(world.records.outbox(FLEET_PARTITION)[0].value)
    assert message.title == "snatbot is up, and sees 2 clusters"
    assert "It changes Azure only by plans that are approved by whoever holds a link" in said(message)
    assert "python -m shared.cli plan CLUSTER" in said(message)
    assert "az role assignment" not in said(message)
    assert message.audience is Audience.CHATS, "it pages nobody"


@pytest.mark.parametrize("is_listable", [True, False])
def test_where_nothing_is_found_it_names_the_roles_at_once_and_says_when_clusters_appear(
    make: Make, is_listable: bool
) -> None:
    world = make(greeting=NEW)
    if not is_listable:
        world.azure.trouble["read"] = Unavailable("the list", "no answer")
    for minute in (8, 30):
        world.tick(minute)
    assert channels(world) == ["day", "night"], "nothing else, also after the grace period"
    text = said(message_of(world.records.outbox(FLEET_PARTITION)[0].value))
    assert "snatbot is up, and sees no cluster yet" in text
    assert ("grant this app's identity Reader" in text) == is_listable
    for subscription in ("s1", "s2"):
        for role in ("Reader", "'Monitoring Reader'"):
            command = f"az role assignment create --assignee d3c7 --role {role} --scope /subscriptions/{subscription}"
            assert command in text
    world.azure.trouble.clear()
    world.azure.targets = watched(cluster(name="a"))
    world.new_process()
    world.tick(50)
    assert world.titles()[-1] == "snatbot watches as it should again"


def test_a_deployment_from_before_says_nothing_of_it(make: Make) -> None:
    make("a").tick(8)
    later = make("a", greeting=NEW)
    later.tick(9)
    assert later.told() == []


def test_it_names_what_is_not_measured_and_that_it_only_watches_in_each_language(make: Make) -> None:
    world = make("a", greeting=Greeting(Deployment(), Outbox(("day",))))
    world.access.answers = {"state": Unavailable("metrics", "no answer")}
    world.tick(8)
    (message,) = world.told()
    assert "It only watches" in said(message)
    assert "1 cluster in subscription" in said(message)
    for language in LANGUAGES:
        shown = message.in_language(language)
        assert slack.render(shown)["blocks"] and teams.render(shown)
