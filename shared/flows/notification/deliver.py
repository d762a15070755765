"""Deliver the outbox's messages to their channels: oldest first, each at least once.

A worker claims a row by moving its ``due_at`` into the future before posting, so that no second worker posts it. If the
worker dies between posting and deleting, the message is posted twice, which is better than never. While a channel is
down, its messages wait in order; a message that the service refuses does not block later ones.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from ...chat import fleet_messages
from ...chat.channels import AnyChannel, SlackBot
from ...chat.errors import ChatRefused, ChatUnavailable
from ...chat.message import Audience, Button, Click, Message, MessageKind
from ...chat.pager import TROUBLE, PagerDuty, SignedWebhook, event_of
from ...formatting import listed
from ...model.audit import OutboxMessage
from ...model.incident import Incident
from ...model.text import Text
from ...store.errors import StoreConflict
from ...store.liveness import Liveness
from ...store.records import FLEET_PARTITION, Put, Records, Stored
from .outbox import Outbox, audit, message_of
from .rewrite import RewrittenMessage
from .route import Router

log = logging.getLogger("snatbot.deliver")
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=15)
_DOUBLINGS = 4  # after so many doublings the wait is the longest
_REFUSED_WAIT = timedelta(hours=1)
_GIVE_UP_AFTER_REFUSALS = 24
_MOST_FORGED = 50  # at once
_WITH_SILENCE = TROUBLE | {MessageKind.APPROVAL_WANTED, MessageKind.ADVICE}  # and a link to silence the cluster


SILENCE = Text("Silence 1 h")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Numbers of messages."""

    sent: int = 0
    waiting: int = 0
    refused: int = 0  # retried for a day, then given up
    given_up: int = 0


class Deliver:
    def __init__(
        self,
        records: Records,
        liveness: Liveness,
        channels: Mapping[str, AnyChannel],
        router: Router | None = None,
        alarms: Outbox | None = None,
        incident_page: Callable[[Incident], str] | None = None,
        *,
        can_silence: bool = False,
        fleet_page: Callable[[], str] | None = None,
        decisions: Callable[[str, Message], tuple[Click, ...]] | None = None,
    ) -> None:
        """``alarms``: where it puts a message about messages that this app did not write.

        ``incident_page``: an incident's address; None: its page can't be opened. ``can_silence``: there, by a form.
        ``fleet_page``: the address of the page of all clusters.
        ``decisions``: the buttons of a partition's message by which people decide in chat.
        """
        self._records = records
        self._liveness = liveness
        self._channels = channels
        self._incident_page = incident_page
        self._can_silence = can_silence
        self._fleet_page = fleet_page
        self._decisions = decisions
        self._alarms = alarms or Outbox(tuple(channels))
        self._router = router or Router(records, (), tuple(channels), tuple(channels))

    def all_due(self, partition: str, wall: Callable[[], datetime]) -> Delivery:
        """Repeat until nothing more can be sent: only one worker posts to a channel at a time."""
        total = Delivery()
        while True:
            found = self.run(partition, wall())
            total = Delivery(
                sent=total.sent + found.sent,
                waiting=found.waiting,
                refused=total.refused + found.refused,
                given_up=total.given_up + found.given_up,
            )
            if not found.sent:
                return total

    def run(self, partition: str, wall: datetime) -> Delivery:
        """Deliver everything that is due in one cluster's outbox. Duplicate or late calls are harmless."""
        counts: Counter[str] = Counter()
        rows, forged = self._records.proven_outbox(partition)
        if forged:
            self._discard(partition, dict(list(forged.items())[:_MOST_FORGED]), wall)
            rows = self._records.outbox(partition)
        if unrouted := [row for row in rows if not row.value.channel and row.value.due_at]:
            for row in unrouted:
                self._router.route(partition, row)
            rows = tuple(row for row in self._records.outbox(partition) if row.value.channel)
        rows = tuple(sorted(rows, key=lambda row: row.value.channel))
        for _, of_channel in groupby(rows, key=lambda row: row.value.channel):
            for row in of_channel:
                if row.value.due_at is None:
                    continue
                outcome = "waiting" if row.value.due_at > wall else self._deliver(partition, row, wall)
                counts[outcome] += 1
                if outcome == "waiting" and not row.value.refusals:
                    break
        if counts["sent"]:
            self._liveness.record_success("deliver", wall)
        return Delivery(**counts)

    def _discard(self, partition: str, forged: Mapping[str, str], wall: datetime) -> None:
        """Takes out what this app did not write, with one audit line and one alarm for all of it."""
        found = Text.plural(
            "without this app's signature, and not delivered: {count} message in the outbox",
            "without this app's signature, and not delivered: {count} messages in the outbox",
            count=len(forged),
        )
        log.error("%s", found)
        line = audit(wall, "snatbot", "forged messages not delivered", "outbox", f"{found}: {listed(list(forged))}")
        alarm = self._alarms.rows("", fleet_messages.messages_forged([found]), wall)
        try:
            self._records.commit_in(partition, [line, *alarm], forged)
        except StoreConflict:
            return  # another worker did it

    def _deliver(self, partition: str, row: Stored[OutboxMessage], wall: datetime) -> str:
        """The name of the Delivery field that counts it."""
        wait = min(_FIRST_WAIT * 2 ** min(row.value.attempts, _DOUBLINGS), _LONGEST_WAIT)
        tried = replace(row.value, attempts=row.value.attempts + 1, due_at=wall + wait)
        try:
            self._records.commit_in(partition, [Put(tried, row.etag)])
        except StoreConflict:
            return "waiting"  # another worker claimed it
        try:
            self._post(partition, tried, wall)
        except StoreConflict:
            return "waiting"  # another worker writes where the message was posted
        except ChatUnavailable as error:
            log.warning("message %s to %s: try %d failed: %s", tried.id, tried.channel, tried.attempts, error)
            named = timedelta(seconds=error.retry_after_seconds or 0)
            self._note(partition, replace(tried, last_error=str(error), due_at=wall + max(wait, named)), wall)
            return "waiting"
        except ChatRefused as error:
            log.error("message %s: channel %s refused it: %s", tried.id, tried.channel, error)
            refusals = tried.refusals + 1
            due_at = wall + _REFUSED_WAIT if refusals < _GIVE_UP_AFTER_REFUSALS else None
            self._note(partition, replace(tried, last_error=str(error), refusals=refusals, due_at=due_at), wall)
            return "refused" if due_at else "given_up"
        self._records.delete_outbox(partition, tried)
        return "sent"

    def _post(self, partition: str, row: OutboxMessage, wall: datetime) -> None:
        channel = self._channels.get(row.channel)
        if channel is None:
            raise ChatRefused(row.channel, Text("this channel is not configured any more"))
        try:
            message = message_of(row)
        except ValueError:
            raise ChatRefused(row.channel, Text("the stored message cannot be read by this release")) from None
        is_pager = isinstance(channel, SignedWebhook | PagerDuty)
        if message.audience is (Audience.CHATS if is_pager else Audience.PAGERS):
            return
        needs_incident = message.subject and (is_pager or self._incident_page)
        stored = self._records.incident_in(partition, message.subject) if needs_incident else None
        incident = stored.value if stored else None
        if incident and self._incident_page:
            page = self._incident_page(incident)
            can_silence = self._can_silence and incident.is_open and message.kind in _WITH_SILENCE
            is_clicked = isinstance(channel, SlackBot) and channel.takes_clicks
            silence = (Button(SILENCE, f"{page}#silence"),) if can_silence and not is_clicked else ()
            message = replace(message, buttons=(*message.buttons, *silence, Button(Text("Incident page"), page)))
            if can_silence and is_clicked:
                message = replace(message, clicks=(_silence_click(partition, row.cluster_name),))
        if partition == FLEET_PARTITION and self._fleet_page:
            message = replace(message, buttons=(*message.buttons, Button(Text("All clusters"), self._fleet_page())))
        if isinstance(channel, SlackBot) and channel.takes_clicks and self._decisions:
            message = replace(message, clicks=(*self._decisions(partition, message), *message.clicks))
        message = message.in_language(channel.language)
        if isinstance(channel, SlackBot):
            RewrittenMessage(self._records, channel.api(), partition, row, message).deliver()
        elif isinstance(channel, SignedWebhook | PagerDuty):
            channel.send(event_of(row, message, incident), wall)
        else:
            channel.send(message)

    def _note(self, partition: str, message: OutboxMessage, wall: datetime) -> None:
        for row in self._records.outbox(partition):
            if row.value.id == message.id:
                writes = [Put(message, row.etag)]
                if message.due_at is None:
                    line = audit(
                        wall,
                        "snatbot",
                        "message given up",
                        message.id,
                        f"to {message.channel}, after {message.refusals} refusals: {message.last_error}",
                    )
                    writes.append(line)
                self._records.commit_in(partition, writes)


def _silence_click(partition: str, cluster_name: str) -> Click:
    meaning = Text("Nothing about {cluster} is posted for an hour. Measuring goes on.", cluster=cluster_name)
    return Click(SILENCE, "snat_silence", partition, Text("Silence this cluster?"), meaning)
