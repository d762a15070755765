"""Messages that chat services accepted: kept so that people and tests can read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Posted:
    """One accepted (or refused) message: `kind` is webhook, post or update."""

    service: str
    kind: str
    channel: str
    at: datetime
    status: int
    body: Any
    ts: str | None = None

    def to_json(self) -> dict[str, Any]:
        shown = {
            "service": self.service,
            "kind": self.kind,
            "channel": self.channel,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "status": self.status,
            "body": self.body,
        }
        return shown | ({"ts": self.ts} if self.ts else {})


class Slack:
    """The messages of all channels, and the tokens that may post."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.unknown_channels: set[str] = {"channel-that-is-missing"}
        self.removed_webhooks: set[str] = {"T000/B000/removed"}
        self._count = 0

    def next_ts(self, now: datetime) -> str:
        """A message's id: the second it was posted in, and a number."""
        self._count += 1
        return f"{int(now.timestamp())}.{self._count:06d}"

    def find(self, channel: str, ts: str) -> Posted | None:
        """The message with this id, if it was posted to this channel."""
        return next((m for m in self.messages if m.ts == ts and m.channel == channel and m.kind == "post"), None)


class Teams:
    """The messages of all workflows. Teams gives no message id, and nothing can be edited."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
