"""The JSON client on the wire: whom it is, what it repeats, what it says when it fails, and what it keeps quiet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud.arm import Arm
from shared.cloud.errors import (
    AzureError,
    BadRequest,
    Forbidden,
    NotFound,
    SignInFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from shared.cloud.pipeline import BoundedRetry
from simulator.testing import RunningSimulator

from .conftest import READER

SUBSCRIPTIONS = "2022-12-01"


def fault(then: dict[str, Any], path: str = "/subscriptions", times: int | None = None) -> dict[str, Any]:
    return {"match": {"path": path}, "then": then} | ({"times": times} if times else {})


@pytest.fixture
def impatient(azure: RunningSimulator, reader: ManagedIdentityCredential) -> Any:
    """Retries like the real one, without waiting."""
    client = Arm(azure.url, reader, retry=BoundedRetry(sleep=lambda seconds: None))
    yield client
    client.close()


def last_seen(azure: RunningSimulator, action: Callable[[], object]) -> list[dict[str, Any]]:
    before = azure.requests()[-1]["seq"] if azure.requests() else 0
    action()
    return [one for one in azure.requests(before) if not one["path"].startswith("/msi/")]


def test_requests_carry_the_identity_and_the_api_version(azure: RunningSimulator, arm: Arm) -> None:
    (seen,) = last_seen(azure, lambda: list(arm.list("/subscriptions", SUBSCRIPTIONS)))
    assert seen["client_id"] == READER
    assert seen["path"] == "/subscriptions?api-version=2022-12-01"


def test_query_values_are_encoded_and_dollar_names_stay(azure: RunningSimulator, arm: Arm) -> None:
    def ask() -> None:
        with pytest.raises(AzureError):
            arm.get("/subscriptions/x/y", "1", **{"$filter": "A eq '*' & B/C"}, top=3)

    (seen,) = last_seen(azure, ask)
    assert "$filter=A%20eq%20%27%2A%27%20%26%20B%2FC&top=3&api-version=1" in seen["path"]


def test_requests_are_counted_with_the_repeated_ones(
    azure: RunningSimulator, reader: ManagedIdentityCredential
) -> None:
    counted: list[tuple[str, str]] = []
    arm = Arm(
        azure.url,
        reader,
        on_request=lambda method, path: counted.append((method, path)),
        retry=BoundedRetry(sleep=lambda seconds: None),
    )
    azure.add_fault(fault({"status": 503}, times=2))
    list(arm.list("/subscriptions", SUBSCRIPTIONS))
    assert counted == [("GET", "/subscriptions")] * 3
    arm.close()


def test_every_page_of_a_list_is_read(azure: RunningSimulator, arm: Arm) -> None:
    first = {"value": [{"n": 1}], "nextLink": f"{azure.url}/subscriptions?page=2"}
    second = {"value": [], "nextLink": f"{azure.url}/subscriptions?page=3"}
    azure.add_fault(
        fault({"status": 200, "body": second}, path="page=2"),
        fault({"status": 200, "body": {"value": [{"n": 2}]}}, path="page=3"),
        fault({"status": 200, "body": first}),
    )
    assert list(arm.list("/subscriptions", SUBSCRIPTIONS)) == [{"n": 1}, {"n": 2}]


def test_a_list_that_leads_in_a_circle_ends_with_an_error(azure: RunningSimulator, arm: Arm) -> None:
    circle = {"value": [], "nextLink": f"{azure.url}/subscriptions?page=2"}
    azure.add_fault(fault({"status": 200, "body": circle}))
    with pytest.raises(UnexpectedAnswer, match="already read"):
        list(arm.list("/subscriptions", SUBSCRIPTIONS))


@pytest.mark.parametrize("body", [[], "words", None])
def test_a_success_that_is_not_an_object_is_not_guessed_at(azure: RunningSimulator, arm: Arm, body: Any) -> None:
    azure.add_fault(fault({"status": 200, "body": body}))
    with pytest.raises(UnexpectedAnswer):
        arm.get("/subscriptions", SUBSCRIPTIONS)


def test_a_list_without_a_value_is_not_an_empty_list(azure: RunningSimulator, arm: Arm) -> None:
    azure.add_fault(fault({"status": 200, "body": {}}))
    with pytest.raises(UnexpectedAnswer, match="value"):
        list(arm.list("/subscriptions", SUBSCRIPTIONS))


def test_throttling_that_passes_is_not_noticed(azure: RunningSimulator, arm: Arm) -> None:
    azure.add_fault(fault({"status": 429, "headers": {"Retry-After": "0"}}, times=2))
    assert list(arm.list("/subscriptions", SUBSCRIPTIONS))


def test_throttling_that_would_last_too_long_comes_back_at_once(azure: RunningSimulator, arm: Arm) -> None:
    azure.add_fault(fault({"status": 429, "headers": {"Retry-After": "324"}, "body": {"code": "T", "message": "m"}}))

    def ask() -> None:
        with pytest.raises(Throttled) as raised:
            arm.get("/subscriptions", SUBSCRIPTIONS)
        assert raised.value.retry_after_seconds == 324

    assert [seen["path"].partition("?")[0] for seen in last_seen(azure, ask)] == ["/subscriptions"]


def test_a_lost_answer_to_a_read_is_asked_for_again(azure: RunningSimulator, impatient: Arm) -> None:
    azure.add_fault(fault({"drop": "after"}, times=1))
    assert list(impatient.list("/subscriptions", SUBSCRIPTIONS))


@pytest.mark.parametrize("then", [{"status": 503}, {"drop": "before"}])
def test_what_stays_down_is_unavailable(azure: RunningSimulator, impatient: Arm, then: dict[str, Any]) -> None:
    azure.add_fault(fault(then))
    with pytest.raises(Unavailable):
        impatient.get("/subscriptions", SUBSCRIPTIONS)


def test_nobody_listening_is_unavailable(reader: ManagedIdentityCredential) -> None:
    arm = Arm("https://127.0.0.1:1", reader, retry=BoundedRetry(sleep=lambda seconds: None))
    with pytest.raises(Unavailable):
        arm.get("/subscriptions", SUBSCRIPTIONS)
    arm.close()


def test_what_does_not_exist_is_not_found(azure: RunningSimulator, arm: Arm) -> None:
    with pytest.raises(NotFound) as raised:
        arm.get("/subscriptions/5e1f0a3c-7a52-4f0e-9d5b-2f6c1f0c8a11/resourceGroups/nowhere", "2022-09-01")
    assert raised.value.code
    assert "resourceGroups/nowhere" in raised.value.operation


def test_a_query_that_makes_no_sense_is_a_bad_request(arm: Arm) -> None:
    with pytest.raises(BadRequest):
        arm.post("/providers/Microsoft.ResourceGraph/resources", {"query": "resources | nonsense"}, "2022-10-01")


def test_a_missing_role_names_the_action(azure: RunningSimulator, arm: Arm) -> None:
    message = "The client 'c' does not have authorization to perform action 'a/read' over scope '/s' or it is invalid."
    azure.add_fault(fault({"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": message}}}))
    with pytest.raises(Forbidden) as raised:
        arm.get("/subscriptions", SUBSCRIPTIONS)
    assert (raised.value.missing_action, raised.value.missing_scope) == ("a/read", "/s")


def test_an_identity_without_a_token_is_a_failed_sign_in(azure: RunningSimulator, arm: Arm) -> None:
    azure.add_fault(
        fault({"status": 400, "body": {"error": "invalid_request", "error_description": "no"}}, "/msi/token")
    )
    with pytest.raises(SignInFailed):
        arm.get("/subscriptions", SUBSCRIPTIONS)


def test_a_token_that_is_not_accepted_is_a_failed_sign_in(azure: RunningSimulator, arm: Arm) -> None:
    body = {"error": {"code": "InvalidAuthenticationToken", "message": "The access token is invalid."}}
    azure.add_fault(fault({"status": 401, "body": body}))
    with pytest.raises(SignInFailed, match="InvalidAuthenticationToken"):
        arm.get("/subscriptions", SUBSCRIPTIONS)


def test_the_audience_can_be_another_than_the_endpoint(
    azure: RunningSimulator, reader: ManagedIdentityCredential
) -> None:
    arm = Arm(azure.url + "/", reader, audience="https://management.other.cloud/")
    before = azure.requests()[-1]["seq"] if azure.requests() else 0
    list(arm.list("subscriptions", SUBSCRIPTIONS))
    tokens = [one["path"] for one in azure.requests(before) if one["path"].startswith("/msi/")]
    assert len(tokens) == 1
    assert "resource=https://management.other.cloud&" in tokens[0]
    arm.close()


def test_neither_tokens_nor_bodies_are_logged(
    azure: RunningSimulator, reader: ManagedIdentityCredential, arm: Arm, caplog: pytest.LogCaptureFixture
) -> None:
    azure.add_fault(fault({"status": 200, "body": {"value": [{"secret": "BODY-OF-THE-ANSWER"}]}}))
    with caplog.at_level(logging.DEBUG):
        assert list(arm.list("/subscriptions", SUBSCRIPTIONS))
    assert caplog.records
    assert "BODY-OF-THE-ANSWER" not in caplog.text
    assert reader.get_token(f"{azure.url}/.default").token not in caplog.text
