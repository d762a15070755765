"""Send requests, and retry each while that may help and its deadline allows it.

If Azure throttles a subscription, all requests to it wait; other subscriptions continue.

Azure throttles by subscription and region, with or without a Retry-After (Azure docs: request-limits-and-throttling;
the metrics batch API returns 529). Requests wait that long; a wait of more than an hour is probably a mistake, so one
request tries again after fifteen minutes.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ..model.text import Text
from ..retry_after import LONGEST_PLAUSIBLE_SECONDS, UNREADABLE_SECONDS, plausible_wait_seconds
from .deadline import Deadline, within
from .errors import NotSent, Throttled, Unavailable
from .request_count import RequestCount

T = TypeVar("T")
ATTEMPTS = 3
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0


@dataclass(slots=True)
class _Budget:
    """One subscription's throttling."""

    blocked_until: float = 0.0  # monotonic seconds
    until: datetime | None = None  # the same time on the wall clock
    refusals: int = 0
    is_doubted: bool = False  # the wait was implausibly long, so the next request tries


class Throttle:
    """Safe to share between threads."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._wall = wall
        self._lock = threading.Lock()
        self._budgets: dict[str, _Budget] = {}

    def send(self, subscription: str, deadline: Deadline, count: RequestCount, request: Callable[[], T]) -> T:
        """Raises the last attempt's error, or NotSent after the deadline."""
        attempt = 1
        while True:
            if deadline.is_over:
                message = Text("the time for this scan was over before its turn came")
                raise NotSent(_named(subscription), message)
            self.wait(subscription, deadline)
            try:
                with within(deadline):
                    answer = request()
            except Throttled as error:
                self.refused(subscription, error)
                if attempt == ATTEMPTS:
                    raise
            except Unavailable:
                if attempt == ATTEMPTS or attempt > deadline.seconds_left:
                    raise
                self._sleep(float(attempt))
            else:
                self.accepted(subscription)
                return answer
            count.note_repeat()
            attempt += 1

    def wait(self, subscription: str, deadline: Deadline) -> None:
        """Wait until the subscription accepts requests again. Raises Throttled if that is after the deadline."""
        while True:
            with self._lock:
                budget = self._budgets.get(subscription.lower(), _Budget())
                seconds, until = budget.blocked_until - self._monotonic(), budget.until
                if seconds <= 0:
                    if budget.is_doubted:  # only this request tries
                        self._block(budget, UNREADABLE_SECONDS)
                    return
            if seconds > deadline.seconds_left:
                message = Text(
                    "Azure throttles for {seconds} seconds more, longer than the deadline", seconds=round(seconds)
                )
                throttled = Throttled(_named(subscription), message, retry_after_seconds=seconds)
                throttled.until = until
                raise throttled
            self._sleep(seconds)

    def refused(self, subscription: str, error: Throttled) -> None:
        """Block for Azure's Retry-After, else for twice the last wait. Sets ``error.until``."""
        with self._lock:
            budget = self._budgets.setdefault(subscription.lower(), _Budget())
            seconds = error.retry_after_seconds
            if seconds is None:
                seconds = min(FIRST_WAIT_SECONDS * 2**budget.refusals, LONGEST_WAIT_SECONDS)
            budget.refusals = min(budget.refusals + 1, 10)
            budget.is_doubted = seconds > LONGEST_PLAUSIBLE_SECONDS
            self._block(budget, plausible_wait_seconds(seconds))
            error.until = budget.until

    def accepted(self, subscription: str) -> None:
        with self._lock:
            budget = self._budgets.get(subscription.lower())
            if budget is not None:
                budget.refusals = 0
                if budget.is_doubted:
                    del self._budgets[subscription.lower()]

    def _block(self, budget: _Budget, seconds: float) -> None:
        at = self._monotonic() + seconds
        if at > budget.blocked_until:
            budget.blocked_until, budget.until = at, self._wall() + timedelta(seconds=seconds)


def _named(subscription: str) -> Text:
    return Text("subscription {subscription}", subscription=subscription)
