"""One budget a subscription: when Azure asks for patience, everybody who asks there waits, and nobody else.

Azure throttles by subscription and region, and says for how long in Retry-After or not at all (Azure docs:
request-limits-and-throttling; the metrics batch API answers 529).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .deadline import Deadline
from .errors import AzureError, Throttled

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0


class Throttle:
    """Safe to share between threads."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._blocked_until: dict[str, float] = {}
        self._refusals: dict[str, int] = {}

    def wait(self, subscription: str, deadline: Deadline) -> None:
        """Until the subscription takes requests again. Raises Throttled at once when that is after the deadline."""
        while True:
            with self._lock:
                seconds = self._blocked_until.get(subscription.lower(), 0.0) - self._monotonic()
            if seconds <= 0:
                return
            if seconds > deadline.seconds_left:
                raise Throttled(
                    f"subscription {subscription}",
                    f"Azure asked for {seconds:.0f} seconds of patience, more than are left",
                    retry_after_seconds=seconds,
                )
            self._sleep(seconds)

    def refused(self, subscription: str, error: AzureError) -> None:
        """Somebody was throttled there: all wait as long as was asked, or longer each time."""
        key = subscription.lower()
        with self._lock:
            count = self._refusals.get(key, 0)
            self._refusals[key] = count + 1
            seconds = error.retry_after_seconds
            if seconds is None:
                seconds = min(FIRST_WAIT_SECONDS * 2**count, LONGEST_WAIT_SECONDS)
            self._blocked_until[key] = max(self._blocked_until.get(key, 0.0), self._monotonic() + seconds)

    def accepted(self, subscription: str) -> None:
        with self._lock:
            self._refusals.pop(subscription.lower(), None)
