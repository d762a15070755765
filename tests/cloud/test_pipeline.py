"""Reads are repeated within a budget; a write is sent once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineContext, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest

from shared.cloud.deadline import Deadline, within
from shared.cloud.errors import Unavailable
from shared.cloud.pipeline import BoundedRetry

pytestmark = pytest.mark.disable_socket


class Answer:
    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = headers or {}


class Wire(HTTPPolicy[Any, Any]):
    """Answers from a list and counts."""

    def __init__(self, outcomes: Iterable[Answer | Exception]) -> None:
        super().__init__()
        self.outcomes = list(outcomes)
        self.sent = 0

    def send(self, request: Any) -> Any:
        outcome = self.outcomes[min(self.sent, len(self.outcomes) - 1)]
        self.sent += 1
        if isinstance(outcome, Exception):
            raise outcome
        return PipelineResponse(request.http_request, outcome, request.context)


class Run:
    def __init__(self, method: str, *outcomes: Answer | Exception, **options: Any) -> None:
        self.wire = Wire(outcomes)
        self.slept: list[float] = []
        self.repeats = 0
        policy = BoundedRetry(
            sleep=self.slept.append, monotonic=lambda: sum(self.slept), jitter=lambda: 0.0, on_repeat=self._repeat
        )
        policy.next = self.wire
        context = PipelineContext(None, **options)
        self.result = policy.send(PipelineRequest(HttpRequest(method, "https://arm.example/x"), context))
        self.options = dict(context.options)
        self.status = self.result.http_response.status_code

    def _repeat(self) -> None:
        self.repeats += 1


BUSY = Answer(503)


def test_a_read_is_repeated_with_growing_waits_until_it_succeeds() -> None:
    run = Run("GET", BUSY, Answer(429), Answer(500), Answer(200))
    assert run.status == 200
    assert run.slept == [1.0, 2.0, 4.0]
    assert run.repeats == 3, "each is counted"


def test_a_read_waits_as_long_as_azure_says() -> None:
    assert Run("GET", Answer(429, {"Retry-After": "17"}), Answer(200)).slept == [17.0]


def test_a_wait_beyond_the_budget_is_left_to_the_caller() -> None:
    run = Run("GET", Answer(429, {"Retry-After": "324"}), Answer(200))
    assert (run.status, run.slept, run.wire.sent) == (429, [], 1)


def test_all_waits_together_stay_within_the_budget() -> None:
    run = Run("GET", Answer(429, {"Retry-After": "25"}))
    assert run.status == 429
    assert sum(run.slept) <= 60


def test_a_read_gives_up_after_a_few_attempts() -> None:
    assert Run("GET", BUSY).wire.sent == 5


def test_what_cannot_get_better_is_not_repeated() -> None:
    for status in (400, 401, 403, 404, 409, 412):
        assert Run("GET", Answer(status, {"Retry-After": "1"})).wire.sent == 1


def test_a_query_sent_as_post_is_repeated_like_a_read() -> None:
    assert Run("POST", Answer(529), Answer(200), is_read=True).status == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_write_is_sent_once_whatever_the_answer(method: str, status: int) -> None:
    run = Run(method, Answer(status, {"Retry-After": "1"}))
    assert (run.status, run.wire.sent, run.slept) == (status, 1, [])


def test_a_write_whose_answer_was_lost_is_not_sent_again() -> None:
    with pytest.raises(ServiceResponseError):
        Run("PUT", ServiceResponseError("lost"), Answer(200))


def test_a_write_that_could_not_be_sent_is_tried_again() -> None:
    run = Run("PUT", ServiceRequestError("no connection"), Answer(201))
    assert (run.status, run.wire.sent) == (201, 2)


def test_a_read_whose_answer_was_lost_is_repeated() -> None:
    assert Run("GET", ServiceResponseError("lost"), Answer(200)).status == 200


def test_a_connection_that_never_comes_is_raised_in_the_end() -> None:
    with pytest.raises(ServiceRequestError):
        Run("GET", ServiceRequestError("no connection"))


def test_a_read_ends_with_the_deadline_it_is_in() -> None:
    seconds = 0.0
    deadline = Deadline(7.0, lambda: seconds)
    with within(deadline):
        run = Run("GET", Answer(429, {"Retry-After": "6"}), Answer(429, {"Retry-After": "17"}))
    assert (run.wire.sent, run.slept) == (2, [6.0])
    assert run.options == {"connection_timeout": 7.0, "read_timeout": 7.0}
    seconds = 7.0
    with within(deadline), pytest.raises(Unavailable, match="was over"):
        Run("GET", Answer(200))


def test_a_write_is_not_cut_off_by_a_deadline() -> None:
    with within(Deadline(0.0)):
        assert Run("PUT", Answer(200)).options == {}
