"""Query one metric of many resources, in as few requests as the identity's roles allow.

``batch`` sends one request for up to 50 resources and needs Monitoring Reader at the subscription itself; ``arm`` sends
one request for each resource and needs the role on the resource only (Azure docs: migrate-to-batch-api). ``auto`` tries
batches in each subscription; if Azure rejects them, or their host is unreachable, it reads one by one, logs that once,
and tries again after an hour. The same applies to a single region that rejects batches.

Smaller batches repeat an empty answer that is implausible (``metric_doubts``).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from ..model.metric import MetricAnswer
from ..model.text import Text
from .batch_limits import STEPS, BatchLimits, is_refusal, smaller, split
from .deadline import Deadline
from .errors import AzureError, BadRequest, NotFound, NotSent
from .metric_doubts import MetricDoubts, has_values, is_empty
from .metric_queries import MetricQuery
from .metric_request import Answers, MetricRequest, Part, by_subscription
from .metrics import Metrics
from .metrics_batch import BatchMetrics
from .request_count import RequestCount, side_by_side
from .throttle import Throttle

Mode = Literal["auto", "batch", "arm"]
MOST_REQUESTS = 100  # for one query in one region with smaller batches
SAMPLE_SIZE = 4  # single requests after a rejected or an empty batch, to find the cause
_USED_UP = Text(
    "its turn did not come in this scan: batches leave out points there, and one request for each few resources is "
    "more than a scan may send"
)


class MetricAccess:
    """Its clients must not retry: this class does. Safe to share between threads."""

    def __init__(
        self,
        metrics: Metrics,
        batch: BatchMetrics,
        mode: Mode,
        count: RequestCount,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._metrics = metrics
        self._batch = batch
        self._mode = mode
        self._count = count
        self._throttle = Throttle(monotonic=monotonic, sleep=sleep)
        self._limits = BatchLimits(monotonic)
        self._doubts = MetricDoubts(monotonic)
        self._turns: Counter[tuple[str, MetricQuery]] = Counter()

    @property
    def one_by_one(self) -> Mapping[str, Text]:
        """Subscriptions, or their regions, where batches are rejected or smaller, with the reason."""
        return self._limits.problems

    def query_all(self, requests: Sequence[MetricRequest], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        """The answer or error of each resource of each request, with up to ``at_a_time`` HTTP requests at once.

        Never raises AzureError; what was not sent before the deadline is NotSent.
        """
        answers: list[Answers] = [{} for _ in requests]
        parts = [
            (number, part)
            for number, request in enumerate(requests)
            for whole in by_subscription(request, deadline)
            for part in self._parts(whole, answers[number])
        ]

        def send(numbered: tuple[int, Part]) -> tuple[int, Answers]:
            number, part = numbered
            return number, self._query_doubting(part) if part.is_batch else self._query_each(part)

        for number, found in side_by_side(send, parts, at_a_time):
            answers[number] |= found
        return answers

    @property
    def uses_batches(self) -> bool:
        return self._mode != "arm"

    def had_traffic(self, load_balancer_id: str) -> bool:
        return self._doubts.had_traffic(load_balancer_id)

    def query_both_ways(self, request: MetricRequest, deadline: Deadline) -> tuple[MetricAnswer, MetricAnswer] | None:
        """The first resource's answers from a batch and from a single request. None unless both succeed."""
        whole = by_subscription(request, deadline)[0]
        if self._limits.is_refused(whole):
            return None
        part = whole.of(
            next(split(whole.resource_ids, request.series, max(STEPS[-2], self._limits.size(whole.region_key))))
        )
        try:
            in_batch, *_ = self._send_batch(part).values()
        except AzureError:
            return None
        (alone,) = self._query_each(part.of(part.resource_ids[:1])).values()
        if isinstance(in_batch, AzureError) or isinstance(alone, AzureError):
            return None
        return in_batch, alone

    def distrust(self, region_key: str) -> None:
        """Make the region's batches smaller for an hour."""
        self._limits.reduce(region_key, smaller(self._limits.size(region_key)))

    def trust(self, region_key: str) -> None:
        """Send full batches to the region again."""
        self._limits.restore(region_key)

    def _parts(self, whole: Part, answers: Answers) -> Iterator[Part]:
        """Batches or single resources, to send concurrently. ``answers`` gets those that exceed the limit."""
        size = self._limits.size(whole.region_key)
        chunks = list(split(whole.resource_ids, whole.request.series, size))
        if size < STEPS[0] and len(chunks) > MOST_REQUESTS:
            key = whole.region_key, whole.request.query
            first = self._turns[key] * MOST_REQUESTS % len(chunks)  # the next scans start at other resources
            self._turns[key] += 1
            chunks = [*chunks[first:], *chunks[:first]]
            for ids in chunks[MOST_REQUESTS:]:
                answers.update(whole.of(ids).failed(NotSent(whole.region_key, _USED_UP)))
        for ids in chunks[:MOST_REQUESTS] if size < STEPS[0] else chunks:
            is_tried = self._mode == "batch" or (self._mode == "auto" and self._limits.is_worth_a_try(whole))
            if is_tried and size > 1:
                yield replace(whole.of(ids), is_batch=True)
            else:
                yield from (whole.of([resource_id]) for resource_id in ids)

    def _query_doubting(self, part: Part) -> Answers:
        query, answers = part.request.query, self._query_batch(part)
        doubtful = self._doubts.about(query, answers)
        if doubtful and not self._limits.is_refused(part):
            spelled = {resource_id.lower(): resource_id for resource_id in part.resource_ids}
            asked = part.of([spelled[key] for key in doubtful])
            answers |= self._ask_again(asked, len(answers), not any(map(has_values, answers.values())))
            self._doubts.believe(query, (key for key in doubtful if is_empty(answers[key])))
        self._doubts.note(query, answers)
        return answers

    def _ask_again(self, part: Part, size: int, is_blank: bool) -> Answers:
        """Repeat for resources with an empty answer in a batch of ``size``; ``is_blank``: the whole batch was empty.

        A blank batch counts if a few single requests are empty too. Otherwise smaller batches are sent, and blank ones
        among them are treated in the same way; the region's batches stay that small.
        """
        found: Answers = {}
        if is_blank:
            for resource_id in part.resource_ids[:SAMPLE_SIZE]:
                found |= self._ask_if_affordable(part.of([resource_id]), 1)
            if not any(map(has_values, found.values())):
                errors = [answer for answer in found.values() if isinstance(answer, AzureError)]
                return part.failed(errors[0]) if errors else found
            part = part.of(part.resource_ids[SAMPLE_SIZE:])
            self._limits.reduce(part.region_key, smaller(size))
        size = min(smaller(size), self._limits.size(part.region_key))
        for ids in split(part.resource_ids, part.request.series, size):
            answers = self._ask_if_affordable(part.of(ids), size)
            if any(map(has_values, answers.values())):
                self._limits.reduce(part.region_key, size)
            elif is_blank and any(map(is_empty, answers.values())) and size > 1:
                answers |= self._ask_again(part.of(ids), size, is_blank)
            found |= answers
        return found

    def _ask_if_affordable(self, part: Part, size: int) -> Answers:
        if next(part.repeats) >= MOST_REQUESTS:
            return part.failed(NotSent(part.region_key, _USED_UP))
        return self._query_batch(part) if size > 1 else self._query_each(part)

    def _query_batch(self, part: Part) -> Answers:
        try:
            answers = self._send_batch(part)
        except (BadRequest, NotFound) as error:
            if self._limits.is_refused(part):
                return self._query_each(part)  # another part found that batches are rejected there
            found = self._query_halves(part, error)
            if found is None and self._mode == "auto":
                found = self._query_each(part)
                if any(isinstance(answer, MetricAnswer) for answer in found.values()):
                    self._limits.note_refusal(part.region_key, error)  # the region rejects batches
            return part.failed(error) if found is None else found
        except AzureError as error:
            if self._mode == "auto" and is_refusal(error):
                self._limits.note_refusal(part.subscription, error)
                return self._query_each(part)
            return part.failed(error)
        self._limits.note_success(part)
        return answers

    def _query_halves(self, part: Part, error: AzureError) -> Answers | None:
        """Find the resources that make a batch fail: they are deleted, or in another region.

        None if Azure rejects a single resource, or both halves and a sample of single resources.
        """
        if not part.halves:
            return None
        found: Answers = {}
        refused = [part]
        while refused:
            spoiled = refused.pop(0)
            if not spoiled.halves:
                found |= spoiled.failed(error)
            for half in spoiled.halves:
                answers = self._send_or_none(half)
                if answers is None:
                    refused.append(half)
                found |= answers or {}
            if spoiled is part and not found and not self._answers_single(part):
                return None
        return found

    def _answers_single(self, part: Part) -> bool:
        step = -(-len(part.resource_ids) // SAMPLE_SIZE)
        return any(self._send_or_none(part.of([resource_id])) for resource_id in part.resource_ids[::step])

    def _send_or_none(self, part: Part) -> Answers | None:
        """None: Azure rejected the request as a whole."""
        try:
            return self._send_batch(part)
        except (BadRequest, NotFound):
            return None
        except AzureError as error:
            return part.failed(error)

    def _query_each(self, part: Part) -> Answers:
        answers: Answers = {}
        for resource_id in part.resource_ids:
            send = partial(self._metrics.query, resource_id, part.request.query, part.request.window)
            try:
                answers[resource_id.lower()] = self._throttle.send(part.subscription, part.deadline, self._count, send)
            except AzureError as error:
                answers[resource_id.lower()] = error
        return answers

    def _send_batch(self, part: Part) -> Answers:
        ids, request = part.resource_ids, part.request
        send = partial(self._batch.query_batch, ids, request.region, request.query, request.window)
        return self._throttle.send(part.subscription, part.deadline, self._count, send)
