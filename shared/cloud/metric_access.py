"""One question to many resources, in as few requests as the identity's roles allow.

``batch`` asks up to 50 resources a request and needs Monitoring Reader at the subscription itself; ``arm`` asks one
by one and needs it on the resource only (Azure docs: migrate-to-batch-api). ``auto`` tries batch once a subscription;
where it is refused or its host can't be reached, that subscription is asked one by one, said once, and tried again
after an hour. Throttling, lack of a role and a provider that isn't registered stay apart, as the types of ``errors``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from ..model.metric import MetricAnswer, Window
from ..model.resource_id import ResourceId
from .batch import MAX_RESOURCES, BatchMetrics
from .deadline import Deadline, within
from .errors import AzureError, BadRequest, Forbidden, NotFound, NotRegistered, Throttled, Unavailable
from .metrics import Metrics
from .questions import MetricQuestion
from .request_count import RequestCount
from .throttle import Throttle

T = TypeVar("T")
log = logging.getLogger("snatbot.metrics")
Mode = Literal["auto", "batch", "arm"]
Answers = dict[str, MetricAnswer | AzureError]
PROBE_AGAIN_SECONDS = 3600.0
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to any number of resources of one type and ``region``."""

    resource_ids: Sequence[str]
    region: str
    question: MetricQuestion
    window: Window


class NotReached(Unavailable):
    """The deadline came before this could be asked."""


class MetricAccess:
    """Clients are given without retries of their own: repeating is done here. Safe to share between threads."""

    def __init__(
        self,
        metrics: Metrics,
        batch: BatchMetrics,
        mode: Mode,
        count: RequestCount,
        *,
        throttle: Throttle | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._metrics = metrics
        self._batch = batch
        self._mode = mode
        self._count = count
        self._throttle = throttle or Throttle(monotonic=monotonic, sleep=sleep)
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._one_by_one_until: dict[str, float] = {}

    @property
    def one_by_one(self) -> tuple[str, ...]:
        """Subscriptions that are asked one by one because batch was refused."""
        with self._lock:
            return tuple(sorted(self._one_by_one_until))

    def ask(
        self, resource_ids: Sequence[str], region: str, question: MetricQuestion, window: Window, deadline: Deadline
    ) -> Answers:
        """Answer or trouble of each resource by its id in lower case. Any number, of one type and ``region``.

        Never raises for what Azure answers; what the deadline cut off is NotReached.
        """
        return self.ask_all([Ask(resource_ids, region, question, window)], deadline)[0]

    def ask_all(self, asks: Sequence[Ask], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        """As ``ask``, for several questions; up to ``at_a_time`` requests of them are under way at once."""
        parts = [
            (number, subscription, ids, is_batched)
            for number, one in enumerate(asks)
            for subscription, every in _by_subscription(one.resource_ids)
            for ids, is_batched in self._cut(subscription, every)
        ]
        answers: list[Answers] = [{} for _ in asks]

        def send(part: tuple[int, str, Sequence[str], bool]) -> None:
            number, subscription, ids, is_batched = part
            one = asks[number]
            way = self._ask_batch if is_batched else self._ask_each
            answers[number].update(way(subscription, ids, one.region, one.question, one.window, deadline))

        if at_a_time == 1 or len(parts) < 2:
            for part in parts:
                send(part)
        else:
            with ThreadPoolExecutor(min(at_a_time, len(parts))) as pool:
                list(pool.map(send, parts))
        return answers

    def _cut(self, subscription: str, ids: Sequence[str]) -> Iterator[tuple[Sequence[str], bool]]:
        """What can be under way at once: batches, or each by itself."""
        for start in range(0, len(ids), MAX_RESOURCES):
            some = ids[start : start + MAX_RESOURCES]
            if self._is_batched(subscription):
                yield some, True
            else:
                yield from (([one], False) for one in some)

    def _ask_batch(
        self,
        subscription: str,
        ids: Sequence[str],
        region: str,
        question: MetricQuestion,
        window: Window,
        deadline: Deadline,
    ) -> Answers:
        try:
            answers = self._patiently(subscription, deadline, partial(self._batch.query, ids, region, question, window))
        except (BadRequest, NotFound) as error:
            if len(ids) == 1:
                return {ids[0].lower(): error}
            # One resource that is gone, or lies elsewhere, spoils the whole request: find it by halving.
            half = len(ids) // 2
            return self._ask_batch(subscription, ids[:half], region, question, window, deadline) | self._ask_batch(
                subscription, ids[half:], region, question, window, deadline
            )
        except (Forbidden, Unavailable) as error:
            if self._mode == "auto" and _is_batch_refused(error):
                self._go_one_by_one(subscription, error)
                return self._ask_each(subscription, ids, region, question, window, deadline)
            return {one.lower(): error for one in ids}
        except AzureError as error:
            return {one.lower(): error for one in ids}
        self._batch_works(subscription)
        return answers

    def _ask_each(
        self,
        subscription: str,
        ids: Sequence[str],
        _region: str,
        question: MetricQuestion,
        window: Window,
        deadline: Deadline,
    ) -> Answers:
        answers: Answers = {}
        for one in ids:
            try:
                send = partial(self._metrics.ask, one, question, window)
                answers[one.lower()] = self._patiently(subscription, deadline, send)
            except AzureError as error:
                answers[one.lower()] = error
        return answers

    def _patiently(self, subscription: str, deadline: Deadline, send: Callable[[], T]) -> T:
        """Sends, and repeats what a little patience can cure, within the deadline."""
        attempt = 1
        while True:
            if deadline.is_over:
                raise NotReached(f"subscription {subscription}", "the time for this look was over")
            self._throttle.wait(subscription, deadline)
            try:
                with within(deadline):
                    answer = send()
            except Throttled as error:
                self._throttle.refused(subscription, error)
                if attempt == ATTEMPTS:
                    raise
            except Unavailable:
                wait_seconds = float(attempt)
                if attempt == ATTEMPTS or wait_seconds > deadline.seconds_left:
                    raise
                self._sleep(wait_seconds)
            else:
                self._throttle.accepted(subscription)
                return answer
            self._count.note_repeat()
            attempt += 1

    def _is_batched(self, subscription: str) -> bool:
        if self._mode != "auto":
            return self._mode == "batch"
        with self._lock:
            until = self._one_by_one_until.get(subscription)
            if until is not None and until <= self._monotonic():
                # Whoever comes first tries again; the others go on one by one until it is known.
                self._one_by_one_until[subscription] = self._monotonic() + PROBE_AGAIN_SECONDS
                return True
            return until is None

    def _batch_works(self, subscription: str) -> None:
        with self._lock:
            is_news = self._one_by_one_until.pop(subscription, None) is not None
        if is_news:
            log.info("subscription %s: metrics are read in batches again", subscription)

    def _go_one_by_one(self, subscription: str, error: AzureError) -> None:
        with self._lock:
            is_news = subscription not in self._one_by_one_until
            self._one_by_one_until[subscription] = self._monotonic() + PROBE_AGAIN_SECONDS
        if is_news:
            log.warning(
                "subscription %s: metrics can't be read in batches and are read one by one: %s. %s",
                subscription,
                error,
                error.remedy,
            )


def _is_batch_refused(error: AzureError) -> bool:
    """A role that is missing for batches alone, or a host that can't be reached: one by one may still work."""
    if isinstance(error, Forbidden):
        return not isinstance(error, NotRegistered)
    return error.status == 0 and not isinstance(error, NotReached)


def _by_subscription(resource_ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for resource_id in resource_ids:
        found.setdefault(ResourceId.parse(resource_id).subscription.lower(), []).append(resource_id)
    yield from found.items()
