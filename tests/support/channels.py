"""Pretended channels, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Callable

from shared.chat.channels import Channel
from shared.chat.errors import ChatError, ChatRefused, ChatUnavailable
from shared.chat.message import Message
from shared.model.text import Text


class FakeChannel(Channel):
    """Keeps the posts; ``trouble`` decides by title which post fails."""

    __setattr__ = object.__setattr__

    def __init__(self, trouble: Callable[[str], ChatError | None] = lambda _: None, language: str = "en") -> None:
        super().__init__("slack", "https://chat.example/hook", language)
        self.posted: list[str] = []
        self.messages: list[Message] = []
        self.tried: list[str] = []
        self.trouble = trouble

    def send(self, message: Message) -> None:
        self.tried.append(message.title)
        error = self.trouble(message.title)
        if error is not None:
            raise error
        self.posted.append(message.title)
        self.messages.append(message)


def down(retry_after_seconds: float | None = None) -> Callable[[str], ChatError]:
    return lambda _: ChatUnavailable("slack", Text("503"), retry_after_seconds)


def refusing(*titles: str) -> Callable[[str], ChatError | None]:
    return lambda title: ChatRefused("slack", Text("invalid_blocks")) if title in titles or not titles else None
