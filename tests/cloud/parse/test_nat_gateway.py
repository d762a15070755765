"""NAT gateways, public IPs and prefixes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.cloud.parse.nat_gateway import WRITABLE, parse_nat_gateway, parse_public_ip
from tests.support.every import every
from tests.support.recorded_arm import GATEWAY, GROUP, IP, NETWORK, PREFIX, net, recorded

pytestmark = pytest.mark.disable_socket
SUBNET = f"{GROUP}/{NETWORK}/virtualNetworks/v/subnets/nodes"


def test_a_public_ip_has_no_address_until_azure_gives_one() -> None:
    item = {"id": IP, "name": "ip", "sku": {"name": "Standard"}, "properties": {"provisioningState": "Updating"}}
    found = parse_public_ip(item)
    assert (found.address, found.attached_to_id, found.zones, found.tags) == ("", None, (), {})


def test_the_address_of_a_prefix_is_its_range() -> None:
    item = {"id": PREFIX, "name": "p", "properties": {"ipPrefix": "203.0.113.8/30"}}
    assert parse_public_ip(item).address == "203.0.113.8/30"


def test_recorded_public_ips(recordings: Path) -> None:
    file = "02-publicips/aso-2025-03-01-publicip-crud.json"
    found = [parse_public_ip(item) for item in recorded(recordings, file, "publicIPAllocationMethod")]
    assert [one.address != "" for one in found[:2]] == [False, True]
    assert found
    assert every(one.sku == "Standard" for one in found)


def test_a_nat_gateway_takes_properties_in_any_case() -> None:
    found = parse_nat_gateway(
        {
            "id": GATEWAY,
            "name": "ng",
            "location": "westeurope",
            "sku": {"name": "Standard"},
            "tags": {"product": "snatbot"},
            "properties": {
                "provisioningState": "Succeeded",
                "idleTimeoutInMinutes": 30,
                "publicIPAddresses": [{"id": IP}],
                "subnets": [{"id": SUBNET}],
            },
        }
    )
    assert (found.public_ip_ids, found.subnet_ids, found.idle_timeout_minutes) == ((IP,), (SUBNET,), 30)
    assert found.tags == {"product": "snatbot"}


def test_what_may_be_written_of_a_nat_gateway_is_what_the_sdk_knows_of_it() -> None:
    from azure.mgmt.network import models

    assert set(WRITABLE) == writable_of(models.NatGatewayPropertiesFormat)


def test_only_documented_properties_of_a_nat_gateway_are_written_back() -> None:
    other = net("virtualNetworks", "hub")
    read = {
        "provisioningState": "Succeeded",
        "resourceGuid": "1",
        "subnets": [{"id": SUBNET}],
        "scope": "Public",
        "privateIPAddresses": [],
        "flowlogs": {"id": "f"},
        "IdleTimeoutInMinutes": 10,
        "publicIPAddresses": [{"id": IP, "properties": {"ipAddress": "203.0.113.1"}}],
        "publicIpAddressesV6": None,
        "sourceVirtualNetwork": {"id": other, "resourceGroup": "rg"},
        "nat64": "Enabled",
    }
    found = parse_nat_gateway({"id": GATEWAY, "name": "ng", "location": "westeurope", "properties": read})
    assert found.properties == {
        "idleTimeoutInMinutes": 10,
        "publicIpAddresses": [{"id": IP}],
        "sourceVirtualNetwork": {"id": other},
        "nat64": "Enabled",
    }


def writable_of(model: Any) -> set[str]:
    model({})  # the SDK makes a model's fields with its first object
    fields = model._attr_to_rest_field.values()
    return {field._rest_name for field in fields if set(field._visibility or ["create"]) != {"read"}}


@pytest.mark.parametrize(
    "file",
    ["aso-2025-03-01-create-update-delete", "aso-2024-03-01-429-pip-not-ready-then-201", "cli-2022-01-01-empty-create"],
)
def test_recorded_nat_gateways(recordings: Path, file: str) -> None:
    items = recorded(recordings, f"01-natgateways/{file}.json", "resourceGuid")
    found = [parse_nat_gateway(item) for item in items if item["type"] == "Microsoft.Network/natGateways"]
    assert found
    for one in found:
        assert (one.sku, one.idle_timeout_minutes) == ("Standard", 4)
        assert len(one.public_ip_ids) == (0 if "empty" in file else 1)


def model(*configurations: dict[str, Any]) -> dict[str, Any]:
    interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": list(configurations)}}
    second = {"name": "second", "properties": {"primary": False, "ipConfigurations": [{"properties": {}}]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [second, interface]}}
    return {"name": "aks-user-1-vmss", "properties": {"virtualMachineProfile": profile}}
