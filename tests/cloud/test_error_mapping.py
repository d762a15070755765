"""Azure's refusals become errors that a caller can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseTimeoutError

from shared.cloud.error_mapping import from_exception, from_response, operation_name, retry_after_seconds
from shared.cloud.errors import (
    AzureError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotRegistered,
    PreconditionFailed,
    SignInFailed,
    Throttled,
    Unavailable,
)

pytestmark = pytest.mark.disable_socket

SUBNET = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
ROUTES = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/routeTables/rt"


def answered(status: int, code: str = "Code", message: str = "Message.", **more: Any) -> AzureError:
    headers = more.pop("headers", {})
    body = json.dumps({"error": {"code": code, "message": message, **more}})
    return from_response("GET /x", status, headers, body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, SignInFailed),
        (403, Forbidden),
        (404, NotFound),
        (405, AzureError),
        (408, Unavailable),
        (409, Conflict),
        (412, PreconditionFailed),
        (429, Throttled),
        (500, Unavailable),
        (502, Unavailable),
        (504, Unavailable),
        (529, Throttled),
    ],
)
def test_the_status_decides_the_type(status: int, kind: type[AzureError]) -> None:
    error = answered(status)
    assert type(error) is kind
    assert (error.status, error.code) == (status, "Code")
    assert str(error) == f"GET /x: {status} Code: Message."


def test_a_flat_body_is_read_like_a_wrapped_one() -> None:
    error = from_response("GET /x", 400, {}, '{"code": "BadRequest", "message": "Wrong dimension."}')
    assert (error.code, error.message) == ("BadRequest", "Wrong dimension.")


@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", "[]", "null", '{"error": null}'])
def test_a_body_that_explains_nothing_still_gives_a_typed_error(body: str) -> None:
    error = from_response("GET /x", 502, {}, body)
    assert isinstance(error, Unavailable)
    assert error.code == ""
    assert error.message


def test_the_missing_action_is_named_when_azure_names_it() -> None:
    error = answered(
        403,
        "AuthorizationFailed",
        "The client '1' with object id '1' does not have authorization to perform action "
        f"'Microsoft.Network/virtualNetworks/subnets/write' over scope '{SUBNET}' or the scope is invalid.",
    )
    assert isinstance(error, Forbidden)
    assert error.missing_action == "Microsoft.Network/virtualNetworks/subnets/write"
    assert error.missing_scope == SUBNET
    assert "subnets/write" in error.remedy


def test_of_a_linked_refusal_the_linked_action_is_missing_not_the_one_that_is_there() -> None:
    error = answered(
        403,
        "LinkedAuthorizationFailed",
        "The client '1' with object id '1' has permission to perform action "
        f"'Microsoft.Network/virtualNetworks/subnets/write' on scope '{SUBNET}'; however, it does not have permission "
        f"to perform action(s) 'Microsoft.Network/routeTables/join/action' on the linked scope(s) '{ROUTES}' "
        "(respectively) or the linked scope(s) are invalid.",
    )
    assert isinstance(error, Forbidden)
    assert error.missing_action == "Microsoft.Network/routeTables/join/action"
    assert error.missing_scope == ROUTES


def test_a_policy_refusal_names_no_action_and_no_grant_as_a_remedy() -> None:
    error = answered(403, "RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy.")
    assert isinstance(error, Forbidden)
    assert error.missing_action is None
    assert error.remedy == ""


def test_an_unregistered_provider_is_told_apart_from_a_missing_role() -> None:
    error = answered(403, "Forbidden", "The subscription is not registered to use namespace 'Microsoft.Insights'.")
    assert isinstance(error, NotRegistered)
    assert "register the resource provider" in error.remedy


def test_a_retryable_429_is_a_conflict_with_its_real_reason() -> None:
    error = answered(
        429,
        "RetryableError",
        "A retryable error occurred.",
        details=[
            {
                "code": "RetryableErrorDueToAnotherOperation",
                "message": "Operation PutSubnetOperation is updating v. The call can be retried in 11 seconds.",
            }
        ],
    )
    assert isinstance(error, Conflict)
    assert error.reason == "RetryableErrorDueToAnotherOperation"
    assert error.retry_after_seconds == 11
    assert error.is_transient
    assert "PutSubnetOperation" in error.message


def test_a_409_of_another_operation_is_transient_and_a_lock_is_not() -> None:
    busy = answered(409, "AnotherOperationInProgress", "Another operation is in progress.", details=[])
    locked = answered(409, "ScopeLocked", "The scope is locked.")
    assert isinstance(busy, Conflict)
    assert isinstance(locked, Conflict)
    assert (busy.reason, busy.is_transient) == ("AnotherOperationInProgress", True)
    assert (locked.reason, locked.is_transient) == ("ScopeLocked", False)


def test_signatures_in_operation_addresses_do_not_reach_the_message() -> None:
    error = answered(
        409,
        "AnotherOperationInProgress",
        "To retrieve status use uri: https://management.azure.com/x/operations/1?api-version=1&s=SIGNATURE&c=CERT.",
    )
    assert "https://management.azure.com/x/operations/1" in str(error)
    assert "SIGNATURE" not in str(error)
    assert "CERT" not in str(error)


def test_an_endless_page_of_html_is_cut() -> None:
    assert len(str(from_response("GET /x", 503, {}, "x" * 100_000))) < 2_000


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"Retry-After": "7"}, "", 7.0),
        ({"Retry-After": "7"}, "Please try again after '324' seconds.", 7.0),
        ({}, "Please try again after '324' seconds.", 324.0),
        ({}, "Retry after 2 seconds.", 2.0),
        ({}, "Nothing said.", None),
        ({"Retry-After": "soon"}, "", 900.0),
        (
            {"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            "",
            30.0,
        ),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, "", 900.0),
        ({}, f"Retry after {'9' * 400} seconds.", 315_360_000.0),
    ],
)
def test_how_long_to_wait_is_read_from_the_header_then_from_the_words(
    headers: dict[str, str], message: str, seconds: float | None
) -> None:
    assert retry_after_seconds(headers, message) == seconds


def test_no_connection_and_no_answer_are_unavailable() -> None:
    for error in (ServiceRequestError("refused"), ServiceResponseTimeoutError("timed out")):
        ours = from_exception("PUT /x", error)
        assert isinstance(ours, Unavailable)
        assert ours.status == 0


def test_a_credential_that_gives_no_token_is_a_failed_sign_in() -> None:
    error = from_exception("GET /x", ClientAuthenticationError("ManagedIdentityCredential: no identity found"))
    assert isinstance(error, SignInFailed)
    assert "client id" in error.remedy


def test_an_operation_is_named_without_its_query() -> None:
    assert operation_name("GET", "https://management.azure.com/a/b?api-version=1&s=SIGNATURE") == "GET /a/b"


@pytest.mark.parametrize(
    ("file", "kind", "code", "reason"),
    [
        ("aso-subnet-put-429-retryable-then-201", Conflict, "RetryableError", "RetryableErrorDueToAnotherOperation"),
        ("aso-route-429-retryable", Conflict, "RetryableError", "RetryableErrorDueToAnotherOperation"),
        ("aso-subnet-put-409-anotheroperationinprogress-2022", Conflict, "AnotherOperationInProgress", None),
        ("aso-subscription-throttled-429", Throttled, "429", None),
        ("cli-resourcerequeststhrottled-429", Throttled, "ResourceRequestsThrottled", None),
        ("cli-504-gatewaytimeout-insights", Unavailable, "GatewayTimeout", None),
        ("java-403-authorizationfailed-insights", Forbidden, "AuthorizationFailed", None),
        ("aso-invalid-resource-reference-400", BadRequest, "InvalidResourceReference", None),
    ],
)
def test_recorded_refusals(recordings: Any, file: str, kind: type[AzureError], code: str, reason: str | None) -> None:
    exchanges = json.loads((recordings / "08-errors" / f"{file}.json").read_text())["exchanges"]
    refusals = [exchange["response"] for exchange in exchanges if exchange["response"]["status"] >= 400]
    assert refusals
    for answer in refusals:
        error = from_response("PUT /x", answer["status"], answer["headers"], json.dumps(answer["body"]))
        assert type(error) is kind
        assert error.code == code
        if reason is not None:
            assert isinstance(error, Conflict)
            assert error.reason == reason
        if isinstance(error, Forbidden):
            assert error.missing_action == "microsoft.insights/eventtypes/values/read"
