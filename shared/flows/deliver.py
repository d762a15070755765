"""Bring what is in the outbox to its channels: oldest first, each at least once, none lost.

A row is claimed by pushing its ``due_at`` into the future before posting, so that a second worker leaves it alone.
If a worker dies between posting and deleting, the message is posted again: late twice beats never.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from ..chat.channels import Channel
from ..chat.errors import ChatRefused, ChatUnavailable
from ..ids import new_id
from ..model.audit import OutboxMessage
from ..store.errors import StoreConflict
from ..store.records import Put, Records, Stored
from ..store.signs import Signs
from .outbox import audit, message_of

log = logging.getLogger("snatbot.deliver")
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=15)
_REFUSED_WAIT = timedelta(hours=1)
_GIVE_UP_REFUSED_AFTER = 24


@dataclass(frozen=True, slots=True)
class Delivery:
    sent: int = 0
    waiting: int = 0
    given_up: int = 0


class Deliver:
    def __init__(self, records: Records, signs: Signs, channels: Mapping[str, Channel]) -> None:
        self._records = records
        self._signs = signs
        self._channels = channels

    def run(self, partition: str, wall: datetime) -> Delivery:
        """Everything due in one cluster's outbox. A channel that fails keeps its order: the rest of it waits."""
        result = Delivery()
        rows = sorted(self._records.outbox(partition), key=lambda row: row.value.channel)
        for _, of_channel in groupby(rows, key=lambda row: row.value.channel):
            for row in of_channel:
                if row.value.due_at is None:
                    continue
                if row.value.due_at > wall:
                    result = replace(result, waiting=result.waiting + 1)
                    break
                outcome = self._deliver(partition, row, wall)
                result = replace(result, **{outcome: getattr(result, outcome) + 1})
                if outcome == "waiting":
                    break
        if result.sent:
            self._signs.record_success("deliver", wall)
        return result

    def _deliver(self, partition: str, row: Stored[OutboxMessage], wall: datetime) -> str:
        tried = replace(
            row.value,
            attempts=row.value.attempts + 1,
            due_at=wall + min(_FIRST_WAIT * 2**row.value.attempts, _LONGEST_WAIT),
        )
        try:
            self._records.commit_in(partition, [Put(tried, row.etag)])
        except StoreConflict:
            return "waiting"  # another worker has it
        channel = self._channels.get(tried.channel)
        try:
            if channel is None:
                raise ChatRefused(tried.channel, "this channel is not configured any more")
            channel.send(message_of(tried))
        except ChatUnavailable as error:
            log.warning("message %s to %s: try %d failed: %s", tried.id, tried.channel, tried.attempts, error)
            wait = timedelta(seconds=error.retry_after_seconds or 0)
            self._note(partition, replace(tried, last_error=str(error), due_at=max(tried.due_at or wall, wall + wait)))
            return "waiting"
        except ChatRefused as error:
            log.error("message %s to %s was refused: %s", tried.id, tried.channel, error)
            given_up = tried.attempts >= _GIVE_UP_REFUSED_AFTER
            due_at = None if given_up else wall + _REFUSED_WAIT
            self._note(partition, replace(tried, last_error=str(error), due_at=due_at))
            return "given_up" if given_up else "waiting"
        self._records.delete_outbox(partition, tried)
        return "sent"

    def _note(self, partition: str, message: OutboxMessage) -> None:
        for row in self._records.outbox(partition):
            if row.value.id == message.id:
                writes = [Put(message, row.etag)]
                if message.due_at is None:
                    writes.append(
                        audit(message.created_at, "snatbot", "message given up", new_id(), message.last_error)
                    )
                self._records.commit_in(partition, writes)
