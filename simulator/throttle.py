"""Request limits: as Resource Manager and the batch metrics API count, where a scenario sets them, and chat services.

Resource Manager has a token bucket per principal, ten times as large as its rate (Azure docs:
request-limits-and-throttling, 250 tokens at 25 a second for reads). The batch API counts calls in
windows of 30 seconds and answers 529 (Azure docs: migrate-to-batch-api).
"""

from __future__ import annotations

import math

from .errors import GATEWAY, ArmError

BUCKET_FACTOR = 10
BATCH_WINDOW_SECONDS = 30


def counters(method: str) -> dict[str, str]:
    """The header with the subscription's remaining requests, always at its full value, as recorded in 2025."""
    kind, left = {"GET": ("reads", 16499), "DELETE": ("deletes", 11999)}.get(method, ("writes", 11999))
    return {f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(left)}


class Throttle:
    """Requests counted by caller. Times are simulated, in seconds since 1970."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}
        self._windows: dict[str, tuple[int, int]] = {}
        self._taken: dict[str, list[float]] = {}

    def seconds_to_wait(self, key: str, now: float, per_second: float, size: float) -> int:
        """Take a token from a bucket: 0, or in how many seconds there will be one."""
        tokens, filled_at = self._buckets.get(key, (size, now))
        tokens = min(size, tokens + (now - filled_at) * per_second)
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        return 0 if tokens >= 1 else max(1, math.ceil((1 - tokens) / per_second))

    def fits(self, key: str, now: float, most: int, seconds: float) -> bool:
        """Count a request, unless there were `most` in the last `seconds`."""
        recent = [each for each in self._taken.get(key, []) if now - each < seconds]
        self._taken[key] = recent if len(recent) >= most else [*recent, now]
        return len(recent) < most

    def take_read(self, principal: str, now: float, per_second: float) -> None:
        """Count a read; 429 when the bucket is empty."""
        wait = self.seconds_to_wait(principal, now, per_second, per_second * BUCKET_FACTOR)
        if wait:
            raise ArmError(
                429,
                "SubscriptionRequestsThrottled",
                "Number of 'read' requests for subscription exceeded the limit. "
                f"Please try again after '{wait}' seconds after additional tokens are available.",
                headers=GATEWAY | {"Retry-After": str(wait)},
            )

    def take_batch(self, principal: str, now: float, per_window: int) -> int:
        """Count a batch call; how many are left in this window. 529 when none is."""
        window = int(now // BATCH_WINDOW_SECONDS)
        counted, used = self._windows.get(principal, (window, 0))
        used = used if counted == window else 0
        if used >= per_window:
            raise ArmError(
                529,
                "TooManyRequests",
                "The request is throttled. Please retry after some time.",
                headers={"X-Rate-Limit-Limit": f"{BATCH_WINDOW_SECONDS}s", "X-Rate-Limit-Remaining": "0"},
            )
        self._windows[principal] = (window, used + 1)
        return per_window - used - 1
