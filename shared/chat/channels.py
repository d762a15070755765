"""Where messages go: one channel is one webhook of one service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from . import slack, teams
from .errors import Sent
from .message import Message


@dataclass(frozen=True, slots=True)
class Channel:
    name: Literal["slack", "teams"]
    url: str = field(repr=False)  # a secret, and in no error either

    def send(self, message: Message) -> Sent:
        """Renders and posts once. Raises ChatUnavailable (try again) or ChatRefused (don't)."""
        match self.name:
            case "slack":
                return slack.post(self.url, slack.render(message))
            case "teams":
                return teams.post(self.url, teams.render(message))
