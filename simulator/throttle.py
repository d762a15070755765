"""Request limits, where a scenario sets them: as Resource Manager and the batch metrics API count.

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
    """The header that says how many more such requests a subscription takes; fresh, as recorded in 2025."""
    kind, left = {"GET": ("reads", 16499), "DELETE": ("deletes", 11999)}.get(method, ("writes", 11999))
    return {f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(left)}


class Throttle:
    """Requests counted by caller. Times are simulated, in seconds since 1970."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}
        self._windows: dict[str, tuple[int, int]] = {}

    def take_read(self, principal: str, now: float, per_second: float) -> int:
        """Count a read; how many are left. 429 when the bucket is empty."""
        size = per_second * BUCKET_FACTOR
        tokens, filled_at = self._buckets.get(principal, (size, now))
        tokens = min(size, tokens + (now - filled_at) * per_second)
        if tokens < 1:
            self._buckets[principal] = (tokens, now)
            wait = max(1, math.ceil((1 - tokens) / per_second))
            raise ArmError(
                429,
                "SubscriptionRequestsThrottled",
                "Number of 'read' requests for subscription exceeded the limit. "
                f"Please try again after '{wait}' seconds after additional tokens are available.",
                headers=GATEWAY | {"Retry-After": str(wait)},
            )
        self._buckets[principal] = (tokens - 1, now)
        return int(tokens - 1)

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
