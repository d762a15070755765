"""A deliver flow with pretended channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.chat.message import Message, Tone
from shared.flows.notification.deliver import Deliver, Delivery
from shared.flows.notification.outbox import Outbox
from shared.ids import cluster_key
from shared.model.audit import OutboxMessage
from shared.model.text import Text, verbatim
from shared.store.liveness import Liveness
from shared.store.records import Records
from tests.support.channels import FakeChannel
from tests.support.nouns import make_cluster

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
        self.flow = Deliver(records, liveness, self.channels)

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
