"""A Slack bot keeps one message a subject: rewritten by what follows, with the rest in its thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.chat import slack as slack_chat
from shared.chat.channels import SlackBot
from shared.chat.message import Chart, Message, MessageKind, Section, Tone
from shared.chat.slack_api import EVENT_TYPE
from shared.flows.notification.deliver import Deliver, Delivery
from shared.flows.notification.outbox import Outbox
from shared.model.text import Text
from shared.store.liveness import Liveness
from shared.store.records import Records
from simulator.testing import RunningSimulator
from tests.faults.telling import PARTITION, place, slack, title_of
from tests.simulator.slack import client

pytestmark = pytest.mark.network
MINUTE = timedelta(minutes=1)
DETAIL = Section(Text("Steps by hand"), bullets=(Text("Add ports"),), is_detail=True)
WARNING = Message(
    Text("Ports run short"), Text("soon"), Tone.WARNING, (), (DETAIL,), kind=MessageKind.WARNING, subject="inc1"
)
FAILING = replace(WARNING, title=Text("Connections fail"), tone=Tone.ALARM, sections=(), kind=MessageKind.FAILING)
STEP = replace(FAILING, title=Text("Step 1 of 3"), kind=MessageKind.STEP)
FLEET = Message(Text("Not measured"), Text("a role is missing"), Tone.WARNING)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with slack() as simulator:
        yield simulator


class Room:
    """One Slack channel, and a worker that delivers there from real records."""

    def __init__(self, running: RunningSimulator, records: Records, liveness: Liveness) -> None:
        self.slack = running
        self.api = client(running)
        self.records = records
        self.liveness = liveness
        self.place = place()
        self.token = "xoxb-1"
        self.wall = running.now() - timedelta(days=1)

    def put(self, *messages: Message) -> None:
        for message in messages:
            self.wall += MINUTE
            self.records.commit_in(PARTITION, Outbox(("slack",)).rows("shop-prod", message, self.wall))

    def deliver(self, later: timedelta = MINUTE) -> Delivery:
        self.wall += later
        bot = SlackBot(self.slack.http_url + "/slack/api", self.token, self.place)
        return Deliver(self.records, self.liveness, {"slack": bot}).run(PARTITION, self.wall)

    def tell(self, *messages: Message) -> None:
        self.put(*messages)
        assert self.deliver().sent == len(messages)

    def break_once(self, method: str, **then: Any) -> None:
        self.slack.add_fault({"match": {"path": f"/api/{method}"}, "times": 1, "then": then})

    def refuse_once(self, method: str, error: str) -> None:
        self.break_once(method, status=200, body={"ok": False, "error": error})

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [each for each in self.slack.chat(channel=self.place) if not each["is_deleted"]]

    def titles(self) -> list[str]:
        return [title_of(each) for each in self.shown if not each["thread"]]

    def replies(self) -> list[str]:
        return [title_of(each) for each in self.shown if each["thread"]]


@pytest.fixture
def room(running: RunningSimulator, records: Records, liveness: Liveness) -> Iterator[Room]:
    yield Room(running, records, liveness)
    running.clear_faults()


def test_a_note_is_for_the_thread_and_leaves_the_message_as_it_is(room: Room) -> None:
    room.tell(FAILING)
    room.tell(replace(FAILING, title=Text("Who opens them"), kind=MessageKind.NOTE))
    assert (room.titles(), room.replies()) == (["Connections fail"], ["Who opens them"])


def test_an_incident_is_one_message_with_the_rest_in_its_thread(room: Room) -> None:
    room.tell(WARNING)
    first, details = room.shown
    assert "Add ports" not in str(first["content"]["blocks"])
    assert "Add ports" in str(details["content"]["blocks"])
    room.tell(FAILING, STEP)
    assert room.titles() == ["Step 1 of 3"]
    assert room.replies() == ["Ports run short", "Connections fail", "Step 1 of 3"]
    assert [each["is_broadcast"] for each in room.shown] == [False, False, True, False]
    assert {each["thread"] for each in room.shown[1:]} == {first["id"]}


def test_each_subject_has_a_message_of_its_own_and_the_fleets_are_never_rewritten(room: Room) -> None:
    room.tell(WARNING, replace(WARNING, title=Text("Another"), subject="inc2"), FLEET, FLEET)
    assert room.titles() == ["Ports run short", "Another", "Not measured", "Not measured"]


def test_our_ids_are_in_the_metadata(room: Room) -> None:
    room.put(WARNING)
    (row,) = room.records.outbox(PARTITION)
    room.deliver()
    mine = {"event_type": EVENT_TYPE, "event_payload": {"subject": "inc1", "message": row.value.id}}
    assert [each["content"]["metadata"] for each in room.shown] == [mine, mine]


def test_a_message_that_a_person_deleted_is_posted_anew(room: Room) -> None:
    room.tell(WARNING)
    room.api.chat_delete(channel=room.place, ts=room.shown[0]["id"])
    room.tell(FAILING)
    assert room.titles() == ["Connections fail"]
    room.tell(STEP)
    assert room.titles() == ["Step 1 of 3"]


def test_a_message_deleted_between_its_update_and_its_thread_is_posted_anew(room: Room) -> None:
    room.tell(WARNING)
    room.put(FAILING)
    room.refuse_once("chat.postMessage", "thread_not_found")
    assert room.deliver() == Delivery(waiting=1)
    room.api.chat_delete(channel=room.place, ts=room.shown[0]["id"])
    assert room.deliver(2 * MINUTE).sent == 1
    assert room.titles() == ["Connections fail"]


def test_a_message_that_may_not_be_edited_any_more_is_posted_anew(room: Room) -> None:
    room.tell(WARNING)
    room.refuse_once("chat.update", "edit_window_closed")
    room.tell(FAILING)
    assert room.titles() == ["Ports run short", "Connections fail"]
    room.tell(STEP)
    assert room.titles() == ["Ports run short", "Step 1 of 3"]


def test_in_another_channel_it_is_posted_anew(room: Room) -> None:
    room.tell(WARNING)
    room.place = place()
    room.tell(FAILING)
    assert room.titles() == ["Connections fail"]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_without_the_blocks_that_slack_refuses_the_text_arrives(
    room: Room, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    if method == "chat.update":
        room.tell(FAILING)
    room.refuse_once(method, "invalid_blocks")
    room.tell(FAILING)
    assert room.titles() == ["Connections fail"]
    assert not room.shown[0]["content"].get("blocks")
    assert "Slack did not take the blocks" in caplog.text


def test_a_chart_that_slack_refuses_is_left_out_and_the_blocks_arrive(room: Room) -> None:
    drawn = replace(WARNING, charts=(Chart(Text("Failed connections a minute"), (("10:00", 1), ("10:01", 2))),))
    room.refuse_once("chat.postMessage", "invalid_blocks")
    room.tell(drawn)
    assert room.titles() == ["Ports run short"]
    kinds = [block["type"] for each in room.shown for block in each["content"]["blocks"]]
    assert "header" in kinds
    assert "data_visualization" not in kinds
    assert room.place in slack_chat.refuses_newest, "the next message comes without at once"


def test_what_was_held_up_does_not_overwrite_what_is_newer(room: Room) -> None:
    room.put(WARNING, FAILING)
    room.refuse_once("chat.postMessage", "an_error_of_next_year")
    assert room.deliver() == Delivery(sent=1, refused=1)
    assert room.deliver(timedelta(hours=2)) == Delivery(sent=1)
    assert room.titles() == ["Connections fail"]
    assert room.replies() == ["Ports run short"]


@pytest.mark.parametrize("message", [WARNING, FLEET])
def test_a_try_whose_end_is_unknown_posts_nothing_twice(room: Room, message: Message) -> None:
    room.put(message)
    room.break_once("chat.postMessage", drop="after")
    assert room.deliver() == Delivery(waiting=1)
    assert len(room.titles()) == 1
    assert room.deliver(2 * MINUTE).sent == 1
    assert len(room.titles()) == 1


def test_a_double_is_found_and_deleted(room: Room) -> None:
    """The first try's post arrives after the second try had looked for it."""
    room.put(WARNING)
    (row,) = room.records.outbox(PARTITION)
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"subject": "inc1", "message": row.value.id}}
    for _ in range(2):
        room.api.chat_postMessage(channel=room.place, text="🟠 Ports run short", metadata=metadata)
    room.break_once("chat.postMessage", status=503)
    assert room.deliver() == Delivery(waiting=1)
    assert room.deliver(2 * MINUTE).sent == 1
    assert (room.titles(), room.replies()) == (["Ports run short"], ["Ports run short"])


@pytest.mark.parametrize("error", ["missing_scope", "not_allowed_token_type"])
def test_where_nobody_may_look_a_double_beats_a_loss(room: Room, error: str, caplog: pytest.LogCaptureFixture) -> None:
    room.put(WARNING)
    room.break_once("chat.postMessage", drop="after")
    room.deliver()
    room.refuse_once("conversations.history", error)
    room.refuse_once("conversations.replies", error)
    assert room.deliver(2 * MINUTE).sent == 1
    assert room.titles() == ["Ports run short"] * 2
    assert "may be posted twice" in caplog.text


def test_a_channel_that_is_throttled_is_left_alone_until_then(room: Room) -> None:
    room.put(WARNING)
    room.break_once("chat.postMessage", status=429, headers={"Retry-After": "1800"})
    room.deliver()
    (row,) = room.records.outbox(PARTITION)
    assert row.value.due_at == room.wall + 30 * MINUTE


def test_two_scopes_are_all_that_it_takes(records: Records, liveness: Liveness) -> None:
    manifest = {
        "display_information": {"name": "snatbot"},
        "features": {"bot_user": {"display_name": "snatbot"}},
        "oauth_config": {"scopes": {"bot": ["chat:write", "channels:history"]}},
    }
    with slack() as running:
        room = Room(running, records, liveness)
        room.token = running.install_slack_app(manifest)["bot_token"]
        room.put(WARNING)
        room.break_once("chat.postMessage", drop="after")
        room.deliver()
        assert room.deliver(2 * MINUTE).sent == 1
        room.tell(FAILING)
        assert room.titles() == ["Connections fail"]
