"""What was posted to Slack."""

from __future__ import annotations

from datetime import datetime

from ..chat import Posted


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
