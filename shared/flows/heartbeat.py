"""A sign of life to a dead man's switch elsewhere, which raises the alarm when it stays away."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from http.client import HTTPException

log = logging.getLogger("snatbot.heartbeat")
TIMEOUT_SECONDS = 5


def beat(url: str) -> bool:
    """Whether it was taken. Never raises, and never logs the address, which is a secret."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "snatbot"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return bool(200 <= answer.status < 300)
    except urllib.error.HTTPError as error:
        with error:
            log.warning("the heartbeat was answered with %d", error.code)
    except (OSError, HTTPException, ValueError) as error:
        log.warning("the heartbeat could not be sent (%s)", type(getattr(error, "reason", error)).__name__)
    return False
