"""The state of the chat services: requests received, and messages as people see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5
"""Slack docs: interactivity/handling-user-interaction."""


@dataclass(frozen=True)
class Posted:
    """One call that posts or changes: `kind` is webhook, post, update, delete, ephemeral or response."""

    service: str
    kind: str
    channel: str
    at: datetime
    status: int
    body: Any
    ts: str | None = None

    def to_json(self) -> dict[str, Any]:
        shown = asdict(self) | {"at": self.at.isoformat().replace("+00:00", "Z")}
        return {name: value for name, value in shown.items() if name != "ts" or value}


@dataclass(frozen=True)
class Revision:
    """A message's content from a moment on: Slack's `text`, `blocks`, ..., or the body sent to Teams."""

    at: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Notice:
    """An error that a person sees at a message after a click."""

    at: str
    person: str
    action_id: str
    text: str


@dataclass
class Message:
    """A message in a room. Empty texts: none. Times are in UTC with milliseconds.

    author: app, webhook, workflow or slackbot. thread: the id of the message it replies to. visible_to: the one Slack
    user who sees it. failure: why Teams shows no card. is_broadcast: a reply that the channel's history holds too.
    """

    service: str
    channel: str
    id: str
    author: str
    revisions: list[Revision]
    thread: str = ""
    visible_to: str = ""
    failure: str = ""
    is_deleted: bool = False
    notices: list[Notice] = field(default_factory=list)
    is_broadcast: bool = False

    @property
    def content(self) -> Mapping[str, Any]:
        """The current content."""
        return self.revisions[-1].content

    def to_json(self) -> dict[str, Any]:
        """The JSON of `/chat/messages`."""
        return asdict(self) | {"at": self.revisions[0].at, "content": self.content}


@dataclass(frozen=True)
class SlackApp:
    """The app in the workspace. No token: any bot token is taken. No scopes: it has all that there are."""

    signing_secret: str = "simulated-signing-secret"
    bot_token: str = ""
    scopes: frozenset[str] | None = None
    request_url: str = ""
    commands: Mapping[str, str] = field(default_factory=dict)
    """The URL of each slash command."""


@dataclass
class ResponseUrl:
    """The target of a response_url: a place to answer in, and perhaps the message that was clicked."""

    channel: str
    user: str
    issued: datetime
    message: Message | None = None
    uses: int = 0


class Slack:
    """One workspace with one app: its calls in order, its messages, and the channels that aren't there."""

    app_id, bot_id, bot_user = "A01SIMULATED", "B01SIMULATED", "U01SIMULATED"

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.room: list[Message] = []
        self.app = SlackApp()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.unknown_channels: set[str] = {"channel-that-is-missing"}
        self.removed_webhooks: set[str] = {"T000/B000/removed"}
        self._count = 0

    def next_ts(self, now: datetime) -> str:
        """A message's id: the second it was posted in, and a number."""
        self._count += 1
        return f"{int(now.timestamp())}.{self._count:06d}"

    def find(self, channel: str, ts: str) -> Message | None:
        """The message with this id, if it is in this channel, ephemeral or not."""
        found = (each for each in self.room if each.id == ts and each.channel == channel and not each.is_deleted)
        return next(found, None)

    def public(self, channel: str) -> list[Message]:
        """The messages that everybody in a channel sees, in order."""
        return [each for each in self.room if each.channel == channel and not each.visible_to and not each.is_deleted]


class Teams:
    """The calls and messages of all workflows. Teams gives no message id, and nothing can be edited."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.room: list[Message] = []
