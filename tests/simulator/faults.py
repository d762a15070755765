"""What goes wrong with a service that people see, by name: each of them is tried in every way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

FAULTS: dict[str, dict[str, Any]] = {
    "down": {"status": 503},
    "slow": {"latency_seconds": 2},
    "throttled": {"status": 429, "headers": {"Retry-After": "7"}},
    "its answer lost": {"drop": "after"},
    "a page instead": {"mangle": "html"},
    "half an answer": {"mangle": "truncated"},
}
NOTHING_DONE = ("down", "throttled")
"""With all others the service has done what was asked, whatever the client learns."""
PATIENCE_SECONDS = 0.5
"""Of clients that meet a slow service."""


def comes_true(happens: Callable[[], bool]) -> bool:
    """Whether something happens, sooner or later."""
    end = time.monotonic() + 30
    while not happens() and time.monotonic() < end:
        time.sleep(0.02)
    return happens()
