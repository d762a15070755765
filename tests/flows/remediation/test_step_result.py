"""What waiting can cure waits, and what it can't stops."""

from __future__ import annotations

import pytest

from shared.cloud.errors import (
    AzureError,
    Conflict,
    Forbidden,
    PreconditionFailed,
    SignInFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from shared.flows.remediation.step_result import Result, Stop, Wait, with_azure_trouble


def result_of(error: AzureError) -> Result:
    def step() -> Result:
        raise error

    return with_azure_trouble(step)


@pytest.mark.parametrize("kind", [Throttled, Unavailable, PreconditionFailed, SignInFailed])
def test_what_passes_by_itself_is_waited_for(kind: type[AzureError]) -> None:
    result = result_of(kind("PUT subnet", "no"))
    assert isinstance(result, Wait)
    assert result.seconds > 0
    assert not result.has_written


def test_azures_time_is_kept() -> None:
    result = result_of(Throttled("PUT subnet", "no", retry_after_seconds=90.0))
    assert isinstance(result, Wait)
    assert (result.seconds, result.asked_seconds) == (90.0, 90.0)


@pytest.mark.parametrize("kind", [Forbidden, Conflict])
def test_what_azure_refuses_stops_with_its_words(kind: type[AzureError]) -> None:
    result = result_of(kind("PUT subnet", "not for you"))
    assert isinstance(result, Stop)
    assert "not for you" in result.reason
    assert not result.may_be_written


def test_an_answer_that_cannot_be_understood_may_have_been_a_write() -> None:
    result = result_of(UnexpectedAnswer("PUT subnet", "<html>"))
    assert isinstance(result, Stop)
    assert result.may_be_written
