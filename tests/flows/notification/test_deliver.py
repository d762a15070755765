"""What is in the outbox reaches its channels: in order, each once, none lost."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.auth.links import Links
from shared.auth.signing import RowSigner, Signer
from shared.chat.channels import Channel
from shared.chat.errors import ChatError
from shared.chat.message import Button, Message, MessageKind, Tone
from shared.chat.pager import PagerDuty
from shared.flows.notification.deliver import Deliver, Delivery
from shared.flows.notification.outbox import Outbox
from shared.formatting import number, percent, utc
from shared.ids import cluster_key, new_id
from shared.model.audit import OutboxMessage
from shared.model.incident import IncidentState
from shared.model.text import Text, verbatim
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Put, Records
from shared.store.table import Table
from tests.support.channels import FakeChannel, down, refusing
from tests.support.nouns import make_cluster, make_incident
from tests.support.storage import table_at

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Post:
    """A deliver flow on real storage with one or two pretended channels."""

    def __init__(self, records: Records, liveness: Liveness, **channels: FakeChannel) -> None:
        self.records = records
        self.liveness = liveness
        self.channels = channels or {"slack": FakeChannel()}
        self.flow = Deliver(records, liveness, {name: cast(Channel, one) for name, one in self.channels.items()})

    def put(self, *titles: str, wall: datetime = WALL) -> None:
        outbox = Outbox(tuple(self.channels))
        for second, title in enumerate(titles):
            message = Message(verbatim(title), Text("summary"), Tone.NEUTRAL)
            rows = outbox.rows(CLUSTER.name, message, wall + timedelta(seconds=second))
            self.records.commit(CLUSTER.id, rows)

    def run(self, minute: float = 1) -> Delivery:
        return self.flow.run(PARTITION, WALL + minute * MINUTE)

    def waiting(self) -> list[OutboxMessage]:
        return [row.value for row in self.records.outbox(PARTITION)]

    def wait_until_due(self, wall: datetime) -> datetime:
        """The wall time at which the outbox is next due after ``wall``."""
        return max(wall, min(row.due_at for row in self.waiting() if row.due_at is not None))


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
    english, spanish = FakeChannel(), FakeChannel()
    spanish.language = "es"
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


def test_a_channel_that_is_down_is_not_tried_on_and_on(post: Post) -> None:
    post.channels["slack"].trouble = down()
    post.put("alarm")
    assert post.flow.all_due(PARTITION, lambda: WALL + MINUTE) == Delivery(waiting=1)
    assert post.channels["slack"].tried == ["alarm"]


def test_what_is_not_due_yet_waits(post: Post) -> None:
    post.put("first", wall=WALL + 10 * MINUTE)
    assert post.run() == Delivery(waiting=1)
    assert post.channels["slack"].tried == []
    assert post.liveness.last_success("deliver") is None


# --- a channel that is down ---


def test_a_message_is_kept_while_the_channel_is_down_and_posted_once_it_is_back(post: Post) -> None:
    post.put("first")
    slack = post.channels["slack"]
    slack.trouble = down()
    assert post.run(1).sent == 0
    (row,) = post.waiting()
    assert (row.attempts, row.last_error) == (1, "slack: 503")
    slack.trouble = lambda _: None
    assert post.run(1.5) == Delivery(waiting=1)
    assert post.run(2.1) == Delivery(sent=1)
    assert slack.posted == ["first"]


def test_order_is_kept_while_the_channel_is_down(post: Post) -> None:
    post.put("first", "second")
    slack = post.channels["slack"]
    slack.trouble = down()
    post.run(1)
    assert slack.tried == ["first"]
    slack.trouble = lambda _: None
    post.run(5)
    assert slack.posted == ["first", "second"]


def test_waits_grow_to_a_quarter_of_an_hour_and_no_longer(post: Post) -> None:
    """However long the channel is down: doubled without end, the wait would overflow after ten hours."""
    post.put("first")
    post.channels["slack"].trouble = down()
    wall, waits = WALL, []
    for _ in range(44):
        wall = post.wait_until_due(wall)
        post.flow.run(PARTITION, wall)
        waits.append((post.wait_until_due(wall) - wall) / MINUTE)
    assert waits[:6] == [1, 2, 4, 8, 15, 15]
    assert set(waits[6:]) == {15}
    (row,) = post.waiting()
    assert row.attempts == 44


def test_a_channel_that_names_a_time_is_left_alone_until_then(post: Post) -> None:
    post.put("first")
    post.channels["slack"].trouble = down(retry_after_seconds=1800)
    post.run(1)
    (row,) = post.waiting()
    assert row.due_at == WALL + 31 * MINUTE


def test_one_channel_that_is_down_does_not_stop_the_other(records: Records, liveness: Liveness) -> None:
    post = Post(records, liveness, slack=FakeChannel(down()), teams=FakeChannel())
    post.put("first", "second")
    assert post.run() == Delivery(sent=2, waiting=1)
    assert post.channels["teams"].posted == ["first", "second"]


# --- a message that is refused ---


def test_a_refused_message_is_tried_hourly_for_a_day_then_given_up_and_audited(post: Post) -> None:
    post.put("first")
    post.channels["slack"].trouble = refusing()
    wall, waits = WALL, []
    for _ in range(24):
        wall = post.wait_until_due(wall)
        result = post.flow.run(PARTITION, wall)
        if result.given_up == 0:
            waits.append(post.wait_until_due(wall) - wall)
    assert set(waits) == {timedelta(hours=1)}
    assert len(waits) == 23
    (row,) = post.waiting()
    assert (row.due_at, row.last_error) == (None, "slack: invalid_blocks")
    (line,) = post.records.audit(PARTITION)
    assert (line.event, line.subject, line.at) == ("message given up", row.id, wall)
    assert "invalid_blocks" in line.detail
    assert post.records.due("outbox", wall + timedelta(days=400)) == ()
    assert post.run(10**5) == Delivery()


def test_a_refused_message_does_not_hold_up_the_ones_behind_it(post: Post) -> None:
    """The alarm behind a message that the service does not like must not wait for a day."""
    post.put("bad", "alarm")
    slack = post.channels["slack"]
    slack.trouble = refusing("bad")
    post.run(1)
    assert slack.posted == ["alarm"]
    post.put("next alarm", wall=WALL + 2 * MINUTE)
    post.run(3)
    assert slack.posted == ["alarm", "next alarm"]
    slack.trouble = lambda _: None
    post.run(62)
    assert slack.posted == ["alarm", "next alarm", "bad"]


def test_an_outage_before_the_refusals_takes_no_tries_away(post: Post) -> None:
    post.put("first")
    slack = post.channels["slack"]
    slack.trouble = down()
    wall = WALL
    for _ in range(25):
        wall = post.wait_until_due(wall)
        post.flow.run(PARTITION, wall)
    slack.trouble = refusing()
    wall = post.wait_until_due(wall)
    assert post.flow.run(PARTITION, wall).given_up == 0
    slack.trouble = lambda _: None
    assert post.flow.run(PARTITION, post.wait_until_due(wall)).sent == 1


def test_a_message_for_a_channel_that_is_not_configured_any_more_is_kept_and_says_so(post: Post) -> None:
    teams = OutboxMessage("m1", CLUSTER.name, "teams", '{"title": "t", "summary": "s", "tone": "good"}', WALL, WALL)
    post.records.commit(CLUSTER.id, [Put(teams)])
    post.put("first")
    post.run(1)
    assert post.channels["slack"].posted == ["first"]
    (row,) = post.waiting()
    assert row.last_error == "teams: this channel is not configured any more"


@pytest.mark.parametrize("payload", ["", "{", '{"title": 1}'])
def test_a_message_that_cannot_be_read_steps_aside(post: Post, payload: str) -> None:
    """As one that another release wrote: it must not stop its channel for ever."""
    post.records.commit(CLUSTER.id, [Put(OutboxMessage("m1", CLUSTER.name, "slack", payload, WALL, WALL))])
    post.put("first", wall=WALL + timedelta(seconds=1))
    assert post.run(1).sent == 1
    (row,) = post.waiting()
    assert row.last_error == "slack: the stored message cannot be read by this release"


# --- several workers ---


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
    assert Deliver(stale, post.liveness, {"slack": cast(Channel, post.channels["slack"])}).run(
        PARTITION, WALL + MINUTE
    ) == (Delivery(waiting=1))
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
    flow = Deliver(records, liveness, {"slack": cast(Channel, slack)}, incident_page=page_of)
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
    channels = {"slack": cast(Channel, slack)}
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


# --- signed ---


def signed_post(table: Table, *keys: str) -> Post:
    return Post(Records(table, RowSigner(keys or ["n" * 32])), Liveness(table))


def outbox_rows(table: Table) -> list[dict[str, Any]]:
    found = table.client().query_entities("PartitionKey eq @p", parameters={"p": PARTITION})
    return [dict(row) for row in found if row["RowKey"].startswith("outbox-")]


def put_row(table: Table, row: dict[str, Any]) -> None:
    table.client().upsert_entity(row, mode=UpdateMode.REPLACE)


def refuses_the_forged(post: Post, minute: int = 1) -> None:
    """One alarm instead of it, one line in the audit, and no second time."""
    post.run(minute)
    post.run(minute + 1)
    assert post.channels["slack"].posted == ["Somebody else's message was held back"]
    lines = post.records.audit(PARTITION)
    assert [line.event for line in lines] == ["forged messages not delivered"]
    assert post.waiting() == []


def test_a_phishing_message_that_somebody_put_into_the_outbox_is_not_delivered(table: Table) -> None:
    """The attack: a button that leads elsewhere."""
    message = Message(
        Text("Approve now"),
        Text(""),
        Tone.ALARM,
        buttons=(Button(Text("Approve"), "https://evil.example"),),
    )
    Records(table).commit(CLUSTER.id, Outbox(("slack",)).rows(CLUSTER.name, message, WALL))
    refuses_the_forged(signed_post(table))


def test_many_forged_messages_are_one_alarm(table: Table) -> None:
    Post(Records(table), Liveness(table)).put("one", "two", "three")
    refuses_the_forged(signed_post(table))


def test_a_message_copied_from_another_cluster_is_not_delivered(table: Table) -> None:
    post = signed_post(table)
    post.put("of this cluster")
    (row,) = outbox_rows(table)
    table.delete(PARTITION, row["RowKey"])
    put_row(table, {**row, "RowKey": f"{row['RowKey']}x"})
    refuses_the_forged(post)


@given(column=st.sampled_from(["json0", "signature", "schema"]), value=st.none() | st.text(max_size=80) | st.integers())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_message_with_anything_changed_is_not_delivered(storage: str, column: str, value: object) -> None:
    table = table_at(storage, f"t{new_id()}")
    post = signed_post(table)
    post.put("genuine")
    (row,) = outbox_rows(table)
    assume(value != row[column] and (not isinstance(value, int) or abs(value) < 2**31))
    put_row(table, {**row, column: value})
    refuses_the_forged(post)


def test_a_message_by_a_key_that_is_not_held_waits_for_who_holds_it_and_holds_up_nobody(table: Table) -> None:
    signed_post(table, "o" * 32).put("by the other instance")
    post = signed_post(table)
    post.put("by this one")
    assert post.run().sent == 1
    assert post.channels["slack"].posted == ["by this one"]
    assert post.records.audit(PARTITION) == ()
    other = signed_post(table, "n" * 32, "o" * 32)
    assert other.run(2).sent == 1
    assert other.channels["slack"].posted == ["by the other instance"]


def test_without_a_key_nothing_is_signed_and_everything_is_delivered(table: Table) -> None:
    post = Post(Records(table), Liveness(table))
    post.put("an alarm")
    assert all("signature" not in row for row in outbox_rows(table))
    assert post.run().sent == 1
    signed_post(table).put("by an app that has a key")
    assert post.run(2).sent == 1


def test_a_message_about_monitoring_leads_to_the_page_of_all_clusters(records: Records, liveness: Liveness) -> None:
    slack = FakeChannel()
    flow = Deliver(records, liveness, {"slack": cast(Channel, slack)}, fleet_page=lambda: "https://x.example/fleet")
    rows = Outbox(("slack",)).rows("", Message(Text("title"), Text("summary"), Tone.NEUTRAL), WALL)
    records.commit_in(FLEET_PARTITION, rows)
    flow.run(FLEET_PARTITION, WALL + MINUTE)
    assert [(button.text, button.url) for button in slack.messages[0].buttons] == [
        ("All clusters", "https://x.example/fleet")
    ]
