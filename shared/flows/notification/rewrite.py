"""One message a subject in a chat that can edit: what follows rewrites it, and says the rest in its thread.

A try may end anywhere, and its end may be unknown: the process dies, or no answer comes. So every try after the first
looks for what is there, by the ids in the messages' metadata, before it posts; a double that it finds is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from ...chat import slack
from ...chat.errors import ChatRefused, ChatUnavailable
from ...chat.message import Message, MessageKind
from ...chat.slack_api import BlocksRefused, Found, Mark, MessageGone, SlackApi
from ...model.audit import ChatPost, OutboxMessage
from ...store.records import Put, Records, Stored

log = logging.getLogger("snatbot.deliver")
T = TypeVar("T")
_CLOCKS_DIFFER = timedelta(minutes=5)  # ours and Slack's, at most
# An edit notifies nobody, and an answer in a thread only those who follow it: these the whole channel must see.
_BROADCAST = frozenset({MessageKind.FAILING, MessageKind.WORSE, MessageKind.REMINDER, MessageKind.STOPPED})


class RewrittenMessage:
    """One try to deliver ``message``, which ``row`` holds."""

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
            raise ChatUnavailable(self._row.channel, "the message was deleted meanwhile; it is posted anew") from None

    def _show(self) -> ChatPost:
        """Afterwards the subject's message says what this one says, or something newer, and is stored where it is."""
        stored, subject = self._stored(), self._message.subject
        known = stored.value if stored and stored.value.place == self._api.place else None
        if known and known.ts:
            if known.shown_at > self._row.created_at:
                return known  # this one was held up, and newer ones went ahead
            try:
                self._update(known.ts)
                return self._keep(replace(known, shown_at=self._row.created_at), stored)
            except MessageGone as error:
                log.warning("%s; it is posted anew", error)
        old_ts = known.ts if known else ""
        found = self._find_in_channel(lambda found: found.mark.subject == subject and found.ts != old_ts)
        if found:
            self._update(found.ts)
        ts = found.ts if found else self._post(_without_details(self._message))
        first_id = found.mark.message_id if found else self._row.id
        post = ChatPost(subject, self._row.channel, self._api.place, ts, first_id, self._row.created_at)
        return self._keep(post, stored)

    def _answer(self, shown: ChatPost) -> None:
        """In the thread: the details, and what changed."""
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
        """Nothing at the first try, which has left nothing. Where Slack lets nobody look, a double beats a loss."""
        try:
            return read() if self._row.attempts > 1 else ()
        except MessageGone:
            raise
        except ChatRefused as error:
            log.warning("what was posted before can't be read, and may be posted twice: %s", error)
            return ()

    def _first_of(self, found: list[Found]) -> Found | None:
        for double in found[1:]:
            log.warning("message %s was posted twice; the later one is deleted", double.mark.message_id)
            self._api.delete(double.ts)
        return found[0] if found else None

    def _post(self, message: Message, thread: str = "") -> str:
        is_broadcast = message.kind in _BROADCAST
        return _send(message, lambda payload: self._api.post(payload, self._mark, thread, is_broadcast=is_broadcast))

    def _update(self, ts: str) -> None:
        _send(_without_details(self._message), lambda payload: self._api.update(ts, payload, self._mark))

    def _stored(self) -> Stored[ChatPost] | None:
        return self._records.chat_post(self._partition, self._row.channel, self._message.subject)

    def _keep(self, post: ChatPost, stored: Stored[ChatPost] | None) -> ChatPost:
        self._records.commit_in(self._partition, [Put(post, stored.etag if stored else None)])
        return post


def _send(message: Message, send: Callable[[dict[str, object]], T]) -> T:
    """Charts that Slack does not take are left out, then all blocks, so that the text arrives at least."""
    payload = slack.render(message)
    if message.charts:
        with suppress(BlocksRefused):
            return send(payload)
        payload = slack.without_charts(payload)
    try:
        return send(payload)
    except BlocksRefused as error:
        log.warning("Slack did not take the blocks (%s); the plain text is sent instead", error)
        return send({"text": payload["text"]})


def _without_details(message: Message) -> Message:
    return replace(message, sections=tuple(section for section in message.sections if not section.is_detail))


def _reply(message: Message, *, is_first: bool) -> Message | None:
    details = tuple(replace(section, is_detail=False) for section in message.sections if section.is_detail)
    if is_first and not details:
        return None
    summary = "" if is_first else message.summary
    return replace(message, summary=summary, facts=(), sections=details, buttons=(), footer="", charts=())
