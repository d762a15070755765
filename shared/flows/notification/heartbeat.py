"""A sign of life to a dead man's switch elsewhere, which raises the alarm when it stays away."""

from __future__ import annotations

import logging

log = logging.getLogger("snatbot.heartbeat")
TIMEOUT_SECONDS = 5


def beat(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Whether it was taken. Never raises, and never logs the address, which is a secret."""
    import requests

    from ...bounded_http import send

    try:
        status = send("GET", url, timeout_seconds).status_code
    except (requests.RequestException, ValueError) as error:
        log.warning("the heartbeat could not be sent (%s)", type(error).__name__)
        return False
    if not 200 <= status < 300:
        log.warning("the heartbeat was answered with %d", status)
    return 200 <= status < 300
