"""One question to many resources, in as few requests as the identity's roles allow.

``batch`` asks up to 50 resources a request and needs Monitoring Reader at the subscription itself; ``arm`` asks one
by one and needs it on the resource only (Azure docs: migrate-to-batch-api). ``auto`` tries batch once a subscription;
where it is refused or its host can't be reached, that subscription is asked one by one, said once, and tried again
after an hour; so is a single region that takes no batches. Throttling, lack of a role and a provider that isn't
registered stay apart, as the types of ``errors``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from ..model.metric import MetricAnswer, Window
from ..model.resource_id import ArmId
from .batch import MAX_RESOURCES, BatchMetrics
from .batch_refusals import BatchRefusals
from .deadline import Deadline, within
from .errors import AzureError, BadRequest, Forbidden, NotFound, NotRegistered, Throttled, Unavailable
from .metric_queries import MetricQuery
from .metrics import Metrics
from .request_count import RequestCount
from .throttle import Throttle

T = TypeVar("T")
Mode = Literal["auto", "batch", "arm"]
Answers = dict[str, MetricAnswer | AzureError]
ATTEMPTS = 3
SAMPLE_SIZE = 4  # from all over a batch that was refused, to tell whether the batch is or somebody in it


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One question to any number of resources of one type and ``region``."""

    resource_ids: Sequence[str]
    region: str
    query: MetricQuery
    window: Window

    def of(self, resource_ids: Sequence[str]) -> MetricRequest:
        """The same of some of them."""
        return replace(self, resource_ids=resource_ids)


class DeadlineReached(Unavailable):
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
        self._refusals = BatchRefusals(monotonic)

    @property
    def one_by_one(self) -> Mapping[str, str]:
        """Subscriptions, or single regions of them, that are asked one by one because batch was refused, and why."""
        return self._refusals.places

    def query(
        self, resource_ids: Sequence[str], region: str, query: MetricQuery, window: Window, deadline: Deadline
    ) -> Answers:
        """Answer or trouble of each resource by its id in lower case. Any number, of one type and ``region``.

        Never raises for what Azure answers; what the deadline cut off is NotReached.
        """
        return self.query_all([MetricRequest(resource_ids, region, query, window)], deadline)[0]

    def query_all(self, requests: Sequence[MetricRequest], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        """As ``query``, for several questions; up to ``at_a_time`` requests of them are under way at once."""
        parts = [
            (number, subscription, part, is_batched)
            for number, one in enumerate(requests)
            for subscription, every in _by_subscription(one.resource_ids)
            for part, is_batched in self._cut(subscription, one.of(every))
        ]
        answers: list[Answers] = [{} for _ in requests]

        def send(one: tuple[int, str, MetricRequest, bool]) -> None:
            number, subscription, part, is_batched = one
            way = self._query_batch if is_batched else self._query_each
            answers[number].update(way(part, subscription, deadline))

        if at_a_time == 1 or len(parts) < 2:
            for one in parts:
                send(one)
        else:
            with ThreadPoolExecutor(min(at_a_time, len(parts))) as pool:
                for future in [pool.submit(copy_context().run, send, part) for part in parts]:
                    future.result()
        return answers

    def _cut(self, subscription: str, request: MetricRequest) -> Iterator[tuple[MetricRequest, bool]]:
        """What can be under way at once: batches, or each by itself."""
        for start in range(0, len(request.resource_ids), MAX_RESOURCES):
            some = request.resource_ids[start : start + MAX_RESOURCES]
            if self._is_batched(subscription, request.region):
                yield request.of(some), True
            else:
                yield from ((request.of([one]), False) for one in some)

    def _query_batch(self, part: MetricRequest, subscription: str, deadline: Deadline) -> Answers:
        """``part`` is of one subscription and as large as one request may be."""
        try:
            answers = self._send_with_retries(subscription, deadline, partial(self._send_batch, part))
        except (BadRequest, NotFound) as error:
            return self._query_apart(part, subscription, deadline, error)
        except (Forbidden, Unavailable) as error:
            if self._mode == "auto" and _is_batch_refused(error):
                self._refusals.note(error, subscription)
                return self._query_each(part, subscription, deadline)
            return _all_alike(part, error)
        except AzureError as error:
            return _all_alike(part, error)
        self._refusals.note_success(subscription, part.region)
        return answers

    def _send_batch(self, part: MetricRequest) -> Answers:
        return self._batch.query_batch(part.resource_ids, part.region, part.query, part.window)

    def _query_apart(self, part: MetricRequest, subscription: str, deadline: Deadline, error: AzureError) -> Answers:
        """One resource that is gone, or lies elsewhere, spoils the whole request: it is found by halving.

        Where both halves are refused, and so is everyone that is picked from all over, it is the batch that is.
        """
        if self._refusals.holds(subscription, part.region):
            return self._query_each(part, subscription, deadline)  # found out already, for another part
        ids, half = part.resource_ids, len(part.resource_ids) // 2
        halves = [part.of(ids[:half]), part.of(ids[half:])] if half else []
        answered = [self._answered(one, subscription, deadline) for one in halves]
        if not any(answered):
            picked = ids[:: -(-len(ids) // SAMPLE_SIZE)] if halves else []
            if not any(self._answered(part.of([one]), subscription, deadline) for one in picked):
                return self._query_alone(part, subscription, deadline, error)
        found: Answers = {}
        for one, answers in zip(halves, answered, strict=True):
            found |= answers or self._query_halved(one, subscription, deadline, error)
        return found

    def _answered(self, part: MetricRequest, subscription: str, deadline: Deadline) -> Answers | None:
        """None: the request as a whole was refused."""
        try:
            return self._send_with_retries(subscription, deadline, partial(self._send_batch, part))
        except (BadRequest, NotFound):
            return None
        except AzureError as error:
            return _all_alike(part, error)

    def _query_halved(self, part: MetricRequest, subscription: str, deadline: Deadline, error: AzureError) -> Answers:
        """``part`` was refused as a whole."""
        ids, half = part.resource_ids, len(part.resource_ids) // 2
        if not half:
            return _all_alike(part, error)
        found: Answers = {}
        for one in (part.of(ids[:half]), part.of(ids[half:])):
            found |= self._answered(one, subscription, deadline) or self._query_halved(
                one, subscription, deadline, error
            )
        return found

    def _query_alone(self, part: MetricRequest, subscription: str, deadline: Deadline, error: AzureError) -> Answers:
        """Nobody is answered in a batch: those who are answered alone show that batches are not taken there."""
        if self._mode != "auto":
            return _all_alike(part, error)
        found = self._query_each(part, subscription, deadline)
        if any(isinstance(one, MetricAnswer) for one in found.values()):
            self._refusals.note(error, subscription, part.region)
        return found

    def _query_each(self, part: MetricRequest, subscription: str, deadline: Deadline) -> Answers:
        answers: Answers = {}
        for one in part.resource_ids:
            try:
                send = partial(self._metrics.query_resource, one, part.query, part.window)
                answers[one.lower()] = self._send_with_retries(subscription, deadline, send)
            except AzureError as error:
                answers[one.lower()] = error
        return answers

    def _send_with_retries(self, subscription: str, deadline: Deadline, send: Callable[[], T]) -> T:
        """Sends, and repeats what a little patience can cure, within the deadline."""
        attempt = 1
        while True:
            if deadline.is_over:
                raise DeadlineReached(f"subscription {subscription}", "the time for this look was over")
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

    def _is_batched(self, subscription: str, region: str) -> bool:
        if self._mode != "auto":
            return self._mode == "batch"
        return self._refusals.is_batch_worth_a_try(subscription, region)


def _all_alike(part: MetricRequest, error: AzureError) -> Answers:
    return {one.lower(): error for one in part.resource_ids}


def _is_batch_refused(error: AzureError) -> bool:
    """A role that is missing for batches alone, or a host that can't be reached: one by one may still work."""
    if isinstance(error, Forbidden):
        return not isinstance(error, NotRegistered)
    return error.status == 0 and not isinstance(error, DeadlineReached)


def _by_subscription(resource_ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for resource_id in resource_ids:
        found.setdefault(ArmId.parse(resource_id).subscription.lower(), []).append(resource_id)
    yield from found.items()
