"""What happens without the client: other writers, upgrades, and operations that don't end well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.support.clients import SUBSCRIPTION, Azure, azure

FIRST = "11111111-1111-4111-8111-111111111111"
GROUP = "shop-network"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/shop-vnet/subnets/aks-user"
ADDRESS = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}


def change(running: Azure, subnet: str = SUBNET, **properties: Any) -> Any:
    """Write a subnet with some properties changed, under its ETag; the answer."""
    document = running.get(subnet)
    document["properties"] |= properties
    return running.send("PUT", subnet, json=document, headers={"If-Match": document["etag"]})


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# -- other writers --------------------------------------------------------------------------------


def test_an_operators_write_changes_the_etag_under_a_reader(fresh_storm: Azure) -> None:
    read = fresh_storm.get(SUBNET)
    fresh_storm.simulator.add_event(
        {"put_subnet": {"subnet": "shop-vnet/aks-user", "drop": ["serviceEndpoints"], "set": {"label": "new"}}}
    )
    held = fresh_storm.send("PUT", SUBNET, json=read)
    assert code(held) == (429, "RetryableError"), "the operator's write runs"
    fresh_storm.simulator.advance(5)
    assert code(fresh_storm.send("PUT", SUBNET, json=read)) == (412, "PreconditionFailed")
    left = fresh_storm.get(SUBNET)["properties"]
    assert "serviceEndpoints" not in left
    assert left["label"] == "new"
    assert "networkSecurityGroup" in left


def test_an_operator_waits_while_the_virtual_network_is_held(fresh_storm: Azure) -> None:
    assert change(fresh_storm, defaultOutboundAccess=False).status_code == 200
    fresh_storm.simulator.add_event({"put_subnet": {"subnet": "shop-vnet/aks-system", "set": {"label": "late"}}})
    system = f"{NETWORK}/virtualNetworks/shop-vnet/subnets/aks-system"
    assert "label" not in fresh_storm.get(system)["properties"]
    fresh_storm.simulator.advance(20)
    assert fresh_storm.get(system)["properties"]["label"] == "late"
    told = [each["what"] for each in fresh_storm.simulator.state()["happened"]]
    assert "refused" in told[0]
    assert told[-1].startswith("operator wrote")


def test_an_event_may_wait_for_the_nth_write(fresh_storm: Azure) -> None:
    fresh_storm.simulator.add_event(
        {
            "after_write": {"to": "publicIPAddresses", "method": "PUT", "count": 2, "seconds": 3},
            "put_subnet": {"by": "operator", "subnet": "shop-vnet/aks-user", "set": {"label": "mine"}},
        }
    )
    for name in ("one", "two"):
        assert fresh_storm.send("PUT", f"{NETWORK}/publicIPAddresses/{name}", json=ADDRESS).status_code == 201
        assert "label" not in fresh_storm.get(SUBNET)["properties"], "not yet"
    fresh_storm.simulator.advance(4)
    assert fresh_storm.get(SUBNET)["properties"]["label"] == "mine"


def test_a_write_by_somebody_right_behind_ones_own(fresh_storm: Azure) -> None:
    fresh_storm.simulator.add_event(
        {
            "after_write": {"to": "subnets/aks-user"},
            "put_subnet": {"subnet": "shop-vnet/aks-user", "drop": ["networkSecurityGroup"]},
        }
    )
    assert change(fresh_storm, defaultOutboundAccess=False).status_code == 200
    assert "networkSecurityGroup" in fresh_storm.get(SUBNET)["properties"], "the first write holds the network"
    fresh_storm.simulator.advance(20)
    left = fresh_storm.get(SUBNET)["properties"]
    assert "networkSecurityGroup" not in left
    assert left["defaultOutboundAccess"] is False


def test_a_pipeline_takes_the_association_back_each_time() -> None:
    with azure("pipeline-reverts", FIRST) as running:
        network = f"/subscriptions/{FIRST}/resourceGroups/coded-network/providers/Microsoft.Network"
        subnet = f"{network}/virtualNetworks/coded-vnet/subnets/nodes"
        gateway = {"location": "westeurope", "sku": {"name": "Standard"}}
        assert running.send("PUT", f"{network}/natGateways/egress", json=gateway).status_code == 201
        running.simulator.advance(11)
        before = running.get(subnet)["properties"]
        for _ in range(2):
            assert change(running, subnet, natGateway={"id": f"{network}/natGateways/egress"}).status_code == 200
            running.simulator.advance(500)
            assert "natGateway" in running.get(subnet)["properties"]
            running.simulator.advance(200)
            assert running.get(subnet)["properties"] == before


def test_an_upgrade_holds_the_virtual_network_for_half_an_hour() -> None:
    with azure("upgrade-running", FIRST) as running:
        subnet = (
            f"/subscriptions/{FIRST}/resourceGroups/moving-network/providers/Microsoft.Network"
            "/virtualNetworks/moving-vnet/subnets/nodes"
        )
        running.simulator.advance(6 * 60)
        cluster = running.containerservice.managed_clusters.get("moving", "moving")
        assert cluster.provisioning_state == "Upgrading"
        assert [pool.provisioning_state for pool in cluster.agent_pool_profiles] == ["Upgrading"]
        assert code(change(running, subnet, label=1)) == (429, "RetryableError")
        running.simulator.add_event({"settings": {"vnet_conflict": "409"}})
        assert code(change(running, subnet, label=1)) == (409, "AnotherOperationInProgress")
        running.simulator.advance(30 * 60)
        assert change(running, subnet, label=1).status_code == 200
        assert running.containerservice.managed_clusters.get("moving", "moving").provisioning_state == "Succeeded"


def test_the_autoscaler_adds_nodes_to_the_subnet(fresh_storm: Azure) -> None:
    before = len(fresh_storm.get(SUBNET)["properties"]["ipConfigurations"])
    fresh_storm.simulator.add_event({"scale": {"cluster": "shop-prod", "pool": "user", "nodes": 14}})
    assert before == 9
    assert len(fresh_storm.get(SUBNET)["properties"]["ipConfigurations"]) == 14


def test_an_event_that_makes_no_sense_is_told_in_one_line(fresh_storm: Azure) -> None:
    events: list[dict[str, Any]] = [{"at_minute": 5}, {"put_subnet": {"subnet": "no/where"}}, {"sing": {}}]
    for event in events:
        with pytest.raises(ValueError, match=r"event|subnet"):
            fresh_storm.simulator.add_event(event)


# -- operations -----------------------------------------------------------------------------------


def fate(running: Azure, path: str, **operation: Any) -> None:
    running.simulator.add_fault(
        {"match": {"path": path, "method": "PUT"}, "times": 1, "then": {"operation": operation}}
    )


def test_an_operation_fails_and_leaves_what_was(fresh_storm: Azure) -> None:
    fate(fresh_storm, "subnets/aks-user", ends="Failed", code="NetworkingInternalOperationError", message="No luck.")
    before = fresh_storm.get(SUBNET)["properties"]
    there = fresh_storm.network.subnets.get(GROUP, "shop-vnet", "aks-user")
    there.default_outbound_access = False
    poller = fresh_storm.network.subnets.begin_create_or_update(GROUP, "shop-vnet", "aks-user", there)
    fresh_storm.simulator.advance(5)
    with pytest.raises(HttpResponseError) as raised:
        poller.result()
    assert raised.value.error is not None
    assert raised.value.error.code == "NetworkingInternalOperationError"
    assert fresh_storm.get(SUBNET)["properties"] == before | {"provisioningState": "Failed"} | {
        "serviceEndpoints": [
            each | {"provisioningState": "Succeeded"}
            for each in fresh_storm.get(SUBNET)["properties"]["serviceEndpoints"]
        ]
    }
    there.provisioning_state = None
    assert change(fresh_storm, defaultOutboundAccess=False).status_code == 200, "a second try repairs it"
    fresh_storm.simulator.advance(5)
    assert fresh_storm.get(SUBNET)["properties"]["provisioningState"] == "Succeeded"


def test_a_creation_fails(fresh_storm: Azure) -> None:
    fate(fresh_storm, "natGateways/egress", ends="Failed")
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    assert fresh_storm.send("PUT", f"{NETWORK}/natGateways/egress", json=body).status_code == 201
    fresh_storm.simulator.advance(11)
    assert fresh_storm.network.nat_gateways.get(GROUP, "egress").provisioning_state == "Failed"


def test_an_operation_is_canceled(fresh_storm: Azure) -> None:
    fate(fresh_storm, "natGateways/egress", ends="Canceled", code="Canceled", message="Operation was canceled.")
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    poller = fresh_storm.network.nat_gateways.begin_create_or_update(GROUP, "egress", body)
    fresh_storm.simulator.advance(11)
    with pytest.raises(HttpResponseError, match="Canceled"):
        poller.result()


def test_an_operation_that_never_ends_holds_the_network(fresh_storm: Azure) -> None:
    fate(fresh_storm, "subnets/aks-user", ends="never")
    answer = change(fresh_storm, defaultOutboundAccess=False)
    poll = answer.headers["Azure-AsyncOperation"].removeprefix(fresh_storm.simulator.url)
    fresh_storm.simulator.advance(86_400)
    assert fresh_storm.get(poll) == {"status": "InProgress"}
    assert fresh_storm.get(SUBNET)["properties"]["provisioningState"] == "Updating"
    assert code(change(fresh_storm, label=1)) == (429, "RetryableError")


def test_the_status_url_is_lost_but_the_work_is_done(fresh_storm: Azure) -> None:
    fate(fresh_storm, "natGateways/egress", status_url="lost")
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    poller = fresh_storm.network.nat_gateways.begin_create_or_update(GROUP, "egress", body)
    with pytest.raises(HttpResponseError, match="not found"):
        poller.result()
    fresh_storm.simulator.advance(11)
    assert fresh_storm.network.nat_gateways.get(GROUP, "egress").provisioning_state == "Succeeded"


def test_a_slow_operation(fresh_storm: Azure) -> None:
    fate(fresh_storm, "natGateways/egress", seconds=1200)
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    fresh_storm.send("PUT", f"{NETWORK}/natGateways/egress", json=body)
    fresh_storm.simulator.advance(1100)
    assert fresh_storm.network.nat_gateways.get(GROUP, "egress").provisioning_state == "Updating"
    fresh_storm.simulator.advance(101)
    assert fresh_storm.network.nat_gateways.get(GROUP, "egress").provisioning_state == "Succeeded"


def test_a_deletion_fails_and_the_thing_is_still_there(fresh_storm: Azure) -> None:
    assert fresh_storm.send("PUT", f"{NETWORK}/publicIPAddresses/one", json=ADDRESS).status_code == 201
    fresh_storm.simulator.advance(2)
    fresh_storm.simulator.add_fault(
        {"match": {"path": "publicIPAddresses/one", "method": "DELETE"}, "then": {"operation": "Failed"}}
    )
    assert fresh_storm.send("DELETE", f"{NETWORK}/publicIPAddresses/one").status_code == 202
    fresh_storm.simulator.advance(11)
    assert fresh_storm.network.public_ip_addresses.get(GROUP, "one").provisioning_state == "Failed"


def test_a_lost_answer_after_success(fresh_storm: Azure) -> None:
    fresh_storm.simulator.add_fault(
        {"match": {"path": "natGateways/egress", "method": "PUT"}, "times": 1, "then": {"drop": "after"}}
    )
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    network = replace(fresh_storm, waits_pass_time=True).network
    poller = network.nat_gateways.begin_create_or_update(GROUP, "egress", body)
    assert poller.result().provisioning_state == "Succeeded"
    statuses = [
        each["status"]
        for each in fresh_storm.simulator.requests()
        if each["method"] == "PUT" and "natGateways/egress" in each["path"]
    ]
    assert statuses[0] == 0
    assert statuses[1] in (200, 429), "the SDK tried again and found what it had made"


def test_a_fate_that_makes_no_sense_is_told(fresh_storm: Azure) -> None:
    for operation in ({"ends": "Maybe"}, {"status_url": "gone"}, {"seconds": -1}, {"color": 1}, 5):
        with pytest.raises(ValueError, match="operation"):
            fresh_storm.simulator.add_fault({"then": {"operation": operation}})
