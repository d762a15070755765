"""How many resources go into one batch, and where Azure rejects batches.

At most 50, and few enough to stay below an undocumented limit: a query over more than 500,000 time series returns
success without any point (opentelemetry-collector-contrib#40078). It is not documented what counts as a series. This
module assumes the worst case: every combination of dimension values of the metrics, whatever the filter. ``top`` does
not matter: it applies to each metric and resource (Azure docs: migrate-to-batch-api).

Where batches left out points, the region's batches are smaller for an hour. Where Azure rejected them (in a
subscription where the identity lacks the role, or in one of its regions), one batch an hour is tried until one
succeeds.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from ..model.text import Text
from .errors import AzureError, Forbidden, NotRegistered, NotSent, Unavailable
from .metric_request import Part

log = logging.getLogger("snatbot.metrics")

STEPS = (50, 25, 10, 1)  # 1: no batch, one request for each resource
MOST_SERIES = 300_000  # 60 % of the limit
KEPT_SECONDS = 3600.0
# Combinations of a backend on one frontend: three connection states; two protocols, awaiting removal or not.
_COMBINATIONS = {"SnatConnectionCount": 3, "UsedSnatPorts": 4, "AllocatedSnatPorts": 4}


def expected_series(metrics: str, backends: int, frontends: int) -> int:
    """For one load balancer. ``metrics`` are separated by commas."""
    return max(1, backends) * max(1, frontends) * sum(_COMBINATIONS.get(name, 1) for name in metrics.split(","))


def split(resource_ids: Sequence[str], series: Mapping[str, int], most: int) -> Iterator[Sequence[str]]:
    """Batches of at most ``most``. A resource with more series than a batch may have is alone."""
    start = total = 0
    for number, resource_id in enumerate(resource_ids):
        held = series.get(resource_id, 1)
        if number > start and (number - start == most or total + held > MOST_SERIES):
            yield resource_ids[start:number]
            start, total = number, 0
        total += held
    if resource_ids:
        yield resource_ids[start:]


def is_refusal(error: AzureError) -> bool:
    """The identity lacks the role for batches, or their host is unreachable: single requests may still work."""
    if isinstance(error, Forbidden):
        return not isinstance(error, NotRegistered)
    return isinstance(error, Unavailable) and error.status == 0 and not isinstance(error, NotSent)


def smaller(size: int) -> int:
    """The next smaller step; 1 is the last."""
    return next((step for step in STEPS if step < size), 1)


class BatchLimits:
    """Limits by subscription, or by subscription and region. Safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sizes: dict[str, tuple[int, float]] = {}  # with the time until which it applies
        self._refusals: dict[str, tuple[Text, float]] = {}  # the reason, and when to try again

    @property
    def problems(self) -> dict[str, Text]:
        """Where batches are smaller than usual or rejected, and why."""
        with self._lock:
            sizes = {key: self._size(key) for key in sorted(self._sizes)}
            refusals = {key: self._refusals[key][0] for key in sorted(self._refusals)}
        smaller_there = {key: _PROBLEMS[size] for key, size in sizes.items() if size in _PROBLEMS}
        found = smaller_there | refusals
        return {
            key: Text("subscription {subscription}: {problem}", subscription=key, problem=found[key]) for key in found
        }

    def size(self, key: str) -> int:
        with self._lock:
            return self._size(key)

    def reduce(self, key: str, size: int) -> None:
        """Reduce to the step for ``size`` resources, or keep a smaller step, for an hour."""
        step = max(step for step in STEPS if step <= size)
        with self._lock:
            self._sizes[key] = (min(step, self._size(key)), self._monotonic() + KEPT_SECONDS)

    def restore(self, key: str) -> None:
        with self._lock:
            self._sizes.pop(key, None)

    def is_refused(self, part: Part) -> bool:
        with self._lock:
            return any(key in self._refusals for key in part.limit_keys)

    def is_worth_a_try(self, part: Part) -> bool:
        """True if no batch was rejected; else true for one request an hour."""
        with self._lock:
            now = self._monotonic()
            refused = {key: self._refusals[key] for key in part.limit_keys if key in self._refusals}
            if any(until > now for _, until in refused.values()):
                return False
            self._refusals.update({key: (why, now + KEPT_SECONDS) for key, (why, _) in refused.items()})
            return True

    def note_refusal(self, key: str, error: AzureError) -> None:
        why = error.text_with_remedy
        if isinstance(error, Forbidden) and error.missing_action is not None:
            # At the subscription itself (Azure docs: migrate-to-batch-api).
            why = Text("{refusal}, such as Monitoring Reader", refusal=why)
        with self._lock:
            is_news = key not in self._refusals
            self._refusals[key] = (why, self._monotonic() + KEPT_SECONDS)
        if is_news:
            log.warning("subscription %s: metrics can't be read in batches and are read one by one: %s", key, why)

    def note_success(self, part: Part) -> None:
        with self._lock:
            is_news = [self._refusals.pop(key, None) is not None for key in part.limit_keys]
        if any(is_news):
            log.info("subscription %s: metrics are read in batches again", part.subscription)

    def _size(self, key: str) -> int:
        size, until = self._sizes.get(key, (STEPS[0], 0.0))
        return size if until > self._monotonic() else STEPS[0]


_PROBLEMS = {
    after: Text.plural(
        "batches of {size} leave out points that Azure Monitor has; {count} resource a request",
        "batches of {size} leave out points that Azure Monitor has; at most {count} resources a request",
        count=after,
        size=before,
    )
    for before, after in pairwise(STEPS)
}
