"""Network calls that fail, or are refused before they are sent: told by type, and a write is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud.errors import (
    AzureError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from shared.cloud.network import Network
from shared.cloud.pipeline import BoundedRetry
from shared.model.resource_id import ArmId
from simulator.testing import RunningSimulator
from tests.support.shop_network import GATEWAY, PUBLIC_IP, SUBNET, SUBSCRIPTION


@pytest.fixture
def network(azure: RunningSimulator, reader: ManagedIdentityCredential) -> Iterator[Network]:
    client = Network(azure.url, reader, SUBSCRIPTION, retry=BoundedRetry(sleep=lambda seconds: None))
    yield client
    client.close()


@pytest.fixture
def seen(azure: RunningSimulator) -> Any:
    """Requests to Resource Manager since the test began, by method."""
    before = max((one["seq"] for one in azure.requests()), default=0)

    def since(method: str) -> list[dict[str, Any]]:
        return [one for one in azure.requests(before) if one["method"] == method and "/msi/" not in one["path"]]

    return since


def test_a_subnet_is_never_written_without_an_etag(network: Network, seen: Any) -> None:
    with pytest.raises(ValueError, match="etag"):
        network.put_subnet(network.read_subnet(SUBNET), GATEWAY.id, "")
    assert seen("PUT") == []


def test_a_gateway_that_does_not_exist_is_refused(network: Network) -> None:
    subnet = network.read_subnet(SUBNET)
    with pytest.raises((BadRequest, NotFound)):
        network.put_subnet(subnet, GATEWAY.id, subnet.etag)


def test_a_subnet_that_does_not_exist_is_not_found(network: Network) -> None:
    with pytest.raises(NotFound):
        network.read_subnet(f"{SUBNET}-gone")


def test_another_subscription_is_out_of_reach(network: Network, seen: Any) -> None:
    elsewhere = SUBNET.replace(SUBSCRIPTION, "another")
    with pytest.raises(ValueError, match="another"):
        network.read_subnet(elsewhere)
    with pytest.raises(ValueError, match="another"):
        network.create_public_ip(replace(PUBLIC_IP, id=ArmId(PUBLIC_IP.id.replace(SUBSCRIPTION, "another"))))
    assert seen("GET") == seen("PUT") == []


def refused(status: int, code: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    then = {"status": status, "body": {"error": {"code": code, "message": message, **more}}}
    return {"match": {"method": "PUT"}, "then": {**then, "headers": {"Retry-After": "1"}}}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refused(409, "AnotherOperationInProgress"), Conflict),
        (refused(429, "TooManyRequests"), Throttled),
        (refused(429, "RetryableError", details=[{"code": "X", "message": "y"}]), Conflict),
        (refused(412, "PreconditionFailed"), PreconditionFailed),
        (refused(500, "InternalServerError"), Unavailable),
        (refused(503, "ServiceUnavailable"), Unavailable),
        (refused(403, "RequestDisallowedByPolicy"), Forbidden),
        ({"match": {"method": "PUT"}, "then": {"drop": "before"}}, Unavailable),
        ({"match": {"method": "PUT"}, "then": {"drop": "after"}}, Unavailable),
    ],
    ids=["409", "429", "429 retryable", "412", "500", "503", "403", "lost before", "lost after"],
)
def test_a_write_that_fails_is_sent_once_and_told_by_type(
    azure: RunningSimulator, network: Network, seen: Any, fault: dict[str, Any], kind: type[AzureError]
) -> None:
    azure.add_fault(fault)
    with pytest.raises(AzureError) as raised:
        network.create_public_ip(PUBLIC_IP)
    assert type(raised.value) is kind
    assert raised.value.operation == f"PUT {PUBLIC_IP.id}"
    assert len(seen("PUT")) == 1


@pytest.mark.parametrize("body", [None, "words", {"name": "aks-user"}])
def test_a_success_that_makes_no_sense_is_not_guessed_at(azure: RunningSimulator, network: Network, body: Any) -> None:
    azure.add_fault({"match": {"path": "aks-user"}, "then": {"status": 200, "body": body}})
    with pytest.raises(UnexpectedAnswer):
        network.read_subnet(SUBNET)


def test_a_missing_join_action_is_named(azure: RunningSimulator, network: Network) -> None:
    message = (
        "The client 'c' with object id 'o' has permission to perform action "
        f"'Microsoft.Network/virtualNetworks/subnets/write' on scope '{SUBNET}'; however, it does not have permission "
        "to perform action(s) 'Microsoft.Network/networkSecurityGroups/join/action' on the linked scope(s) '/nsg'."
    )
    azure.add_fault(refused(403, "LinkedAuthorizationFailed", message))
    subnet = network.read_subnet(SUBNET)
    with pytest.raises(Forbidden) as raised:
        network.put_subnet(subnet, GATEWAY.id, subnet.etag)
    assert raised.value.missing_action == "Microsoft.Network/networkSecurityGroups/join/action"


def test_reads_around_the_write_are_repeated(azure: RunningSimulator, network: Network, seen: Any) -> None:
    azure.add_fault({"match": {"method": "GET", "path": "subnets"}, "times": 2, "then": {"status": 503}})
    assert network.read_subnet(SUBNET).name == "aks-user"
    assert len(seen("GET")) == 3
