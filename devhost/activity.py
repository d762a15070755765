"""Counts the host's running work, to know for certain when nothing is left to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """Counts running work, and events that may have caused more work. The host is idle when nothing runs and every
    queue was found empty after the last event: each such
    thing raises `version`, and a listener notes the version it saw before a fetch that brought nothing.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._version = 0
        self._empty_at: dict[object, int] = {}

    @property
    def version(self) -> int:
        """Increases with every event."""
        with self._changed:
            return self._version

    def begin(self) -> None:
        """Notes that work runs, or will run, that may send messages to a queue."""
        with self._changed:
            self._running += 1
            self._version += 1

    def end(self) -> None:
        """Notes the end of work announced by `begin`."""
        with self._changed:
            self._running -= 1
            self._version += 1
            self._changed.notify_all()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Calls `begin` and `end` around the block."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def happened(self) -> None:
        """Notes that a client may have put messages into a queue."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def found_empty(self, listener: object, version: int) -> None:
        """Notes that `listener` began a fetch at `version` and got nothing."""
        with self._changed:
            self._empty_at[listener] = version
            self._changed.notify_all()

    def wait_until_idle(self, listeners: int, timeout_seconds: float, look: Callable[[], None]) -> bool:
        """Waits until nothing runs and all `listeners` found their queue empty since; False if the time is up.

        `look` makes the listeners read their queues; it does not wait for them.
        """
        deadline = time.monotonic() + timeout_seconds
        looked_at = -1
        with self._changed:
            while not self._is_idle(listeners):
                if self._running == 0 and looked_at != self._version:
                    looked_at = self._version
                    look()
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    return self._is_idle(listeners)
        return True

    def wait_until_nothing_runs(self, timeout_seconds: float) -> bool:
        """Waits until nothing runs; False on timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout_seconds)

    def _is_idle(self, listeners: int) -> bool:
        empty = [version == self._version for version in self._empty_at.values()]
        return self._running == 0 and len(empty) == listeners and all(empty)
