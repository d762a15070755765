"""What is put into the outbox: a copy for each channel, which comes out as it went in."""

from __future__ import annotations

from shared.chat.message import Button, Message, Section, Table, Tone
from shared.flows.notification.outbox import Outbox, audit, message_of
from shared.model.audit import OutboxMessage
from shared.model.text import Text
from tests.support.builders import at

MESSAGE = Message(
    Text("Alarm"),
    Text("Connections fail – 🔥"),
    Tone.ALARM,
    facts=((Text("Cluster"), Text("shop-prod")),),
    sections=(
        Section(Text("Nodes"), table=Table((Text("Node"),), ((Text("aks-1"),),))),
        Section(Text("By hand"), steps=(Text("Look"),)),
    ),
    buttons=(Button(Text("Open"), "https://bot.example.com", is_primary=True),),
)


def rows(*channels: str, message: Message | None = MESSAGE) -> list[OutboxMessage]:
    made = [put.value for put in Outbox(channels).rows("shop-prod", message, at(1))]
    assert all(isinstance(row, OutboxMessage) for row in made)
    return [row for row in made if isinstance(row, OutboxMessage)]


def test_each_channel_gets_a_copy_that_is_due_at_once() -> None:
    slack, teams = rows("slack", "teams")
    assert (slack.channel, teams.channel) == ("slack", "teams")
    assert slack.id != teams.id
    assert slack.payload == teams.payload
    assert (slack.created_at, slack.due_at, slack.attempts) == (at(1), at(1), 0)


def test_a_message_comes_out_as_it_went_in() -> None:
    (row,) = rows("slack")
    assert message_of(row) == MESSAGE


def test_without_a_message_or_a_channel_nothing_waits() -> None:
    assert rows("slack", message=None) == []
    assert rows() == []


def test_an_audit_line_has_an_id_of_its_own() -> None:
    first, second = (audit(at(1), "Ada", "incident opened", "inc-1", "detail") for _ in range(2))
    assert first.etag is None
    assert first.value != second.value
