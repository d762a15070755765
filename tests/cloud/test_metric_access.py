"""Many resources, few requests: modes, patience shared by subscription, and one bad resource among fifty."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from shared.cloud import metric_queries
from shared.cloud.deadline import Deadline
from shared.cloud.errors import (
    AzureError,
    BadRequest,
    Forbidden,
    MetricUnavailable,
    NotFound,
    NotRegistered,
    NotSent,
    SignInFailed,
    Throttled,
    Unavailable,
)
from shared.cloud.metric_access import MetricAccess, Mode
from shared.cloud.metric_request import MetricRequest
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.request_count import RequestCount
from shared.cloud.throttle import Throttle
from shared.flows.monitoring.group_queries import unmeasured
from shared.model.metric import MetricAnswer, Window
from tests.support.builders import window

GOOD = MetricAnswer(())
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Trouble = Callable[[Sequence[str]], AzureError | None]


def balancer(number: int, subscription: str = "s1") -> str:
    return f"/subscriptions/{subscription}/resourceGroups/mc/providers/Microsoft.Network/loadBalancers/lb{number}"


class Clock:
    """Sleeping lets time pass at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class World:
    """Both ways to ask. ``trouble`` says what a request raises; per resource in ``sick``."""

    def __init__(self, mode: Mode = "auto", trouble: Trouble = lambda ids: None) -> None:
        self.clock = Clock()
        self.trouble = trouble
        self.sick: dict[str, AzureError] = {}
        self.batches: list[list[str]] = []
        self.singles: list[str] = []
        self.count = RequestCount()
        self.access = MetricAccess(
            cast(Metrics, self),
            cast(BatchMetrics, self),
            mode,
            self.count,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )

    def query_batch(self, ids: Sequence[str], region: str, question: Any, asked: Window) -> dict[str, Any]:
        self.batches.append(list(ids))
        self.region = region
        if (error := self.trouble(ids)) is not None:
            raise error
        return {one.lower(): self.sick.get(one, GOOD) for one in ids}

    def query(self, resource_id: str, question: Any, asked: Window) -> MetricAnswer:
        self.singles.append(resource_id)
        if resource_id in self.sick:
            raise self.sick[resource_id]
        return GOOD

    def read(self, *ids: str, seconds: float = 50) -> dict[str, MetricAnswer | AzureError]:
        deadline = Deadline(seconds, self.clock.monotonic)
        return self.access.query_all(
            [MetricRequest(ids, "westeurope", metric_queries.SNAT_CONNECTIONS, window())], deadline
        )[0]


def test_fifty_resources_go_into_a_request_and_subscriptions_are_apart() -> None:
    world = World("batch")
    answers = world.read(*(balancer(number) for number in range(120)), balancer(1, "s2"))
    assert sorted(len(batch) for batch in world.batches) == [1, 20, 50, 50]
    assert len(answers) == 121
    assert set(answers.values()) == {GOOD}


def test_one_by_one_asks_one_by_one() -> None:
    world = World("arm")
    assert len(world.read(balancer(1), balancer(2))) == 2
    assert (world.batches, len(world.singles)) == ([], 2)


@pytest.mark.parametrize(
    "error",
    [
        Forbidden("batch", "no role", status=401),
        SignInFailed("batch", "no token for this audience"),
        Unavailable("batch", "no connection"),
    ],
)
def test_where_batches_are_refused_it_goes_on_one_by_one_says_it_once_and_tries_again_after_an_hour(
    error: AzureError, caplog: pytest.LogCaptureFixture
) -> None:
    world = World("auto", lambda ids: error)
    assert world.read(balancer(1), balancer(2)) == {balancer(1).lower(): GOOD, balancer(2).lower(): GOOD}
    tried = len(world.batches)
    for _ in range(5):
        world.read(balancer(1))
    assert len(world.batches) == tried
    assert list(world.access.one_by_one) == ["s1"]
    assert caplog.text.count("read one by one") == 1
    world.clock.now += 3601
    world.trouble = lambda ids: None
    world.read(balancer(1))
    assert len(world.batches) == tried + 1
    assert list(world.access.one_by_one) == []


def test_one_subscription_without_the_role_leaves_the_others_batched() -> None:
    world = World("auto", lambda ids: Forbidden("batch", "no", status=401) if "/s2/" in ids[0] else None)
    world.read(balancer(1), balancer(1, "s2"))
    world.read(balancer(1), balancer(1, "s2"))
    assert tuple(world.access.one_by_one) == ("s2",)
    assert "subscription s2: batch: 401: no" in world.access.one_by_one["s2"]
    assert world.singles == [balancer(1, "s2")] * 2


def test_a_provider_that_is_not_registered_is_told_and_nothing_else_is_tried() -> None:
    error = NotRegistered("batch", "not registered")
    world = World("auto", lambda ids: error)
    assert world.read(balancer(1)) == {balancer(1).lower(): error}
    assert world.singles == []


def test_batch_mode_never_falls_back() -> None:
    error = Forbidden("batch", "no", status=401)
    world = World("batch", lambda ids: error)
    assert world.read(balancer(1)) == {balancer(1).lower(): error}


@pytest.mark.parametrize("kind", [NotFound, lambda *args: NotFound(*args, status=404)])
def test_a_resource_that_vanished_is_found_among_fifty_and_spoils_nothing(kind: Callable[..., AzureError]) -> None:
    gone = balancer(17)
    world = World("batch", lambda ids: kind("batch", "gone") if gone in ids else None)
    answers = world.read(*(balancer(number) for number in range(50)))
    assert isinstance(answers[gone.lower()], NotFound)
    assert sum(answer == GOOD for answer in answers.values()) == 49
    assert len(world.batches) <= 13


@pytest.mark.parametrize(
    "error", [BadRequest("batch", "The region is not supported", status=400), NotFound("batch", "no route", status=404)]
)
def test_a_region_that_takes_no_batches_is_asked_one_by_one_from_then_on(
    error: AzureError, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [balancer(number) for number in range(50)]
    world = World("auto", lambda ids: error)
    assert set(world.read(*ids).values()) == {GOOD}
    assert len(world.batches) <= 7
    tried = len(world.batches)
    assert set(world.read(*ids).values()) == {GOOD}
    assert len(world.batches) == tried, "an hour long nobody tries again"
    assert tuple(world.access.one_by_one) == ("s1 (westeurope)",)
    assert caplog.text.count("read one by one") == 1
    world.clock.now += 3601
    world.trouble = lambda ids: None
    world.read(*ids)
    assert (len(world.batches), len(world.access.one_by_one)) == (tried + 1, 0)


def test_a_region_that_takes_no_batches_leaves_the_others_batched() -> None:
    world = World("auto", lambda ids: BadRequest("batch", "no", status=400) if world.region == "far" else None)
    deadline = Deadline(50, world.clock.monotonic)
    for region in ("far", "near", "far", "near"):
        world.access.query_all(
            [MetricRequest([balancer(1)], region, metric_queries.SNAT_CONNECTIONS, window())], deadline
        )
    assert (len(world.batches), len(world.singles)) == (3, 2)


def test_several_that_vanished_at_once_do_not_end_batches() -> None:
    gone = {balancer(3), balancer(30)}
    world = World("auto", lambda ids: NotFound("batch", "gone", status=404) if gone & set(ids) else None)
    answers = world.read(*(balancer(number) for number in range(50)))
    assert {one for one, answer in answers.items() if isinstance(answer, NotFound)} == {one.lower() for one in gone}
    assert sum(answer == GOOD for answer in answers.values()) == 48
    assert not world.access.one_by_one
    assert len(world.singles) <= 4, "a sample of the silent, and no resource alone"


def test_where_everybody_vanished_batches_are_not_blamed() -> None:
    ids = [balancer(1), balancer(2)]
    error = NotFound("batch", "gone", status=404)
    world = World("auto", lambda ids: error)
    world.sick = dict.fromkeys(ids, error)
    assert set(world.read(*ids).values()) == {error}
    assert not world.access.one_by_one


def test_batch_mode_gives_up_on_a_refused_batch_after_a_few_tries() -> None:
    error = BadRequest("batch", "no", status=400)
    world = World("batch", lambda ids: error)
    assert set(world.read(*(balancer(number) for number in range(50))).values()) == {error}
    assert (len(world.batches), world.singles) == (7, [])


def test_trouble_of_one_resource_inside_a_batch_is_its_own() -> None:
    world = World("batch")
    world.sick[balancer(1)] = MetricUnavailable("metric", "later", status=200)
    answers = world.read(balancer(1), balancer(2))
    assert isinstance(answers[balancer(1).lower()], MetricUnavailable)
    assert answers[balancer(2).lower()] == GOOD


@pytest.mark.parametrize("status", [429, 529])
def test_throttling_is_waited_out_as_long_as_was_asked(status: int) -> None:
    world = World("batch")
    answers = iter([Throttled("batch", "slow", status=status, retry_after_seconds=7.0), None])
    world.trouble = lambda ids: next(answers)
    assert world.read(balancer(1)) == {balancer(1).lower(): GOOD}
    assert world.clock.slept == [7.0]
    assert world.count.repeated == 1


def test_without_a_time_the_wait_doubles_and_ends_with_the_truth() -> None:
    world = World("batch", lambda ids: Throttled("batch", "slow", status=529))
    (answer,) = world.read(balancer(1)).values()
    assert isinstance(answer, Throttled)
    assert world.clock.slept == [1.0, 2.0]


def test_patience_is_shared_by_a_subscription_and_by_nobody_else() -> None:
    clock = Clock()
    throttle = Throttle(monotonic=clock.monotonic, sleep=clock.sleep)
    deadline = Deadline(50, clock.monotonic)
    throttle.refused("S1", Throttled("x", "slow", retry_after_seconds=20.0))
    throttle.wait("s2", deadline)
    assert clock.slept == []
    throttle.wait("s1", deadline)
    assert clock.slept == [20.0]
    throttle.refused("s1", Throttled("x", "slow", retry_after_seconds=100.0))
    with pytest.raises(Throttled, match="throttles for 100 seconds"):
        throttle.wait("s1", deadline)
    assert clock.slept == [20.0], "nobody waits for what comes too late"


def test_a_passing_outage_is_waited_out_and_a_lasting_one_told() -> None:
    world = World("batch")
    answers = iter([Unavailable("batch", "busy", status=503), None])
    world.trouble = lambda ids: next(answers)
    assert world.read(balancer(1)) == {balancer(1).lower(): GOOD}
    world.trouble = lambda ids: Unavailable("batch", "busy", status=503)
    (answer,) = world.read(balancer(1)).values()
    assert isinstance(answer, Unavailable)


def test_what_the_deadline_cuts_off_is_not_reached() -> None:
    world = World("batch")
    (answer,) = world.read(balancer(1), seconds=0).values()
    assert isinstance(answer, NotSent)
    assert world.batches == []


def test_several_questions_go_out_side_by_side_and_their_answers_stay_apart() -> None:
    world = World("batch")
    together = threading.Barrier(3)  # three requests must be under way at once

    def meet(ids: Sequence[str]) -> None:
        together.wait(10)

    world.trouble = meet
    requests = [
        MetricRequest(
            [balancer(number) for number in range(60)], "westeurope", metric_queries.SNAT_CONNECTIONS, window()
        ),
        MetricRequest([balancer(1)], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window()),
        MetricRequest([], "", metric_queries.USED_SNAT_PORTS_BY_BACKEND, window()),
    ]
    answers = world.access.query_all(requests, Deadline(50, world.clock.monotonic), at_a_time=3)
    assert [len(one) for one in answers] == [60, 1, 0]
    assert sorted(len(batch) for batch in world.batches) == [1, 10, 50]


def test_a_wait_that_nobody_means_is_looked_at_again_after_a_quarter_of_an_hour_and_by_one_request() -> None:
    clock = Clock()
    throttle = Throttle(monotonic=clock.monotonic, sleep=clock.sleep, wall=lambda: NOON + timedelta(seconds=clock.now))
    refusal = Throttled("x", "slow", retry_after_seconds=99_999_999.0)
    throttle.refused("s1", refusal)
    assert refusal.until == NOON + timedelta(minutes=15)
    with pytest.raises(Throttled) as caught:
        throttle.wait("s1", Deadline(50, clock.monotonic))
    assert caught.value.until == NOON + timedelta(minutes=15)
    assert "throttled the requests until 2026-11-22 12:15 UTC" in unmeasured(caught.value).reason
    clock.now = 900.0
    throttle.wait("s1", Deadline(50, clock.monotonic))  # this one looks
    with pytest.raises(Throttled):
        throttle.wait("s1", Deadline(50, clock.monotonic))
    throttle.accepted("s1")
    throttle.wait("s1", Deadline(50, clock.monotonic))
    assert clock.slept == []
