"""Query one metric of many resources, in as few requests as the identity's roles allow.

``batch`` sends one request for up to 50 resources and needs Monitoring Reader at the subscription itself; ``arm`` sends
one request for each and needs the role on the resource only (Azure docs: migrate-to-batch-api). ``auto`` tries batches
in each subscription; where Azure refuses them, or their host can't be reached, it reads one by one, logs that once, and
tries again after an hour. So it does for a single region that takes no batches.
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
from .deadline import Deadline, within
from .errors import AzureError, BadRequest, Forbidden, NotFound, NotRegistered, Throttled, Unavailable
from .metric_queries import MetricQuery
from .metrics import Metrics
from .metrics_batch import MAX_RESOURCES, BatchMetrics
from .metrics_batch_refusals import BatchRefusals
from .request_count import RequestCount
from .throttle import Throttle

T = TypeVar("T")
Mode = Literal["auto", "batch", "arm"]
Answers = dict[str, MetricAnswer | AzureError]
ATTEMPTS = 3
SAMPLE_SIZE = 4  # single resources queried after a refused batch: does Azure refuse batches, or some resource?


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One query of any number of resources of one type and ``region``."""

    resource_ids: Sequence[str]
    region: str
    query: MetricQuery
    window: Window


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a request: resources of one subscription, as many as one HTTP request may hold."""

    resource_ids: Sequence[str]
    subscription: str
    request: MetricRequest
    deadline: Deadline

    def of(self, resource_ids: Sequence[str]) -> _Part:
        return replace(self, resource_ids=resource_ids)

    @property
    def halves(self) -> tuple[_Part, ...]:
        """Empty for a single resource."""
        half = len(self.resource_ids) // 2
        return (self.of(self.resource_ids[:half]), self.of(self.resource_ids[half:])) if half else ()

    def failed(self, error: AzureError) -> Answers:
        return {resource_id.lower(): error for resource_id in self.resource_ids}


class DeadlineReached(Unavailable):
    """The request was not sent because its deadline had passed."""


class MetricAccess:
    """Give it clients without retries of their own: it retries itself. Safe to share between threads."""

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
        self._sleep = sleep
        self._refusals = BatchRefusals(monotonic)

    @property
    def one_by_one(self) -> Mapping[str, str]:
        """Subscriptions, or single regions of them, where Azure refuses batches, with the reason."""
        return self._refusals.places

    def query(
        self, resource_ids: Sequence[str], region: str, query: MetricQuery, window: Window, deadline: Deadline
    ) -> Answers:
        """The answer or error of each resource, by its id in lower case.

        Never raises for what Azure answers; what was not sent before the deadline is DeadlineReached.
        """
        return self.query_all([MetricRequest(resource_ids, region, query, window)], deadline)[0]

    def query_all(self, requests: Sequence[MetricRequest], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        """As ``query``, for several requests, with up to ``at_a_time`` HTTP requests at once."""
        answers: list[Answers] = [{} for _ in requests]
        parts = [
            (answers[number], part)
            for number, request in enumerate(requests)
            for subscription, ids in _by_subscription(request.resource_ids).items()
            for part in self._parts(_Part(ids, subscription, request, deadline))
        ]

        def send(found: Answers, part: tuple[_Part, bool]) -> None:
            found.update(self._query_batch(part[0]) if part[1] else self._query_each(part[0]))

        if at_a_time == 1 or len(parts) < 2:
            for found, part in parts:
                send(found, part)
        else:
            with ThreadPoolExecutor(min(at_a_time, len(parts))) as pool:
                for future in [pool.submit(copy_context().run, send, found, part) for found, part in parts]:
                    future.result()
        return answers

    def _parts(self, whole: _Part) -> Iterator[tuple[_Part, bool]]:
        """Batches (True) or single resources, to send at the same time."""
        for start in range(0, len(whole.resource_ids), MAX_RESOURCES):
            ids = whole.resource_ids[start : start + MAX_RESOURCES]
            place = whole.subscription, whole.request.region
            if self._mode == "batch" or (self._mode == "auto" and self._refusals.is_batch_worth_a_try(*place)):
                yield whole.of(ids), True
            else:
                yield from ((whole.of([resource_id]), False) for resource_id in ids)

    def _query_batch(self, part: _Part) -> Answers:
        try:
            answers = self._send_batch(part)
        except (BadRequest, NotFound) as error:
            return self._find_refused(part, error)
        except AzureError as error:
            if self._mode == "auto" and _is_batch_refused(error):
                self._refusals.note(error, part.subscription)
                return self._query_each(part)
            return part.failed(error)
        self._refusals.note_success(part.subscription, part.request.region)
        return answers

    def _find_refused(self, part: _Part, error: AzureError) -> Answers:
        """Find by halving the resource that spoils the request: one that is gone, or is in another region.

        Where Azure refuses both halves and a sample of single resources, it refuses batches there.
        """
        if self._refusals.holds(part.subscription, part.request.region):
            return self._query_each(part)  # another part found that out already
        answered = [self._send_half(half) for half in part.halves]
        if not any(answered):
            step = -(-len(part.resource_ids) // SAMPLE_SIZE)
            sample = part.resource_ids[::step] if part.halves else ()
            if not any(self._send_half(part.of([resource_id])) for resource_id in sample):
                return self._query_without_batch(part, error)
        found: Answers = {}
        for half, answers in zip(part.halves, answered, strict=True):
            found |= answers or self._halve(half, error)
        return found

    def _send_half(self, part: _Part) -> Answers | None:
        """None: Azure refused the request as a whole."""
        try:
            return self._send_batch(part)
        except (BadRequest, NotFound):
            return None
        except AzureError as error:
            return part.failed(error)

    def _halve(self, part: _Part, error: AzureError) -> Answers:
        """Azure refused ``part`` as a whole."""
        found: Answers = {} if part.halves else part.failed(error)
        for half in part.halves:
            found |= self._send_half(half) or self._halve(half, error)
        return found

    def _query_without_batch(self, part: _Part, error: AzureError) -> Answers:
        """If single reads then work, the region takes no batches."""
        if self._mode != "auto":
            return part.failed(error)
        found = self._query_each(part)
        if any(isinstance(answer, MetricAnswer) for answer in found.values()):
            self._refusals.note(error, part.subscription, part.request.region)
        return found

    def _query_each(self, part: _Part) -> Answers:
        answers: Answers = {}
        for resource_id in part.resource_ids:
            send = partial(self._metrics.query_resource, resource_id, part.request.query, part.request.window)
            try:
                answers[resource_id.lower()] = self._send_with_retries(part, send)
            except AzureError as error:
                answers[resource_id.lower()] = error
        return answers

    def _send_batch(self, part: _Part) -> Answers:
        ids, request = part.resource_ids, part.request
        send = partial(self._batch.query_batch, ids, request.region, request.query, request.window)
        return self._send_with_retries(part, send)

    def _send_with_retries(self, part: _Part, send: Callable[[], T]) -> T:
        """Send, and repeat while that may help and the deadline allows it."""
        attempt = 1
        while True:
            if part.deadline.is_over:
                raise DeadlineReached(f"subscription {part.subscription}", "the deadline of this scan has passed")
            self._throttle.wait(part.subscription, part.deadline)
            try:
                with within(part.deadline):
                    answer = send()
            except Throttled as error:
                self._throttle.refused(part.subscription, error)
                if attempt == ATTEMPTS:
                    raise
            except Unavailable:
                wait_seconds = float(attempt)
                if attempt == ATTEMPTS or wait_seconds > part.deadline.seconds_left:
                    raise
                self._sleep(wait_seconds)
            else:
                self._throttle.accepted(part.subscription)
                return answer
            self._count.note_repeat()
            attempt += 1


def _is_batch_refused(error: AzureError) -> bool:
    """The identity lacks the role for batches, or their host is unreachable: single requests may still work."""
    if isinstance(error, Forbidden):
        return not isinstance(error, NotRegistered)
    return isinstance(error, Unavailable) and error.status == 0 and not isinstance(error, DeadlineReached)


def _by_subscription(resource_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for resource_id in resource_ids:
        found.setdefault(ArmId(resource_id).subscription.lower(), []).append(resource_id)
    return found
