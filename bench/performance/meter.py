"""Measures work in this process: wall and CPU seconds, requests, and peak memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

from shared.cloud.request_count import RequestCount


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    cpu_seconds: float
    requests: int


def measured(work: Callable[[], object], count: RequestCount) -> Cost:
    """``count`` counts what the work sends."""
    requests, wall, cpu = count.total, time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, count.total - requests)


def peak_mib() -> float:
    """The most memory that this process has held (ru_maxrss is in KiB on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
