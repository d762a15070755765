"""Rows that put messages into the outbox, for the transaction that they announce."""

from collections.abc import Sequence
from datetime import datetime

from ...chat.message import Message
from ...ids import new_id
from ...model.audit import AuditLine, OutboxMessage
from ...store.codec import dump, load
from ...store.records import Put


class Outbox:
    """``channels`` are the configured channels; each gets its own copy with its own retries."""

    def __init__(self, channels: Sequence[str]) -> None:
        self._channels = tuple(channels)

    def rows(self, cluster_name: str, message: Message | None, wall: datetime) -> list[Put]:
        if message is None:
            return []
        payload = dump(message)
        return [
            Put(OutboxMessage(new_id(), cluster_name, channel, payload, created_at=wall, due_at=wall))
            for channel in self._channels
        ]


def message_of(row: OutboxMessage) -> Message:
    return load(Message, row.payload)


def audit(at: datetime, actor: str, event: str, subject: str, detail: str = "") -> Put:
    return Put(AuditLine(id=new_id(), at=at, actor=actor, event=event, subject=subject, detail=detail))
