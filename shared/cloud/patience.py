"""Send a request, and repeat it while that may help and its deadline allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .deadline import Deadline, within
from .errors import Throttled, Unavailable
from .request_count import RequestCount
from .throttle import Throttle

T = TypeVar("T")
ATTEMPTS = 3


class DeadlineReached(Unavailable):
    """The request was not sent because its deadline had passed."""


class Patience:
    """Shares a subscription's throttling among all requests to it. Safe to share between threads."""

    def __init__(self, throttle: Throttle, count: RequestCount, sleep: Callable[[float], None]) -> None:
        self._throttle = throttle
        self._count = count
        self._sleep = sleep

    def send(self, subscription: str, deadline: Deadline, request: Callable[[], T]) -> T:
        """Raises what the last attempt raised, or DeadlineReached."""
        attempt = 1
        while True:
            if deadline.is_over:
                raise DeadlineReached(f"subscription {subscription}", "the deadline of this scan has passed")
            self._throttle.wait(subscription, deadline)
            try:
                with within(deadline):
                    answer = request()
            except Throttled as error:
                self._throttle.refused(subscription, error)
                if attempt == ATTEMPTS:
                    raise
            except Unavailable:
                wait_seconds = float(attempt)
                if attempt == ATTEMPTS or wait_seconds > deadline.seconds_left:
                    raise
                self._sleep(wait_seconds)
            else:
                self._throttle.accepted(subscription)
                return answer
            self._count.note_repeat()
            attempt += 1
