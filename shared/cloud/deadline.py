"""Deadlines on the monotonic clock.

Inside ``within`` the HTTP pipeline limits each request's timeout, and each wait before a retry, to the time left.
A new thread starts without a deadline.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """``seconds`` from now. ``monotonic`` is real time, not domain time."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._end = monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._end - self._monotonic())

    @property
    def share_used(self) -> float:
        """From 0 to 1, when it is over."""
        return 1.0 if self.is_over else 1 - self.seconds_left / self._seconds

    @property
    def is_over(self) -> bool:
        return self.seconds_left <= 0


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """This thread's requests end by ``deadline``; late ones raise Unavailable. The innermost deadline counts."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def current_deadline() -> Deadline | None:
    return _current.get()
