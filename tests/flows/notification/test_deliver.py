"""What is in the outbox reaches its channels: in order, each once, with where it leads."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.auth.links import Links
from shared.auth.signing import Signer
from shared.chat.errors import ChatError
from shared.chat.message import Message, MessageKind, Tone
from shared.chat.pager import PagerDuty
from shared.flows.notification.deliver import Deliver, Delivery
from shared.flows.notification.outbox import Outbox
from shared.formatting import number, percent, utc
from shared.ids import new_id
from shared.model.incident import IncidentState
from shared.model.text import Text
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Put, Records
from shared.store.table import Table
from tests.support.channels import FakeChannel
from tests.support.nouns import make_incident
from tests.support.posted import CLUSTER, MINUTE, PARTITION, WALL, Post


@pytest.fixture
def post(records: Records, liveness: Liveness) -> Post:
    return Post(records, liveness)


def test_everything_due_is_posted_in_order_and_taken_out(post: Post) -> None:
    post.put("first", "second", "third")
    assert post.run() == Delivery(sent=3)
    assert post.channels["slack"].posted == ["first", "second", "third"]
    assert post.waiting() == []
    assert post.liveness.last_success("deliver") == WALL + MINUTE


def test_each_channel_gets_a_stored_message_in_its_own_language(records: Records, liveness: Liveness) -> None:
    english, spanish = FakeChannel(), FakeChannel(language="es")
    post = Post(records, liveness, slack=english, teams=spanish)
    message = Message(utc(WALL), number(12_000), Tone.NEUTRAL, facts=((Text("IP"), percent(1, 8)),))
    records.commit(CLUSTER.id, Outbox(("slack", "teams")).rows(CLUSTER.name, message, WALL))
    assert post.run() == Delivery(sent=2)
    assert english.posted == ["2026-11-22 19:05 UTC"]
    assert spanish.posted == ["22/11/2026 19:05 UTC"]


def test_running_again_posts_nothing_again(post: Post) -> None:
    post.put("first")
    post.run()
    assert post.run() == Delivery()
    assert post.channels["slack"].posted == ["first"]


def test_what_comes_while_another_message_is_on_its_way_is_not_left_behind(post: Post) -> None:
    """Its own worker finds the channel busy and goes: that is not worth a minute's wait."""
    slack = post.channels["slack"]

    def second_comes(title: str) -> None:
        if title == "alarm":
            post.put("plan", wall=WALL + 1.4 * MINUTE)
            assert post.run(1.5) == Delivery(waiting=1), "one after the other"

    slack.trouble = second_comes
    post.put("alarm")
    times = iter([WALL + MINUTE, WALL + 3 * MINUTE, WALL + 3 * MINUTE])
    assert post.flow.all_due(PARTITION, lambda: next(times)) == Delivery(sent=2)
    assert slack.posted == ["alarm", "plan"]
    assert post.waiting() == []


def test_what_is_not_due_yet_waits(post: Post) -> None:
    post.put("first", wall=WALL + 10 * MINUTE)
    assert post.run() == Delivery(waiting=1)
    assert post.channels["slack"].tried == []
    assert post.liveness.last_success("deliver") is None


def test_several_workers_at_once_post_each_message_once_and_in_order(azurite: str) -> None:
    titles = [f"message {number}" for number in range(12)]
    slack, teams = FakeChannel(), FakeChannel()
    prefix = f"t{new_id()}"
    table = Table(prefix, connection_string=azurite)
    Post(Records(table), Liveness(table), slack=slack, teams=teams).put(*titles)
    barrier = threading.Barrier(4, timeout=30)

    def work(_: int) -> None:
        own = Table(prefix, connection_string=azurite)
        flow = Post(Records(own), Liveness(own), slack=slack, teams=teams).flow
        own.client()
        barrier.wait()
        for round_number in range(4):
            flow.run(PARTITION, WALL + MINUTE + timedelta(seconds=round_number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    for channel in (slack, teams):
        assert sorted(channel.posted) == sorted(titles), "each once"
        assert channel.posted == titles, "in order"


def test_a_message_that_another_worker_has_just_taken_out_is_no_error(post: Post) -> None:
    """The other worker delivers between our reading the outbox and our claiming the row."""
    post.put("first")
    (stored,) = post.records.outbox(PARTITION)
    post.records.delete_outbox(PARTITION, stored.value)

    class Stale(Records):
        def proven_outbox(self, partition: str) -> Any:
            return (stored,), {}

    stale = Stale(post.records._table)
    assert Deliver(stale, post.liveness, {"slack": post.channels["slack"]}).run(PARTITION, WALL + MINUTE) == (
        Delivery(waiting=1)
    )
    assert post.channels["slack"].posted == []


def test_a_worker_that_dies_while_posting_leaves_the_message_to_the_next(post: Post) -> None:
    class Killed(BaseException):
        """As when the process is taken away."""

    post.put("first")
    slack = post.channels["slack"]

    def die(_: str) -> ChatError | None:
        raise Killed

    slack.trouble = die
    with pytest.raises(Killed):
        post.run(1)
    slack.trouble = lambda _: None
    assert post.run(1.5) == Delivery(waiting=1)
    assert post.run(2.1) == Delivery(sent=1)


def test_a_row_that_an_earlier_release_wrote_is_delivered(post: Post, table: Table) -> None:
    post.put("first")
    (row,) = table.client().query_entities("kind eq 'outbox'")
    without = {name: value for name, value in json.loads(row["json0"]).items() if name != "refusals"}
    table.client().update_entity({**row, "json0": json.dumps(without)})
    assert post.run(1) == Delivery(sent=1)


def test_a_message_about_an_incident_leads_to_its_page(records: Records, liveness: Liveness) -> None:
    slack, incident = FakeChannel(), make_incident()
    page_of = Links("https://bot.example.com", Signer(["k" * 32], 60)).incident
    flow = Deliver(records, liveness, {"slack": slack}, incident_page=page_of)
    about = Message(Text("title"), Text("summary"), Tone.ALARM, subject=incident.id)
    for message in (about, replace(about, subject="a-change"), replace(about, subject="")):
        records.commit_in(PARTITION, Outbox(("slack",)).rows(CLUSTER.name, message, WALL))
    records.commit_in(PARTITION, [Put(incident)])
    assert flow.run(PARTITION, WALL) == Delivery(sent=3)
    address = f"https://bot.example.com/api/incidents/{incident.id}?cluster={PARTITION}"
    found = [[button.url for button in message.buttons] for message in slack.messages]
    assert sorted(found) == [[], [], [address]]


@pytest.mark.parametrize(
    ("kind", "state", "is_offered"),
    [
        (MessageKind.FAILING, IncidentState.OPEN, True),
        (MessageKind.APPROVAL_WANTED, IncidentState.OPEN, True),
        (MessageKind.FAILING, IncidentState.CLEARED, False),
        (MessageKind.OUTCOME, IncidentState.OPEN, False),
    ],
)
def test_trouble_can_be_silenced_from_its_message(
    records: Records, liveness: Liveness, kind: MessageKind, state: IncidentState, is_offered: bool
) -> None:
    slack, incident = FakeChannel(), replace(make_incident(), state=state)
    channels = {"slack": slack}
    flow = Deliver(records, liveness, channels, incident_page=lambda _: "https://x.example", can_silence=True)
    message = Message(Text("title"), Text("summary"), Tone.ALARM, kind=kind, subject=incident.id)
    records.commit_in(PARTITION, [Put(incident), *Outbox(("slack",)).rows(CLUSTER.name, message, WALL)])
    flow.run(PARTITION, WALL)
    urls: dict[str, str] = {button.text: button.url for button in slack.messages[0].buttons}
    assert urls.get("Silence 1 h") == ("https://x.example#silence" if is_offered else None)


def test_a_pager_hears_how_the_incident_stands_now(
    records: Records, liveness: Liveness, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(PagerDuty, "send", lambda _, event, __: sent.append((event.action, event.subject)))
    flow = Deliver(records, liveness, {"pager": PagerDuty("https://x.example", "key")})
    incident = make_incident()
    for kind, state in ((MessageKind.FAILING, IncidentState.OPEN), (MessageKind.OUTCOME, IncidentState.CLEARED)):
        stored = records.incident_in(PARTITION, incident.id)
        message = Message(Text("title"), Text("summary"), Tone.ALARM, kind=kind, subject=incident.id)
        rows = Outbox(("pager",)).rows(CLUSTER.name, message, WALL)
        records.commit_in(PARTITION, [Put(replace(incident, state=state), stored.etag if stored else None), *rows])
        assert flow.run(PARTITION, WALL) == Delivery(sent=1)
    assert sent == [("trigger", incident.id), ("resolve", incident.id)]


def test_a_message_about_monitoring_leads_to_the_page_of_all_clusters(records: Records, liveness: Liveness) -> None:
    slack = FakeChannel()
    flow = Deliver(records, liveness, {"slack": slack}, fleet_page=lambda: "https://x.example/fleet")
    rows = Outbox(("slack",)).rows("", Message(Text("title"), Text("summary"), Tone.NEUTRAL), WALL)
    records.commit_in(FLEET_PARTITION, rows)
    flow.run(FLEET_PARTITION, WALL + MINUTE)
    assert [(button.text, button.url) for button in slack.messages[0].buttons] == [
        ("All clusters", "https://x.example/fleet")
    ]
