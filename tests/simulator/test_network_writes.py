"""Network writes: what the SDK sees when it creates, replaces, attaches and deletes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from simulator.scenario import find
from tests.support.clients import LOAD_BALANCER, SUBSCRIPTION, Azure, azure

GROUP = "shop-network"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/shop-vnet"
SUBNET = f"{VNET}/subnets/aks-user"
ADDRESS: dict[str, Any] = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}


@pytest.fixture
def writable() -> Iterator[Azure]:
    with azure("storm") as running:
        yield running


def gateway(*addresses: str) -> dict[str, Any]:
    references = [{"id": f"{NETWORK}/publicIPAddresses/{name}"} for name in addresses]
    return {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "properties": {"idleTimeoutInMinutes": 30, "publicIpAddresses": references},
    }


def make_gateway(running: Azure, *, address: str = "egress-ip", name: str = "egress") -> str:
    """A NAT gateway with one address, provisioned; returns its id."""
    assert running.send("PUT", f"{NETWORK}/publicIPAddresses/{address}", json=ADDRESS).status_code == 201
    running.simulator.advance(2)
    assert running.send("PUT", f"{NETWORK}/natGateways/{name}", json=gateway(address)).status_code == 201
    running.simulator.advance(11)
    return f"{NETWORK}/natGateways/{name}"


def attach(running: Azure, gateway_id: str, subnet: str = SUBNET) -> None:
    document = running.get(subnet)
    document["properties"]["natGateway"] = {"id": gateway_id}
    answer = running.send("PUT", subnet, json=document, headers={"If-Match": document["etag"]})
    assert answer.status_code == 200, answer.text
    running.simulator.advance(4)


def code(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    details = error.get("details") or [{}]
    return answer.status_code, error["code"], details[0].get("code")


def test_public_ip_has_its_address_once_the_operation_is_over(writable: Azure) -> None:
    answer = writable.send("PUT", f"{NETWORK}/publicIPAddresses/one", json=ADDRESS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (201, "1")
    assert "Location" not in answer.headers
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert "ipAddress" not in answer.json()["properties"]
    poll = answer.headers["Azure-AsyncOperation"]
    assert len(poll) > 2000
    path = poll.removeprefix(writable.simulator.url)
    running = writable.send("GET", path)
    assert running.json() == {"status": "InProgress"}
    assert running.headers["Retry-After"] == "1"
    writable.simulator.advance(2)
    assert writable.send("GET", path).json() == {"status": "Succeeded"}
    document = writable.get(f"{NETWORK}/publicIPAddresses/one")
    assert document["properties"]["provisioningState"] == "Succeeded"
    assert document["properties"]["ipAddress"].count(".") == 3
    assert document["etag"] != answer.json()["etag"]


def test_what_failed_and_is_written_again_is_done_this_time(writable: Azure) -> None:
    path = f"{NETWORK}/publicIPAddresses/again"
    writable.simulator.add_fault({"match": {"method": "PUT"}, "times": 1, "then": {"operation": {"ends": "Failed"}}})
    for expected in ("Failed", "Succeeded"):
        writable.send("PUT", path, json=ADDRESS)
        writable.simulator.advance(10)
        properties = writable.get(path)["properties"]
        assert properties["provisioningState"] == expected
        assert ("ipAddress" in properties) == (expected == "Succeeded")


def test_sdk_creates_attaches_and_detaches_a_nat_gateway(writable: Azure) -> None:
    network = replace(writable, waits_pass_time=True).network
    address = network.public_ip_addresses.begin_create_or_update(GROUP, "egress-ip", ADDRESS).result()
    assert address.ip_address
    network.nat_gateways.begin_create_or_update(GROUP, "egress", gateway("egress-ip"), polling=False)
    writable.simulator.advance(30)
    created = network.nat_gateways.get(GROUP, "egress")
    assert created.provisioning_state == "Succeeded"
    before = network.subnets.get(GROUP, "shop-vnet", "aks-user")
    untouched = json.loads(json.dumps(before.as_dict()))
    before.nat_gateway = {"id": created.id}
    after = network.subnets.begin_create_or_update(GROUP, "shop-vnet", "aks-user", before).result()
    assert after.nat_gateway.id == created.id
    shown = after.as_dict()
    for name, value in untouched["properties"].items():
        if name not in ("provisioningState", "etag"):
            assert shown["properties"][name] == value, name
    assert network.nat_gateways.get(GROUP, "egress").subnets[0].id == after.id
    after.nat_gateway = None
    network.subnets.begin_create_or_update(GROUP, "shop-vnet", "aks-user", after, polling=False)
    assert network.subnets.get(GROUP, "shop-vnet", "aks-user").nat_gateway is None


def test_subnet_put_replaces_the_whole_object(writable: Azure) -> None:
    assert "networkSecurityGroup" in writable.get(SUBNET)["properties"]
    answer = writable.send("PUT", SUBNET, json={"properties": {"addressPrefix": "10.40.1.0/24"}})
    assert (answer.status_code, answer.headers["Retry-After"]) == (200, "3")
    left = writable.get(SUBNET)["properties"]
    assert "networkSecurityGroup" not in left
    assert "serviceEndpoints" not in left
    assert left["ipConfigurations"], "read-only properties stay"


def test_unknown_properties_survive(writable: Azure) -> None:
    document = writable.get(SUBNET)
    document["properties"]["inventedLater"] = {"deep": [1, 2]}
    writable.send("PUT", SUBNET, json=document)
    assert writable.get(SUBNET)["properties"]["inventedLater"] == {"deep": [1, 2]}


def test_put_without_change_is_over_at_once_and_keeps_the_etag(writable: Azure) -> None:
    document = writable.get(SUBNET)
    answer = writable.send("PUT", SUBNET, json=document)
    assert answer.status_code == 200
    assert answer.json()["properties"]["provisioningState"] == "Succeeded"
    assert writable.get(SUBNET)["etag"] == document["etag"]


def test_etag_is_shared_by_the_subnets_of_a_vnet_and_a_stale_one_is_refused(writable: Azure) -> None:
    stale = writable.get(SUBNET)
    system = f"{VNET}/subnets/aks-system"
    other = writable.get(system)
    assert other["etag"] == stale["etag"]
    other["properties"]["defaultOutboundAccess"] = False
    assert writable.send("PUT", system, json=other).status_code == 200
    writable.simulator.advance(5)
    assert writable.get(SUBNET)["etag"] != stale["etag"]
    answer = writable.send("PUT", SUBNET, json=stale, headers={"If-Match": stale["etag"]})
    assert code(answer) == (412, "PreconditionFailed", "PreconditionFailedEtagMismatch")
    stale["properties"]["inventedLater"] = True
    answer = writable.send("PUT", SUBNET, json=stale)
    assert code(answer)[0] == 412, "an etag in the body counts too"


def test_stale_etag_is_accepted_where_the_scenario_says_so(tmp_path: Any) -> None:
    path = tmp_path / "lax.yaml"
    path.write_text("settings: {if_match_honoured: false}\n" + _scenario_text("storm"))
    with azure(str(path)) as lax:
        document = lax.get(SUBNET)
        answer = lax.send("PUT", SUBNET, json=document, headers={"If-Match": 'W/"stale"'})
        assert answer.status_code == 200


def _scenario_text(name: str) -> str:
    return find(name).read_text()


def test_second_writer_of_a_vnet_is_told_to_wait(writable: Azure) -> None:
    first = writable.get(SUBNET)
    first["properties"]["defaultOutboundAccess"] = False
    assert writable.send("PUT", SUBNET, json=first).status_code == 200
    other = writable.get(f"{VNET}/subnets/aks-system")
    answer = writable.send("PUT", f"{VNET}/subnets/aks-system", json=other)
    assert code(answer) == (429, "RetryableError", "RetryableErrorDueToAnotherOperation")
    assert answer.headers["Retry-After"] == "11"
    writable.simulator.advance(11)
    other = writable.get(f"{VNET}/subnets/aks-system")
    assert writable.send("PUT", f"{VNET}/subnets/aks-system", json=other).status_code == 200


def test_second_writer_gets_409_where_the_scenario_says_so(tmp_path: Any) -> None:
    path = tmp_path / "conflict.yaml"
    path.write_text("settings: {vnet_conflict: '409'}\n" + _scenario_text("storm"))
    with azure(str(path)) as running:
        document = running.get(SUBNET)
        document["properties"]["defaultOutboundAccess"] = False
        running.send("PUT", SUBNET, json=document)
        with pytest.raises(ResourceExistsError) as raised:
            running.network.subnets.begin_create_or_update(
                GROUP, "shop-vnet", "aks-system", {"properties": {"addressPrefix": "10.40.0.0/24"}}
            )
        assert raised.value.error is not None
        assert raised.value.error.code == "AnotherOperationInProgress"


def test_subnet_put_overtakes_a_vnet_put(writable: Azure) -> None:
    document = writable.get(VNET)
    started = writable.send("PUT", VNET, json=document)
    assert started.status_code == 200
    subnet = writable.get(SUBNET)
    assert writable.send("PUT", SUBNET, json=subnet).status_code == 200
    poll = started.headers["Azure-AsyncOperation"].removeprefix(writable.simulator.url)
    body = writable.send("GET", poll).json()
    assert body["status"] == "Canceled"
    assert body["error"]["details"][0]["code"] == "CanceledAndSupersededDueToAnotherOperation"


def test_nat_gateway_waits_for_its_public_ip(writable: Azure) -> None:
    writable.send("PUT", f"{NETWORK}/publicIPAddresses/late", json=ADDRESS)
    answer = writable.send("PUT", f"{NETWORK}/natGateways/early", json=gateway("late"))
    assert code(answer) == (429, "RetryableError", "ReferencedResourceNotProvisioned")
    assert "Retry-After" not in answer.headers
    writable.simulator.advance(2)
    answer = writable.send("PUT", f"{NETWORK}/natGateways/early", json=gateway("late"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (201, "10")


def test_reference_to_nothing_is_refused(writable: Azure) -> None:
    answer = writable.send("PUT", f"{NETWORK}/natGateways/lost", json=gateway("nowhere"))
    assert code(answer) == (400, "InvalidResourceReference", "NotFound")


def test_nat_gateway_serves_one_vnet_only(writable: Azure) -> None:
    gateway_id = make_gateway(writable)
    attach(writable, gateway_id)
    other = f"{NETWORK}/virtualNetworks/other"
    body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.99.0.0/16"]}}}
    assert writable.send("PUT", other, json=body).status_code == 201
    writable.simulator.advance(5)
    subnet = {"properties": {"addressPrefix": "10.99.0.0/24", "natGateway": {"id": gateway_id}}}
    answer = writable.send("PUT", f"{other}/subnets/one", json=subnet)
    assert code(answer)[1] == "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("natGateways/egress", "InUseNatGatewayCannotBeDeleted"),
        ("publicIPAddresses/egress-ip", "PublicIPAddressCannotBeDeleted"),
        ("virtualNetworks/shop-vnet/subnets/aks-user", "InUseSubnetCannotBeDeleted"),
        ("virtualNetworks/shop-vnet", "InUseSubnetCannotBeDeleted"),
        ("networkSecurityGroups/shop-nodes-nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
    ],
)
def test_what_is_in_use_cannot_be_deleted(writable: Azure, path: str, expected: str) -> None:
    attach(writable, make_gateway(writable))
    assert code(writable.send("DELETE", f"{NETWORK}/{path}"))[:2] == (400, expected)


def test_delete_takes_time_and_ends_in_404(writable: Azure) -> None:
    gateway_id = make_gateway(writable)
    answer = writable.send("DELETE", gateway_id)
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "10")
    location = answer.headers["Location"].removeprefix(writable.simulator.url)
    assert writable.send("GET", location).status_code == 202
    writable.simulator.advance(11)
    assert writable.send("GET", location).status_code == 204
    with pytest.raises(ResourceNotFoundError) as raised:
        writable.network.nat_gateways.get(GROUP, "egress")
    assert raised.value.error is not None
    assert raised.value.error.code == "ResourceNotFound"
    assert writable.send("DELETE", gateway_id).status_code == 204


def test_operations_end_by_the_wall_clock_too(writable: Azure) -> None:
    poller = writable.network.public_ip_addresses.begin_create_or_update(GROUP, "patient", ADDRESS)
    assert poller.result().provisioning_state == "Succeeded"


def test_location_cannot_change(writable: Azure) -> None:
    make_gateway(writable)
    with pytest.raises(HttpResponseError) as raised:
        writable.network.public_ip_addresses.begin_create_or_update(
            GROUP, "egress-ip", ADDRESS | {"location": "northeurope"}
        )
    assert raised.value.error is not None
    assert raised.value.error.code == "InvalidResourceLocation"


def failed_and_attempted(running: Azure, gateway_id: str) -> tuple[float, float]:
    """Totals of the newest whole minute on the gateway."""
    newest: dict[str, float] = {}
    body = running.get(
        f"{gateway_id}/providers/Microsoft.Insights/metrics?metricnames=SNATConnectionCount&aggregation=total"
        "&timespan=PT10M&$filter=ConnectionState eq '*'&top=50"
    )
    for series in body["value"][0]["timeseries"]:
        whole = [p["total"] for p in series["data"] if "total" in p][:-1]
        newest[series["metadatavalues"][0]["value"]] = whole[-1]
    return newest.get("Failed", 0.0), newest.get("Attempted", 0.0)


def test_new_flows_follow_the_association_and_come_back(writable: Azure) -> None:
    gateway_id = make_gateway(writable)
    writable.simulator.advance(300)
    _, background = failed_and_attempted(writable, gateway_id)
    assert 0 < background < 20, "health checks are seen without any traffic"
    for subnet in ("aks-user", "aks-system"):
        attach(writable, gateway_id, f"{VNET}/subnets/{subnet}")
    writable.simulator.advance(900)
    failed, attempted = failed_and_attempted(writable, gateway_id)
    assert failed == 0
    assert attempted > 1000
    body = writable.get(
        f"{LOAD_BALANCER}/providers/Microsoft.Insights/metrics?metricnames=SnatConnectionCount"
        "&aggregation=total&timespan=PT10M&$filter=BackendIPAddress eq '*'&top=100"
    )
    assert body["value"][0]["timeseries"] == []
    document = writable.get(SUBNET)
    del document["properties"]["natGateway"]
    writable.send("PUT", SUBNET, json=document)
    writable.simulator.advance(900)
    state = writable.simulator.state()["clusters"][0]
    assert len(state["failedLastMinute"]) == 3, "the three nodes fail again"
