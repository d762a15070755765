"""What can go wrong when posting. The caller decides from the type: unavailable is tried again, refused is not.

A webhook address is a secret that lets anyone post. HTTP clients put it into their exception texts, so ours are
raised without a cause, and hold a reason in our own words or the service's.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from ..errors import SnatbotError
from ..formatting import clip
from ..retry_after import requested_wait_seconds

LONGEST_WAIT_SECONDS = 3600.0


class ChatError(SnatbotError):
    """Base: a message was not taken by the chat service. ``channel`` is ``slack`` or ``teams``."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel = channel
        self.reason = reason
        super().__init__(f"{channel}: {reason}")


class ChatUnavailable(ChatError):
    """Not now: try again, not before ``retry_after_seconds`` if the service named a time."""

    def __init__(self, channel: str, reason: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(channel, reason)


class ChatRefused(ChatError):
    """Not ever, as it is: the address, the permission or the message is wrong. Trying again is of no use."""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait that the service asks for; at most an hour: an alarm must not wait for a mistake in a header."""
    asked = requested_wait_seconds(headers)
    return None if asked is None else min(asked, LONGEST_WAIT_SECONDS)


def readable_reason(body: str, url: str) -> str:
    """A service's own words, at most 200 characters, without any part of the address that is secret.

    Empty for a web page: what a proxy says in HTML explains nothing here.
    """
    if body.lstrip().startswith("<"):
        return ""
    parts = urlsplit(url)
    secrets = {url, parts.path, parts.query, *(value for _, value in parse_qsl(parts.query))}
    text = " ".join(body.split())
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 3:
            text = text.replace(secret, "[address]")
    return clip(text, 200)
