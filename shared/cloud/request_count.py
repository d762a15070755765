"""How many requests were sent, by all clients of a process together."""

from __future__ import annotations

import threading


class RequestCount:
    """Give it to clients as ``on_request``. ``repeated`` are those of the total that repeated an earlier one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0
        self.repeated = 0

    def __call__(self, _method: str, _path: str) -> None:
        with self._lock:
            self.total += 1

    def note_repeat(self) -> None:
        with self._lock:
            self.repeated += 1
