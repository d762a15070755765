"""When a piece of work must be over, on a clock that never jumps."""

from __future__ import annotations

import time
from collections.abc import Callable


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
