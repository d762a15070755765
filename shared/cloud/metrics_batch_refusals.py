"""Remember for an hour where Azure refuses metric batches; then the first request tries a batch again.

A place is a subscription (the identity lacks the role) or one region of it (its host takes no batches).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .errors import AzureError, Forbidden

log = logging.getLogger("snatbot.metrics")
PROBE_AGAIN_SECONDS = 3600.0


class BatchRefusals:
    """Safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._reasons: dict[str, str] = {}

    @property
    def places(self) -> dict[str, str]:
        """Azure's reason and the remedy, by place."""
        with self._lock:
            return {place: self._reasons[place] for place in sorted(self._until)}

    def holds(self, subscription: str, region: str) -> bool:
        """Whether Azure refused a batch there."""
        with self._lock:
            return any(place in self._until for place in _places(subscription, region))

    def is_batch_worth_a_try(self, subscription: str, region: str) -> bool:
        """True where no batch was refused, and for one request an hour where one was."""
        with self._lock:
            refused = [place for place in _places(subscription, region) if place in self._until]
            if any(self._until[place] > self._monotonic() for place in refused):
                return False
            for place in refused:
                self._until[place] = self._monotonic() + PROBE_AGAIN_SECONDS
            return True

    def note_success(self, subscription: str, region: str) -> None:
        with self._lock:
            is_news = [self._until.pop(place, None) is not None for place in _places(subscription, region)]
        if any(is_news):
            log.info("subscription %s: metrics are read in batches again", subscription)

    def note(self, error: AzureError, subscription: str, region: str = "") -> None:
        """Without ``region``, for the whole subscription."""
        place = _places(subscription, region)[-1] if region else subscription
        with self._lock:
            is_news = place not in self._until
            self._until[place] = self._monotonic() + PROBE_AGAIN_SECONDS
            self._reasons[place] = f"subscription {place}: {error}. {_remedy(error)}".removesuffix(". ")
        if is_news:
            log.warning(
                "subscription %s: metrics can't be read in batches and are read one by one: %s. %s",
                place,
                error,
                _remedy(error),
            )


def _remedy(error: AzureError) -> str:
    """The role at the subscription itself (Azure docs: migrate-to-batch-api)."""
    needs_role = isinstance(error, Forbidden) and error.missing_action is not None
    return f"{error.remedy}, such as Monitoring Reader" if needs_role else error.remedy


def _places(subscription: str, region: str) -> tuple[str, str]:
    return subscription, f"{subscription} in {region.replace(' ', '').lower()}"
