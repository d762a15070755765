"""`python -m bench.performance.whole`: runs ticks as deployed, with storage, in a process of its own; prints JSON.

The app is put together from the environment's settings, as the Functions host does it; minute after minute, the timer's
flow runs, and after it, where the fleet is handed to workers (FAN_OUT_ABOVE), each part, one after the other: in Azure
they run side by side. No chat is configured, so nothing is posted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from shared.app import App, current

from .meter import peak_mib

MINUTES = 7
"""The first opens incidents and asks for ports, the sixth asks for ports again; the others are failed passes alone."""
PRESSURE_AT = 5


@dataclass(frozen=True, slots=True)
class Whole:
    """One minute's work. ``part_seconds`` of each worker; ``requests`` to Azure, ``storage`` to storage, of all."""

    timer_seconds: float
    part_seconds: tuple[float, ...]
    requests: int
    storage: int


def main() -> dict[str, Any]:
    app = current()
    last = datetime.now(UTC).replace(second=0, microsecond=0)
    with counted_storage() as storage:
        minutes = [_minute(app, last - timedelta(minutes=MINUTES - 1 - number), storage) for number in range(MINUTES)]
    return {
        "first": asdict(minutes[0]),
        "failed": [asdict(minute) for minute in minutes[2:PRESSURE_AT]],
        "pressure": [asdict(minutes[PRESSURE_AT])],
        "mib": peak_mib(),
    }


def _minute(app: App, now: datetime, storage: list[str]) -> Whole:
    sent, stored, began = app.request_count.total, len(storage), time.perf_counter()
    tick = app.watch.run(now, now)
    timer = time.perf_counter() - began
    parts = []
    for shard in tick.shards:
        began = time.perf_counter()
        app.watch.scan_shard(shard, tick.name, now, now)
        parts.append(time.perf_counter() - began)
    return Whole(timer, tuple(parts), app.request_count.total - sent, len(storage) - stored)


@contextmanager
def counted_storage() -> Iterator[list[str]]:
    """A line for each request to the storage emulator, whose paths begin with its account's name."""
    seen: list[str] = []
    send = requests.Session.send

    def counted(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if "/devstoreaccount1" in (request.url or ""):
            seen.append(request.method or "")
        return send(session, request, **options)

    requests.Session.send = counted  # type: ignore[method-assign, assignment]
    try:
        yield seen
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


if __name__ == "__main__":
    print(json.dumps(main()))
