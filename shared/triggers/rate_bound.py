"""A bound on requests, of one process."""

import threading


class RateBound:
    """At most ``burst`` requests at once, and ``per_second`` in the long run. Safe to share between threads."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._at = burst, 0.0
        self._lock = threading.Lock()

    def admits(self, now: float) -> bool:
        """``now``: seconds of a monotonic clock."""
        with self._lock:
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
