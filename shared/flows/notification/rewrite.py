"""Keep one message for each subject in a chat that can edit: later messages rewrite it and add to its thread.

An attempt may end anywhere, with unknown effect: the process dies, or no answer comes. So every attempt after the first
searches by the ids in the messages' metadata before it posts, and deletes duplicates.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ...chat import slack
from ...chat.errors import ChatRefused, ChatUnavailable
from ...chat.message import EMPTY, Message, MessageKind
from ...chat.slack_api import Found, Mark, MessageGone, SlackApi
from ...model.audit import ChatPost, OutboxMessage
from ...model.text import Text
from ...store.records import Put, Records, Stored

log = logging.getLogger("snatbot.deliver")
_CLOCKS_DIFFER = timedelta(minutes=5)  # between snatbot's clock and Slack's
# An edit notifies nobody, and an answer in a thread only its followers: the whole channel must see these kinds.
_BROADCAST = frozenset({MessageKind.FAILING, MessageKind.WORSE, MessageKind.REMINDER, MessageKind.STOPPED})


class RewrittenMessage:
    """One attempt to deliver ``message``, which ``row`` holds."""

    def __init__(self, records: Records, api: SlackApi, partition: str, row: OutboxMessage, message: Message) -> None:
        self._records = records
        self._api = api
        self._partition = partition
        self._row = row
        self._message = message
        self._mark = Mark(message.subject, row.id)

    def deliver(self) -> None:
        """Raises ChatUnavailable, ChatRefused, and StoreError."""
        if not self._message.subject:
            if self._find_in_channel(lambda found: found.mark == self._mark) is None:
                self._post(self._message)
            return
        shown = self._show()
        try:
            self._answer(shown)
        except MessageGone:
            self._keep(replace(shown, ts=""), self._stored())
            raise ChatUnavailable(
                self._row.channel, Text("the message was deleted in the meantime; posting it again")
            ) from None

    def _show(self) -> ChatPost:
        """Show this message or a newer one as the subject's message, and store where it is."""
        stored, subject = self._stored(), self._message.subject
        known = stored.value if stored and stored.value.place == self._api.place else None
        if known and known.ts:
            if known.shown_at > self._row.created_at or self._message.kind is MessageKind.NOTE:
                return known  # this message was delayed, and newer ones were shown; or it is for the thread only
            try:
                self._update(known.ts)
                return self._keep(replace(known, shown_at=self._row.created_at), stored)
            except MessageGone as error:
                log.warning("%s; posting a new message", error)
        old_ts = known.ts if known else ""
        found = self._find_in_channel(lambda found: found.mark.subject == subject and found.ts != old_ts)
        if found:
            self._update(found.ts)
        ts = found.ts if found else self._post(_without_details(self._message))
        first_id = found.mark.message_id if found else self._row.id
        post = ChatPost(subject, self._row.channel, self._api.place, ts, first_id, self._row.created_at)
        return self._keep(post, stored)

    def _answer(self, shown: ChatPost) -> None:
        """Add details and what changed to the thread."""
        reply = _reply(self._message, is_first=shown.first_id == self._row.id)
        if reply is not None and not self._is_answered(shown.ts):
            self._post(reply, shown.ts)

    def _is_answered(self, thread: str) -> bool:
        replies = self._read(lambda: self._api.replies(thread))
        return self._first_of([found for found in replies if found.mark == self._mark]) is not None

    def _find_in_channel(self, is_meant: Callable[[Found], bool]) -> Found | None:
        since = self._row.created_at - _CLOCKS_DIFFER
        return self._first_of([found for found in self._read(lambda: self._api.messages(since)) if is_meant(found)])

    def _read(self, read: Callable[[], tuple[Found, ...]]) -> tuple[Found, ...]:
        """Empty at the first attempt, before anything is posted. If Slack forbids reading, duplicates may occur."""
        try:
            return read() if self._row.attempts > 1 else ()
        except MessageGone:
            raise
        except ChatRefused as error:
            log.warning("could not read the channel's earlier messages, a message may be posted twice: %s", error)
            return ()

    def _first_of(self, found: list[Found]) -> Found | None:
        for double in found[1:]:
            log.warning("message %s was posted twice; the later one is deleted", double.mark.message_id)
            self._api.delete(double.ts)
        return found[0] if found else None

    def _post(self, message: Message, thread: str = "") -> str:
        is_broadcast = message.kind in _BROADCAST
        return slack.send(
            message,
            self._api.place,
            lambda payload: self._api.post(payload, self._mark, thread, is_broadcast=is_broadcast),
        )

    def _update(self, ts: str) -> None:
        shown = _without_details(self._message)
        slack.send(shown, self._api.place, lambda payload: self._api.update(ts, payload, self._mark))

    def _stored(self) -> Stored[ChatPost] | None:
        return self._records.chat_post(self._partition, self._row.channel, self._message.subject)

    def _keep(self, post: ChatPost, stored: Stored[ChatPost] | None) -> ChatPost:
        self._records.commit_in(self._partition, [Put(post, stored.etag if stored else None)])
        return post


def _without_details(message: Message) -> Message:
    return replace(message, sections=tuple(section for section in message.sections if not section.is_detail))


def _reply(message: Message, *, is_first: bool) -> Message | None:
    details = tuple(replace(section, is_detail=False) for section in message.sections if section.is_detail)
    if is_first and not details:
        return None
    summary = EMPTY if is_first else message.summary
    return replace(message, summary=summary, facts=(), sections=details, buttons=(), clicks=(), footer=EMPTY, charts=())
