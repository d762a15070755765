"""Batches that leave out points in silence: asked again where that can't be true, and not where it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.errors import AzureError, NotSent, Throttled
from shared.cloud.metric_access import MetricAccess, Mode
from shared.cloud.metric_queries import ALLOCATED_SNAT_PORTS, SNAT_CONNECTIONS, MetricQuery
from shared.cloud.metric_request import MetricRequest
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.request_count import RequestCount
from shared.flows.monitoring.group_queries import unmeasured
from shared.model.metric import MetricAnswer, Window
from shared.model.reading import Cause
from tests.support.builders import by_state, window
from tests.support.every import every

pytestmark = pytest.mark.disable_socket
BUSY = by_state(Successful=dict.fromkeys(range(5), 9))
NOTHING = MetricAnswer(())


def balancers(count: int) -> list[str]:
    group = "/subscriptions/s1/resourceGroups/MC"
    return [f"{group}{number}/providers/Microsoft.Network/loadBalancers/kubernetes" for number in range(count)]


class LyingAzure:
    """Answers single requests with what is true; batches as ``lie`` says."""

    def __init__(self, mode: Mode = "auto") -> None:
        self.truth: Callable[[str, MetricQuery], MetricAnswer | AzureError] = lambda resource_id, query: BUSY
        self.lie: Callable[[Sequence[str], dict[str, Any]], None] = lambda ids, answers: None
        self.batches: list[int] = []
        self.singles = 0
        self.now = 0.0
        self.access = MetricAccess(
            cast(Metrics, self),
            cast(BatchMetrics, self),
            mode,
            RequestCount(),
            monotonic=lambda: self.now,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def query_batch(self, ids: Sequence[str], region: str, query: MetricQuery, asked: Window) -> dict[str, Any]:
        self.batches.append(len(ids))
        answers = {resource_id.lower(): self.truth(resource_id, query) for resource_id in ids}
        self.lie(ids, answers)
        return answers

    def query(self, resource_id: str, query: MetricQuery, asked: Window) -> MetricAnswer:
        self.singles += 1
        answer = self.truth(resource_id, query)
        if isinstance(answer, AzureError):
            raise answer
        return answer

    def scan(self, ids: Sequence[str], query: MetricQuery = SNAT_CONNECTIONS) -> dict[str, MetricAnswer | AzureError]:
        self.batches, self.singles = [], 0
        request = MetricRequest(ids, "West Europe", query, window())
        return self.access.query_all([request], Deadline(50, lambda: self.now))[0]

    def empty_above(self, most: int) -> None:
        def lie(ids: Sequence[str], answers: dict[str, Any]) -> None:
            if len(ids) > most:
                answers.update(dict.fromkeys(answers, NOTHING))

        self.lie = lie


@pytest.mark.parametrize("most", [40, 12, 3])
def test_a_batch_without_any_point_is_asked_again_in_smaller_ones_that_are_remembered(most: int) -> None:
    azure, ids = LyingAzure(), balancers(50)
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    azure.empty_above(most)
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    size = next(step for step in (25, 10, 1) if step <= most)
    assert azure.access.one_by_one["s1 (westeurope)"].startswith("subscription s1 (westeurope): batches of")
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    assert azure.batches == ([size] * (50 // size) if size > 1 else [])
    assert azure.singles == (0 if size > 1 else 50)
    azure.lie = lambda ids, answers: None
    azure.now += 3601
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    assert (azure.batches, azure.access.one_by_one) == ([50], {})


def test_what_more_requests_than_a_look_may_send_would_need_is_not_measured_and_its_turn_comes() -> None:
    azure, ids = LyingAzure(), balancers(250)
    azure.scan(ids)
    azure.empty_above(1)
    azure.scan(ids)
    measured: set[str] = set()
    for _ in range(3):
        answers = azure.scan(ids)
        assert len(answers) == 250
        assert azure.singles == 100
        measured |= {key for key, answer in answers.items() if answer == BUSY}
        ((left, *_),) = [[answer for answer in answers.values() if isinstance(answer, AzureError)]]
        assert isinstance(left, NotSent)
        reason = unmeasured(left)
        assert reason.cause is Cause.NOT_REACHED
        assert "batches leave out points" in reason.reason
    assert len(measured) == 250


def test_repeats_in_one_scan_are_bounded() -> None:
    azure, ids = LyingAzure(), balancers(500)
    azure.scan(ids)
    azure.empty_above(1)
    answers = azure.scan(ids)
    assert azure.singles + len(azure.batches) <= 10 + 100
    assert every(answer == BUSY or isinstance(answer, NotSent) for answer in answers.values())


def test_a_fleet_that_fell_silent_costs_a_few_requests_and_is_believed() -> None:
    azure, ids = LyingAzure(), balancers(100)
    azure.scan(ids)
    azure.truth = lambda resource_id, query: NOTHING
    assert every(answer == NOTHING for answer in azure.scan(ids).values())
    assert (azure.batches, azure.singles) == ([50, 50], 8)
    assert every(answer == NOTHING for answer in azure.scan(ids).values())
    assert (azure.batches, azure.singles, azure.access.one_by_one) == ([50, 50], 0, {})


def test_among_the_idle_those_with_the_latest_traffic_are_asked_alone() -> None:
    azure, ids = LyingAzure(), balancers(50)
    azure.truth = lambda resource_id, query: BUSY if resource_id == ids[40] else NOTHING
    azure.scan(ids)
    azure.empty_above(25)
    assert azure.scan(ids)[ids[40].lower()] == BUSY
    assert (azure.batches, azure.singles) == ([50, 25, 21], 3 * 4)


def test_a_silence_that_nobody_could_check_is_not_measured() -> None:
    azure, ids = LyingAzure(), balancers(10)
    azure.scan(ids)
    azure.empty_above(0)
    azure.truth = lambda resource_id, query: Throttled("metric", "slow", retry_after_seconds=99.0)
    assert every(isinstance(answer, Throttled) for answer in azure.scan(ids).values())


def test_one_answer_that_is_missing_among_others_is_asked_for_again_once() -> None:
    azure, ids = LyingAzure(), balancers(50)
    azure.scan(ids)
    azure.lie = lambda asked, answers: answers.update({ids[7].lower(): NOTHING}) if len(asked) > 25 else None
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    assert azure.batches == [50, 1]
    assert "s1 (westeurope)" in azure.access.one_by_one


def test_one_cluster_that_fell_silent_is_asked_once_more_and_blames_nobody() -> None:
    azure, ids = LyingAzure(), balancers(50)
    azure.scan(ids)
    azure.truth = lambda resource_id, query: NOTHING if resource_id == ids[7] else BUSY
    for batches in ([50, 1], [50]):
        assert azure.scan(ids)[ids[7].lower()] == NOTHING
        assert azure.batches == batches
    assert azure.access.one_by_one == {}


def test_without_anything_seen_within_the_hour_an_empty_answer_among_others_is_an_answer() -> None:
    azure, ids = LyingAzure(), balancers(50)
    azure.truth = lambda resource_id, query: NOTHING if resource_id == ids[7] else BUSY
    azure.scan(ids)
    assert (azure.batches, azure.singles) == ([50], 0)
    azure.truth = lambda resource_id, query: BUSY
    azure.scan(ids)
    azure.now += 3601
    azure.truth = lambda resource_id, query: NOTHING if resource_id == ids[7] else BUSY
    azure.scan(ids)
    assert (azure.batches, azure.singles) == ([50], 0)


def test_where_batches_never_had_a_point_the_first_scan_finds_out() -> None:
    azure, ids = LyingAzure(), balancers(50)
    azure.empty_above(25)
    assert every(answer == BUSY for answer in azure.scan(ids).values())
    assert azure.singles == 4
    azure.truth = lambda resource_id, query: NOTHING
    others = [resource_id.replace("/s1/", "/s2/") for resource_id in ids]
    for singles in (4, 0):
        azure.scan(others)
        assert (azure.batches, azure.singles) == ([50], singles)


def test_silence_is_doubted_once_an_hour() -> None:
    azure, ids = LyingAzure(), balancers(3)
    azure.truth = lambda resource_id, query: BUSY if query == ALLOCATED_SNAT_PORTS else NOTHING
    singles = []
    for minute in range(121):
        azure.now = 60.0 * minute
        azure.scan(ids)
        singles.append(azure.singles)
        azure.scan(ids, ALLOCATED_SNAT_PORTS)
    assert sum(singles) == 3 * 3
    assert singles[0] == singles[60] == 3


def test_single_requests_are_not_doubted() -> None:
    azure, ids = LyingAzure("arm"), balancers(3)
    azure.scan(ids)
    azure.truth = lambda resource_id, query: NOTHING
    azure.scan(ids)
    assert (azure.batches, azure.singles) == ([], 3)


def test_both_ways_are_asked_about_the_first_and_prove_nothing_where_one_fails() -> None:
    azure, ids = LyingAzure(), balancers(3)
    azure.lie = lambda asked, answers: answers.update(dict.fromkeys(answers, NOTHING))
    request = MetricRequest(ids, "westeurope", SNAT_CONNECTIONS, window())
    deadline = Deadline(50, lambda: azure.now)
    assert azure.access.query_both_ways(request, deadline) == (NOTHING, BUSY)
    assert (azure.batches, azure.singles) == ([3], 1)
    azure.truth = lambda resource_id, query: Throttled("metric", "slow", retry_after_seconds=1.0)
    assert azure.access.query_both_ways(request, deadline) is None
