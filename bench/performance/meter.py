"""Measures work in this process: wall and CPU seconds, requests, peak memory, and what decoding the answers costs."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import requests

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


@dataclass(slots=True)
class KeptAnswers:
    """The bodies of answers, in a file: in memory they would count as the work's own."""

    file: IO[bytes]
    sizes: list[int] = field(default_factory=list)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keeps the body of each answer that arrives inside the block."""
        send, lock = requests.Session.send, threading.Lock()

        def keep(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            response = send(session, request, **options)
            with lock:
                self.sizes.append(self.file.write(response.content))
            return response

        requests.Session.send = keep  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            requests.Session.send = send  # type: ignore[method-assign]

    def loads_seconds(self) -> float:
        """Processor time of json.loads on each body."""
        self.file.seek(0)
        seconds = 0.0
        for size in self.sizes:
            body = self.file.read(size)
            began = time.process_time()
            json.loads(body)
            seconds += time.process_time() - began
        return seconds


def peak_mib() -> float:
    """The most memory that this process has held (ru_maxrss is in KiB on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
