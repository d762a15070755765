"""Errors of posting, as types: the caller retries after "unavailable", and not after "refused".

A webhook URL is a secret that lets anyone post. HTTP clients put it into their exception texts, so these errors have no
cause, and hold a reason in snatbot's words or the service's.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from ..errors import SnatbotError
from ..formatting import clip
from ..model.text import Text, arranged
from ..retry_after import requested_wait_seconds

LONGEST_WAIT_SECONDS = 3600.0


class ChatError(SnatbotError):
    """The chat service did not accept a message. ``channel`` is ``slack`` or ``teams``."""

    def __init__(self, channel: str, reason: Text) -> None:
        self.channel = channel
        self.reason = reason
        super().__init__(arranged("{channel}: {reason}", channel=channel, reason=reason))


class ChatUnavailable(ChatError):
    """Try again later, not before ``retry_after_seconds`` if the service gave a time."""

    def __init__(self, channel: str, reason: Text, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(channel, reason)


class ChatRefused(ChatError):
    """The URL, the permission or the message is wrong. A retry does not help."""


class BlocksRefused(ChatRefused):
    """Slack rejected the blocks; it may accept the text alone."""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait that the service requests; at most an hour, because an alarm must not wait for a wrong header."""
    asked = requested_wait_seconds(headers)
    return None if asked is None else min(asked, LONGEST_WAIT_SECONDS)


def readable_reason(body: str, url: str) -> str:
    """The service's own text, at most 200 characters, without any secret part of the URL.

    Empty for a web page: a proxy's HTML explains nothing.
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
