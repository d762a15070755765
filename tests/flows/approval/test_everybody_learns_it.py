"""After a decision every message of the change is rewritten, and a late click hears who was first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from shared.chat.change_messages import change_proposed
from shared.chat.channels import SlackBot
from shared.flows.approval.actions import AlreadyDecided
from shared.flows.notification.deliver import Deliver
from shared.flows.notification.outbox import Outbox
from shared.model.change import Action
from shared.store.liveness import Liveness
from shared.store.table import Table
from simulator.testing import RunningSimulator
from tests.faults.telling import place, slack
from tests.support.desk import CHANNELS, PARTITION, SOON, Desk
from tests.support.nouns import NOW

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with slack() as simulator:
        yield simulator


@pytest.mark.parametrize("action", [Action.APPROVE, Action.DENY])
def test_every_channels_message_loses_its_button_and_says_who(
    running: RunningSimulator, table: Table, liveness: Liveness, action: Action
) -> None:
    desk = Desk(table)
    bots: Mapping[str, SlackBot] = {
        name: SlackBot(running.http_url + "/slack/api", "xoxb-1", place()) for name in CHANNELS
    }
    deliver = Deliver(desk.records, liveness, bots)

    def shown() -> list[str]:
        found = [running.chat(channel=bot.place) for bot in bots.values()]
        return [str(message["content"]) for room in found for message in room if not message["thread"]]

    change = desk.put()
    message = change_proposed(change, "https://snatbot.example.com/api/changes/x")
    desk.records.commit_in(PARTITION, Outbox(CHANNELS).rows("shop-prod", message, NOW))
    deliver.run(PARTITION, NOW + timedelta(minutes=1))
    assert [("Review plan" in text, "by Maria" in text) for text in shown()] == [(True, False)] * 2
    desk.decide(action, who="Maria")
    deliver.run(PARTITION, SOON + timedelta(minutes=1))
    assert [("Review plan" in text, "by Maria" in text) for text in shown()] == [(False, True)] * 2


@pytest.mark.parametrize(
    ("first", "says"),
    [(Action.APPROVE, "approved by Maria at 2026"), (Action.DENY, "denied by Maria at 2026")],
)
@pytest.mark.parametrize("late", [Action.APPROVE, Action.DENY])
def test_a_late_click_hears_who_was_first_and_changes_nothing(
    table: Table, first: Action, says: str, late: Action
) -> None:
    desk = Desk(table)
    desk.put()
    decided = desk.decide(first, who="Maria")
    with pytest.raises(AlreadyDecided, match=f"{says}.*Your click changed nothing") as refused:
        desk.decide(late, who="Bob")
    assert desk.change() == decided
    assert "Bob" not in str(refused.value)
