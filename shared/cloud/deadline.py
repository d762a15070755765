"""When a piece of work must be over, on a clock that never jumps.

A request that is under way can't ask a deadline, so the pipeline does: inside ``within`` no request waits longer for
an answer, or for its turn to be repeated, than there is time left. A new thread begins without one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """``seconds`` from now. ``monotonic`` is real time: a jump of the domain's clock moves no deadline."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._end - self._monotonic())

    @property
    def is_over(self) -> bool:
        return self.seconds_left <= 0


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Requests of this thread end by then: late ones raise Unavailable. Of two deadlines the inner one counts."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def current_deadline() -> Deadline | None:
    return _current.get()
