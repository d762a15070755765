"""Slack by bot token: post, rewrite, answer in a thread, find by snatbot's own ids, and delete.

slack_sdk's client is not used: it follows redirects with the token, retries posts after a lost connection, and limits
neither time nor bytes. Methods and errors: docs.slack.dev, reference/methods.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ..formatting import clip
from ..model.text import Text, arranged, verbatim
from .errors import BlocksRefused, ChatRefused, ChatUnavailable, retry_after_seconds
from .posting import Answer, post

CHANNEL = "slack"
EVENT_TYPE = "snatbot_incident"
TIMEOUT_SECONDS = 10.0
ANSWERED_SECONDS = 45.0  # for all calls of one message, because another worker may claim it after a minute
_MOST_PAGES = 10
_PAGE = 100
_PASSING = ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
_GONE = ("message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed")
_TOO_RICH = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long")


class MessageGone(ChatRefused):
    """A person deleted the message, or it can't be edited any more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Metadata that identifies snatbot's messages; Slack stores it invisibly."""

    subject: str
    message_id: str  # id of the OutboxMessage

    def as_metadata(self) -> dict[str, Any]:
        return {"event_type": EVENT_TYPE, "event_payload": {"subject": self.subject, "message": self.message_id}}


@dataclass(frozen=True, slots=True)
class Found:
    ts: str
    mark: Mark


class SlackApi:
    """One channel, for the delivery of one message. Methods raise ChatUnavailable or ChatRefused."""

    def __init__(self, api_url: str, token: str, place: str) -> None:
        self.place = place  # the channel's id
        self._api_url = api_url
        self._token = token
        self._ends = time.monotonic() + ANSWERED_SECONDS

    def post(self, payload: Mapping[str, Any], mark: Mark, thread: str = "", *, is_broadcast: bool = False) -> str:
        """Returns the message's ts. ``is_broadcast``: the channel shows the answer too."""
        more = {"thread_ts": thread, "reply_broadcast": is_broadcast} if thread else {}
        ts = self._call("chat.postMessage", {**payload, **more, "metadata": mark.as_metadata()}).get("ts")
        if not isinstance(ts, str) or not ts:
            raise ChatUnavailable(CHANNEL, Text("chat.postMessage: Slack did not say where it posted"))
        return ts

    def update(self, ts: str, payload: Mapping[str, Any], mark: Mark) -> None:
        self._call("chat.update", {"blocks": [], **payload, "ts": ts, "metadata": mark.as_metadata()})

    def delete(self, ts: str) -> None:
        try:
            self._call("chat.delete", {"ts": ts})
        except MessageGone:
            return

    def messages(self, since: datetime) -> tuple[Found, ...]:
        """Snatbot's messages in the channel, oldest first, without threads."""
        rows = self._rows("conversations.history", {"oldest": f"{since.timestamp():.6f}"})
        top = [row for row in rows if row.get("thread_ts", row.get("ts")) == row.get("ts")]
        return tuple(_found(top))

    def replies(self, thread: str) -> tuple[Found, ...]:
        """Snatbot's messages in a message's thread, oldest first."""
        rows = self._rows("conversations.replies", {"ts": thread})
        return tuple(found for found in _found(rows) if found.ts != thread)

    def member_name(self, team: str, user: str) -> str:
        """The name of a person of the workspace, for display; empty for guests, bots, deleted users and strangers.

        A flag that Slack leaves out, as of a deleted user, does not count as "no" (docs.slack.dev, users.info).
        """
        found = self._call("users.info", {"user": user}).get("user")
        if not isinstance(found, dict) or found.get("id") != user or found.get("team_id") != team:
            return ""
        flags = [found.get(name) for name in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted")]
        is_member = flags == [False] * len(flags) and not found.get("is_stranger", False)
        return str(found.get("real_name") or found.get("name") or user) if is_member else ""

    def scopes(self) -> frozenset[str] | None:
        """What the token may do; None if Slack does not say (docs.slack.dev: auth.test)."""
        found = self._send("auth.test", {})
        _checked("auth.test", found)
        given = {name.lower(): value for name, value in found.headers.items()}.get("x-oauth-scopes")
        return None if given is None else frozenset(filter(None, map(str.strip, given.split(","))))

    def validate(self, blocks: object) -> None:
        """Whether Slack would take these blocks; posts nothing. Raises BlocksRefused if it would not."""
        self._call("blocks.validate", {"blocks": blocks})

    def _rows(self, method: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = {"limit": _PAGE, "include_all_metadata": True} | ({"cursor": cursor} if cursor else {})
            answer = self._call(method, {**arguments, **page})
            messages = answer.get("messages")
            if not isinstance(messages, list):
                raise ChatUnavailable(CHANNEL, Text("{method}: the answer holds no messages", method=method))
            rows += [row for row in messages if isinstance(row, dict)]
            more = answer.get("response_metadata")
            cursor = str(more.get("next_cursor") or "") if isinstance(more, dict) else ""
            if not cursor:
                break
        return rows

    def _call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return _checked(method, self._send(method, arguments))

    def _send(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """As a form, which every method accepts."""
        seconds = min(TIMEOUT_SECONDS, self._ends - time.monotonic())
        if seconds <= 0:
            raise ChatUnavailable(CHANNEL, Text("no time was left for {method}", method=method))
        form = {"channel": self.place} | {name: _as_text(value) for name, value in arguments.items()}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Authorization": f"Bearer {self._token}",
        }
        body = urlencode(form, errors="replace").encode()
        return post(CHANNEL, f"{self._api_url}/{method}", body, seconds, headers, verbatim("SLACK_API_URL"))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _checked(method: str, answer: Answer) -> dict[str, Any]:
    """Errors come with status 200 and ``"ok": false``."""
    status = verbatim(f"{method}: {answer.status}")
    if answer.status in (408, 429) or answer.status >= 500:
        raise ChatUnavailable(CHANNEL, status, retry_after_seconds(answer.headers))
    if answer.status != 200:
        raise ChatRefused(CHANNEL, status)
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool):
        raise ChatUnavailable(CHANNEL, Text("{method}: the answer can't be read", method=method))
    if body["ok"]:
        return body
    code = clip(str(body.get("error") or "?"), 80)
    reason = arranged("{method}: {code}", method=method, code=code)
    if body.get("needed"):
        reason = Text("{problem} (needs the scope {scope})", problem=reason, scope=clip(str(body["needed"]), 80))
    if code in _PASSING:
        raise ChatUnavailable(CHANNEL, reason, retry_after_seconds(answer.headers))
    if code in _GONE:
        raise MessageGone(CHANNEL, reason)
    raise (BlocksRefused if code in _TOO_RICH else ChatRefused)(CHANNEL, reason)


def _found(rows: list[dict[str, Any]]) -> Iterator[Found]:
    """Slack returns the newest first in a channel, the oldest first in a thread."""
    for row in sorted(rows, key=lambda row: str(row.get("ts"))):
        metadata = row.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
            continue
        payload = metadata.get("event_payload")
        if isinstance(payload, dict):
            mark = Mark(str(payload.get("subject") or ""), str(payload.get("message") or ""))
            yield Found(str(row.get("ts")), mark)
