"""How many requests were sent, by all clients of a process together and by each piece of work in it.

One process may do several pieces of work at once. What belongs to which is known from the context, so threads that a
piece of work starts have to run in a copy of its context (``contextvars.copy_context``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..model.tally import Effort


class _Sent:
    def __init__(self) -> None:
        self.requests = 0
        self.retries = 0


_sent: ContextVar[_Sent | None] = ContextVar("sent", default=None)


class RequestCount:
    """Give it to clients as ``on_request``. ``repeated`` are those of the total that repeated an earlier one."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self.total = 0
        self.repeated = 0

    def __call__(self, _method: str, _path: str) -> None:
        sent = _sent.get()
        with self._lock:
            self.total += 1
            if sent is not None:
                sent.requests += 1

    def note_repeat(self) -> None:
        """The next request repeats one."""
        sent = _sent.get()
        with self._lock:
            self.repeated += 1
            if sent is not None:
                sent.retries += 1

    @contextmanager
    def metered(self) -> Iterator[Callable[[], Effort]]:
        """Gives what the work inside has taken so far."""
        sent, began = _Sent(), self._monotonic()
        token = _sent.set(sent)
        try:
            yield lambda: Effort(sent.requests, sent.retries, self._monotonic() - began)
        finally:
            _sent.reset(token)
