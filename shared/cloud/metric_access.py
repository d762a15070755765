"""Query one metric of many resources, in as few requests as the identity's roles allow.

``batch`` sends one request for up to 50 resources and needs Monitoring Reader at the subscription itself; ``arm`` sends
one request for each and needs the role on the resource only (Azure docs: migrate-to-batch-api). ``auto`` tries batches
in each subscription; where Azure refuses them, or their host can't be reached, it reads one by one, logs that once, and
tries again after an hour. So it does for a single region that takes no batches.

An empty answer is asked for again in smaller batches where it can't be true (``metric_doubts``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Literal

from ..model.metric import MetricAnswer
from .batch_limits import STEPS, BatchLimits, is_refusal, smaller, split
from .deadline import Deadline
from .errors import AzureError, BadRequest, NotFound, NotSent
from .metric_doubts import MetricDoubts, has_values, is_empty
from .metric_queries import MetricQuery
from .metric_request import Answers, MetricRequest, Part, by_subscription
from .metrics import Metrics
from .metrics_batch import BatchMetrics
from .request_count import RequestCount
from .throttle import Throttle

Mode = Literal["auto", "batch", "arm"]
MOST_REQUESTS = 100  # about one query in one region, where batches are smaller than usual
SAMPLE_SIZE = 4  # single resources queried after a refused or an empty batch: is it the batch, or the resources?
_USED_UP = (
    "its turn did not come in this scan: batches leave out points there, and one request for each few resources is "
    "more than a scan may send"
)


class MetricAccess:
    """Give it clients without retries of their own: it retries itself. Safe to share between threads."""

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
    def one_by_one(self) -> Mapping[str, str]:
        """Subscriptions, or single regions of them, where batches are refused or smaller, and why."""
        return self._limits.problems

    def query_all(self, requests: Sequence[MetricRequest], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        """The answer or error of each resource of each request, with up to ``at_a_time`` HTTP requests at once.

        Never raises for what Azure answers; what was not sent before the deadline is NotSent.
        """
        answers: list[Answers] = [{} for _ in requests]
        parts = [
            (answers[number], part)
            for number, request in enumerate(requests)
            for whole in by_subscription(request, deadline)
            for part in self._parts(whole, answers[number])
        ]

        def send(found: Answers, part: Part) -> None:
            found.update(self._query_doubting(part) if part.is_batch else self._query_each(part))

        if at_a_time == 1 or len(parts) < 2:
            for found, part in parts:
                send(found, part)
        else:
            with ThreadPoolExecutor(min(at_a_time, len(parts))) as pool:
                for future in [pool.submit(copy_context().run, send, found, part) for found, part in parts]:
                    future.result()
        return answers

    @property
    def uses_batches(self) -> bool:
        return self._mode != "arm"

    def had_traffic(self, load_balancer_id: str) -> bool:
        return self._doubts.had_traffic(load_balancer_id)

    def query_both_ways(self, request: MetricRequest, deadline: Deadline) -> tuple[MetricAnswer, MetricAnswer] | None:
        """What a batch and a single request say of the first resource. None where not both answer, or none is asked."""
        whole = by_subscription(request, deadline)[0]
        if self._limits.is_refused(whole):
            return None
        part = whole.of(next(split(whole.resource_ids, request.series, max(STEPS[-2], self._limits.size(whole.place)))))
        try:
            in_batch, *_ = self._send_batch(part).values()
        except AzureError:
            return None
        (alone,) = self._query_each(part.of(part.resource_ids[:1])).values()
        if isinstance(in_batch, AzureError) or isinstance(alone, AzureError):
            return None
        return in_batch, alone

    def distrust(self, place: str) -> None:
        """Make batches smaller there, for an hour."""
        self._limits.reduce(place, smaller(self._limits.size(place)))

    def trust(self, place: str) -> None:
        """Send full batches there again."""
        self._limits.restore(place)

    def _parts(self, whole: Part, answers: Answers) -> Iterator[Part]:
        """Batches or single resources, to send at the same time. ``answers`` gets those that are too many to ask."""
        size = self._limits.size(whole.place)
        chunks = list(split(whole.resource_ids, whole.request.series, size))
        if size < STEPS[0] and len(chunks) > MOST_REQUESTS:
            key = whole.place, whole.request.query
            first = self._turns[key] * MOST_REQUESTS % len(chunks)  # the others' turn comes with the next scans
            self._turns[key] += 1
            chunks = [*chunks[first:], *chunks[:first]]
            for ids in chunks[MOST_REQUESTS:]:
                answers.update(whole.of(ids).failed(NotSent(whole.place, _USED_UP)))
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
        """About resources whose answer in a batch of ``size`` was empty; ``is_blank``: so was the whole batch.

        A blank one is believed when a few single requests say the same. If they don't, smaller batches are asked, blank
        ones among them likewise; the region's batches stay that small.
        """
        found: Answers = {}
        if is_blank:
            for resource_id in part.resource_ids[:SAMPLE_SIZE]:
                found |= self._ask_if_affordable(part.of([resource_id]), 1)
            if not any(map(has_values, found.values())):
                errors = [answer for answer in found.values() if isinstance(answer, AzureError)]
                return part.failed(errors[0]) if errors else found
            part = part.of(part.resource_ids[SAMPLE_SIZE:])
            self._limits.reduce(part.place, smaller(size))
        size = min(smaller(size), self._limits.size(part.place))
        for ids in split(part.resource_ids, part.request.series, size):
            answers = self._ask_if_affordable(part.of(ids), size)
            if any(map(has_values, answers.values())):
                self._limits.reduce(part.place, size)
            elif is_blank and any(map(is_empty, answers.values())) and size > 1:
                answers |= self._ask_again(part.of(ids), size, is_blank)
            found |= answers
        return found

    def _ask_if_affordable(self, part: Part, size: int) -> Answers:
        if next(part.repeats) >= MOST_REQUESTS:
            return part.failed(NotSent(part.place, _USED_UP))
        return self._query_batch(part) if size > 1 else self._query_each(part)

    def _query_batch(self, part: Part) -> Answers:
        try:
            answers = self._send_batch(part)
        except (BadRequest, NotFound) as error:
            if self._limits.is_refused(part):
                return self._query_each(part)  # another part found out already that batches are refused there
            found = self._query_halves(part, error)
            if found is None and self._mode == "auto":
                found = self._query_each(part)
                if any(isinstance(answer, MetricAnswer) for answer in found.values()):
                    self._limits.note_refusal(part.place, error)  # the region takes no batches
            return part.failed(error) if found is None else found
        except AzureError as error:
            if self._mode == "auto" and is_refusal(error):
                self._limits.note_refusal(part.subscription, error)
                return self._query_each(part)
            return part.failed(error)
        self._limits.note_success(part)
        return answers

    def _query_halves(self, part: Part, error: AzureError) -> Answers | None:
        """Find the resources that spoil a batch: they are gone, or in another region.

        None where Azure refuses a single one, or both halves and a sample of single resources too.
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
        """None: Azure refused the request as a whole."""
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
