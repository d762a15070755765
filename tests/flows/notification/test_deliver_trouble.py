"""A channel that is down, refuses or is gone: messages wait in order, and steps aside what can't be sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.flows.notification.deliver import Delivery
from shared.model.audit import OutboxMessage
from shared.store.liveness import Liveness
from shared.store.records import Put, Records
from tests.support.channels import FakeChannel, down, refusing
from tests.support.posted import CLUSTER, MINUTE, PARTITION, WALL, Post


@pytest.fixture
def post(records: Records, liveness: Liveness) -> Post:
    return Post(records, liveness)


def test_a_channel_that_is_down_is_not_tried_on_and_on(post: Post) -> None:
    post.channels["slack"].trouble = down()
    post.put("alarm")
    assert post.flow.all_due(PARTITION, lambda: WALL + MINUTE) == Delivery(waiting=1)
    assert post.channels["slack"].tried == ["alarm"]


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
