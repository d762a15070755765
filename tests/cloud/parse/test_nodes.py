"""Nodes, from network interfaces and the models of scale sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.cloud.errors import UnexpectedAnswer
from shared.cloud.parse.node import is_primary_interface, model_subnet, node_name, parse_node, pool_name
from tests.support.recorded_arm import GROUP, NETWORK, net, recorded

pytestmark = pytest.mark.disable_socket
NODE_GROUP = "/subscriptions/s1/resourceGroups/MC_shop"
SUBNET = f"{GROUP}/{NETWORK}/virtualNetworks/v/subnets/nodes"
VMSS = "aks-apps-12345678-vmss"


def nic(instance: str = "37", **properties: Any) -> dict[str, Any]:
    configuration = {"properties": {"primary": True, "privateIPAddress": "10.0.0.4", "subnet": {"id": SUBNET}}}
    return {
        "id": f"{NODE_GROUP}/providers/microsoft.Compute/virtualMachineScaleSets/{VMSS}"
        f"/virtualMachines/{instance}/networkInterfaces/{VMSS}",
        "name": VMSS,
        "properties": {"ipConfigurations": [configuration], **properties},
    }


def test_a_node_has_the_name_that_kubernetes_knows() -> None:
    node = parse_node(nic(), {"aks-managed-poolName": "apps"})
    assert node is not None
    assert (node.name, node.pool, node.ip) == (f"{VMSS}000011", "apps", "10.0.0.4")
    assert (node.interface_id, node.subnet_id) == (nic()["id"], SUBNET)


@pytest.mark.parametrize(
    ("instance", "suffix"), [("0", "000000"), ("9", "000009"), ("10", "00000a"), ("35", "00000z"), ("1296", "000100")]
)
def test_instance_numbers_are_six_base_36_digits(instance: str, suffix: str) -> None:
    assert node_name(VMSS, instance) == VMSS + suffix


def test_an_instance_named_by_text_keeps_its_name() -> None:
    assert node_name(VMSS, "aks-apps-vm1") == "aks-apps-vm1"


def test_the_pool_is_the_tag_in_any_case_then_in_the_name_then_unknown() -> None:
    assert pool_name("aks-x-1-vmss", {"AKS-managed-poolname": "tagged"}) == "tagged"
    assert pool_name(VMSS, {}) == "apps"
    assert pool_name("aksnpwin", {}) == ""


def test_pods_and_ipv6_addresses_are_not_the_nodes() -> None:
    def configuration(address: str, primary: bool, version: str = "IPv4") -> dict[str, Any]:
        return {
            "properties": {"privateIPAddress": address, "primary": primary, "privateIPAddressVersion": version},
        }

    node = parse_node(
        nic(
            ipConfigurations=[
                configuration("fd00::4", True, "IPv6"),
                configuration("10.0.0.9", False),
                configuration("10.0.0.4", True),
            ]
        ),
        {},
    )
    assert node is not None
    assert node.ip == "10.0.0.4"


def test_an_interface_without_an_address_is_no_node_yet() -> None:
    assert parse_node(nic(ipConfigurations=[]), {}) is None


def test_an_interface_that_says_nothing_is_the_primary_one() -> None:
    assert is_primary_interface(nic())
    assert is_primary_interface(nic(primary=True))
    assert not is_primary_interface(nic(primary=False))


def test_an_interface_of_something_else_is_refused() -> None:
    with pytest.raises(UnexpectedAnswer, match="scale set"):
        parse_node({"id": net("networkInterfaces", "nic")}, {})


@pytest.mark.parametrize("file", ["cli-vmss-nic-list-2016-03-30", "net-vmss-nic-list-2018-10-01"])
def test_recorded_interfaces(recordings: Path, file: str) -> None:
    items = list(recorded(recordings, f"05-vmss-nics/{file}.json", "ipConfigurations"))
    assert items
    for item in items:
        node = parse_node(item, {})
        assert node is not None
        assert node.ip.startswith("10.0.0.")
        assert node.interface_id == item["id"]
        assert node.subnet_id


def model(*configurations: dict[str, Any]) -> dict[str, Any]:
    interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": list(configurations)}}
    second = {"name": "second", "properties": {"primary": False, "ipConfigurations": [{"properties": {}}]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [second, interface]}}
    return {"name": "aks-user-1-vmss", "properties": {"virtualMachineProfile": profile}}


def test_a_scale_set_s_model_names_the_subnet_of_its_nodes() -> None:
    ipv6 = {"properties": {"privateIPAddressVersion": "IPv6", "primary": True, "subnet": {"id": f"{SUBNET}6"}}}
    ipv4 = {"properties": {"PrivateIPAddressVersion": "ipv4", "primary": True, "Subnet": {"ID": SUBNET}}}
    pods = {"properties": {"primary": False, "subnet": {"id": f"{SUBNET}-pods"}}}
    assert model_subnet(model(ipv6, pods, ipv4)) == SUBNET


@pytest.mark.parametrize(
    "scale_set",
    [
        {"properties": {"orchestrationMode": "Flexible"}},  # it needs no model
        {"properties": {"virtualMachineProfile": None}},
        {"properties": {"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": None}}}},
        model(),
        model({"properties": {"subnet": None}}),
    ],
)
def test_a_scale_set_without_such_a_model_names_none(scale_set: dict[str, Any]) -> None:
    assert model_subnet(scale_set) is None
