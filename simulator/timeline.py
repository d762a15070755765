"""Scheduled events, and events that a client's write triggers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Happening:
    """A scheduled event that happened in the simulated world."""

    at: datetime
    what: str


@dataclass
class Watch:
    """Something that happens after the `count`th write whose path matches; again and again if `repeat`."""

    pattern: re.Pattern[str]
    action: Callable[[datetime], None]
    method: str | None = None
    count: int = 1
    seconds: float = 0.0
    repeat: bool = False
    seen: int = 0

    def counts(self, method: str, path: str) -> bool:
        """Count this write; True if it is the awaited write."""
        if self.method not in (None, method) or self.pattern.search(path) is None:
            return False
        self.seen += 1
        return self.seen % self.count == 0 if self.repeat else self.seen == self.count
