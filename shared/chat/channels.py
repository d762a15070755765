"""Where messages go: one channel is one webhook of one service."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import slack, teams
from .message import Message


@dataclass(frozen=True, slots=True)
class Channel:
    name: str  # slack or teams
    url: str = field(repr=False)  # a secret, and in no error either

    def send(self, message: Message) -> str:
        """Renders and posts once; the answer says what was unusual, and is empty most often.

        Raises ChatUnavailable (try again) or ChatRefused (don't).
        """
        if self.name == "slack":
            return slack.post(self.url, slack.render(message))
        return teams.post(self.url, teams.render(message))
