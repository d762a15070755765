"""A pool of workers that a slow region can't exhaust.

Each piece of work belongs to a lane: its subscription and region. Lanes take turns. If there are several, a lane gets
at most half of the workers, so a slow region delays only its own work.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Generic, TypeVar

T = TypeVar("T")


class FairWorkerPool(Generic[T]):
    def __init__(self, pieces: Sequence[tuple[Hashable, T]], workers: int) -> None:
        """``pieces``: lane and work; the order within a lane is kept."""
        self._waiting: dict[Hashable, deque[T]] = {}
        for lane, piece in pieces:
            self._waiting.setdefault(lane, deque()).append(piece)
        self._workers = max(1, min(workers, len(pieces)))
        self._most = self._workers if len(self._waiting) < 2 else max(1, self._workers // 2)
        self._running: dict[Hashable, int] = dict.fromkeys(self._waiting, 0)
        self._turn = deque(self._waiting)
        self._changed = threading.Condition()

    def run(self, work: Callable[[T], None]) -> None:
        """Returns when every piece is done; then raises the first error of ``work``."""
        if not self._waiting:
            return
        if self._workers == 1:
            self._worker(work)  # most fleets are a single piece and need no thread
            return
        with ThreadPoolExecutor(self._workers) as pool:
            futures = [pool.submit(copy_context().run, self._worker, work) for _ in range(self._workers)]
        for future in futures:
            future.result()

    def _worker(self, work: Callable[[T], None]) -> None:
        """An error in one piece does not stop the others; the first error is raised at the end."""
        trouble: Exception | None = None
        while (taken := self._take()) is not None:
            lane, piece = taken
            try:
                work(piece)
            except Exception as error:
                trouble = trouble or error
            finally:
                with self._changed:
                    self._running[lane] -= 1
                    self._changed.notify_all()
        if trouble is not None:
            raise trouble

    def _take(self) -> tuple[Hashable, T] | None:
        """The next piece of a lane that may have another worker; waits while all lanes are full."""
        with self._changed:
            while True:
                for _ in range(len(self._turn)):
                    lane = self._turn[0]
                    self._turn.rotate(-1)
                    if self._waiting[lane] and self._running[lane] < self._most:
                        self._running[lane] += 1
                        return lane, self._waiting[lane].popleft()
                if not any(self._waiting.values()):
                    return None
                self._changed.wait()
