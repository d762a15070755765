"""How many resources go into one batch.

At most 50, and few enough that Azure keeps below a limit that it doesn't document: a query over more than 500,000 time
series comes back as a success without any point (opentelemetry-collector-contrib#40078). What counts as a series isn't
documented either. Taken is the worst case: every combination of dimension values that Azure may hold of the metrics
asked for, whatever the filter says. ``top`` has no part in it: it counts for each metric and resource (Azure docs:
migrate-to-batch-api).

Where batches left out points, the region's batches are smaller for an hour.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

STEPS = (50, 25, 10, 1)  # 1: no batch, each resource takes a request of its own
MOST_SERIES = 300_000  # 60 % of the limit
KEPT_SECONDS = 3600.0
# A backend's combinations on one frontend: three connection states; two protocols, awaiting removal or not.
_COMBINATIONS = {"SnatConnectionCount": 3, "UsedSnatPorts": 4, "AllocatedSnatPorts": 4}


def expected_series(metrics: str, backends: int, frontends: int) -> int:
    """Of one load balancer. ``metrics`` with commas between."""
    return max(1, backends) * max(1, frontends) * sum(_COMBINATIONS.get(name, 1) for name in metrics.split(","))


def split(resource_ids: Sequence[str], series: Mapping[str, int], most: int) -> Iterator[Sequence[str]]:
    """Batches of at most ``most``. A resource with more series than a batch may have goes alone."""
    start = total = 0
    for number, resource_id in enumerate(resource_ids):
        held = series.get(resource_id, 1)
        if number > start and (number - start == most or total + held > MOST_SERIES):
            yield resource_ids[start:number]
            start, total = number, 0
        total += held
    if resource_ids:
        yield resource_ids[start:]


def smaller(size: int) -> int:
    """The next step down; 1 is the last."""
    return next((step for step in STEPS if step < size), 1)


class BatchSizes:
    """The size of batches by place: a region of a subscription. Safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._reduced: dict[str, tuple[int, float]] = {}

    @property
    def problems(self) -> dict[str, str]:
        """Where batches are smaller than usual, by place."""
        with self._lock:
            sizes = {place: self._of(place) for place in sorted(self._reduced)}
        return {place: f"subscription {place}: {_PROBLEMS[size]}" for place, size in sizes.items() if size in _PROBLEMS}

    def of(self, place: str) -> int:
        with self._lock:
            return self._of(place)

    def reduce(self, place: str, size: int) -> None:
        """To the step that holds ``size`` resources, or less where it is less already; for an hour."""
        step = max(step for step in STEPS if step <= size)
        with self._lock:
            self._reduced[place] = (min(step, self._of(place)), self._monotonic() + KEPT_SECONDS)

    def restore(self, place: str) -> None:
        with self._lock:
            self._reduced.pop(place, None)

    def _of(self, place: str) -> int:
        size, until = self._reduced.get(place, (STEPS[0], 0.0))
        return size if until > self._monotonic() else STEPS[0]


_LEFT_OUT = "batches of {} leave out points that Azure Monitor has"
_PROBLEMS = {
    after: f"{_LEFT_OUT.format(before)}; {f'at most {after} resources' if after > 1 else 'one resource'} a request"
    for before, after in pairwise(STEPS)
}
