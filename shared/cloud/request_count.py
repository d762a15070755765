"""Count the requests of the process, and of each piece of work in it.

The context (``contextvars``) assigns a request to its piece of work, so threads must run in a copy of the context
(``copy_context``), as ``side_by_side`` does.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from ..model.tally import Effort

Piece = TypeVar("Piece")
Found = TypeVar("Found")


class _Sent:
    def __init__(self) -> None:
        self.requests = 0
        self.retries = 0


_sent: ContextVar[_Sent | None] = ContextVar("sent", default=None)


class RequestCount:
    """Pass it to clients as ``on_request``. ``repeated`` counts the retries in ``total``."""

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
        """The next request is a retry."""
        sent = _sent.get()
        with self._lock:
            self.repeated += 1
            if sent is not None:
                sent.retries += 1

    @contextmanager
    def metered(self) -> Iterator[Callable[[], Effort]]:
        """Yields a function that returns the effort of the work inside the ``with`` block so far."""
        sent, began = _Sent(), self._monotonic()
        token = _sent.set(sent)
        try:
            yield lambda: Effort(sent.requests, sent.retries, self._monotonic() - began)
        finally:
            _sent.reset(token)


def side_by_side(work: Callable[[Piece], Found], pieces: Sequence[Piece], at_a_time: int) -> list[Found]:
    """What ``work`` returns for each piece, in their order. A single worker needs no thread."""
    workers = min(at_a_time, len(pieces))
    if workers < 2:
        return [work(piece) for piece in pieces]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(copy_context().run, work, piece) for piece in pieces]
        return [future.result() for future in futures]
