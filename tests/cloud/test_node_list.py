"""Nodes of every kind are found, and one list that can't be read hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.cloud.errors import NotFound, Throttled, Unavailable
from shared.cloud.node_list import read_nodes
from shared.model.cluster import Cluster
from shared.model.load_balancer import NodeList
from tests.support.builders import NODE_GROUP, SUBSCRIPTION, USER_SUBNET, cluster

from ..support.canned import Answer, Canned, forbidden

PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NODE_GROUP}/providers"
SCALE_SETS = f"{PROVIDERS}/Microsoft.Compute/virtualMachineScaleSets"
MACHINES = f"{PROVIDERS}/Microsoft.Compute/virtualMachines"
NICS = f"{PROVIDERS}/Microsoft.Network/networkInterfaces"
MISSING = NotFound("GET networkInterfaces", "Resource not found", status=404)
BUSY = Throttled("GET networkInterfaces", "slow down", status=429)
DOWN = Unavailable("GET networkInterfaces", "try later", status=503)


def configured(address: str) -> dict[str, Any]:
    properties = {"primary": True, "privateIPAddress": address, "subnet": {"id": USER_SUBNET}}
    return {"ipConfigurations": [{"properties": properties}]}


def nic(scale_set: str, instance: int, address: str, primary: bool = True) -> dict[str, Any]:
    nic_id = f"{SCALE_SETS}/{scale_set}/virtualMachines/{instance}/networkInterfaces/n"
    return {"id": nic_id, "properties": {"primary": primary, **configured(address)}}


def machine_nic(machine: str, address: str, tags: dict[str, str] | None = None) -> dict[str, Any]:
    properties = {"virtualMachine": {"id": f"{MACHINES}/{machine}"}, **configured(address)}
    return {"id": f"{NICS}/{machine}-nic", "tags": tags, "properties": properties}


SYSTEM: dict[str, Answer] = {
    SCALE_SETS: [{"name": "aks-sys-1-vmss"}],
    f"{SCALE_SETS}/aks-sys-1-vmss/networkInterfaces": [nic("aks-sys-1-vmss", 0, "10.0.1.4")],
    NICS: [],
}


def nodes(answers: Mapping[str, Answer], of: Cluster | None = None) -> NodeList:
    return read_nodes(Canned({**SYSTEM, **answers}).arm, of or cluster())


def test_instances_are_the_primary_interfaces_of_every_scale_set() -> None:
    found = nodes(
        {
            SCALE_SETS: [
                {"name": "aks-user-1-vmss", "tags": {"aks-managed-poolName": "apps"}},
                {"name": "aks-sys-1-vmss"},
            ],
            f"{SCALE_SETS}/aks-user-1-vmss/networkInterfaces": [
                nic("aks-user-1-vmss", 11, "10.0.0.12"),
                nic("aks-user-1-vmss", 2, "10.0.0.11"),
                nic("aks-user-1-vmss", 2, "10.9.0.1", primary=False),
            ],
        }
    )
    assert (found.is_complete, found.unreadable) == (True, ())
    assert [(node.name, node.pool, node.ip) for node in found.nodes] == [
        ("aks-sys-1-vmss000000", "sys", "10.0.1.4"),
        ("aks-user-1-vmss000002", "apps", "10.0.0.11"),
        ("aks-user-1-vmss00000b", "apps", "10.0.0.12"),
    ]


def test_machines_in_no_scale_set_are_nodes_by_their_own_names() -> None:
    """Names as in kubernetes/autoscaler's azure_agent_pool_test.go, tags as in Azure/karpenter-provider-azure."""
    private_endpoint = {"id": f"{NICS}/kube-apiserver.nic.1", "properties": configured("10.0.0.9")}
    pod = machine_nic("aks-app1-13222729-vms0", "10.0.0.10")
    pod["properties"]["primary"] = False
    found = nodes(
        {
            NICS: [
                machine_nic("aks-app1-13222729-vms0", "10.0.0.4"),
                machine_nic("aks-default-x7k2p", "10.0.2.4", {"Karpenter.sh_nodepool": "default"}),
                machine_nic("aks-app2-13222729-vms1", "10.0.0.5", {"aks-managed-poolName": "tagged"}),
                private_endpoint,
                {"id": f"{NICS}/detached", "properties": {"virtualMachine": None}},
                pod | {"id": f"{NICS}/second"},
            ]
        }
    )
    assert [(node.name, node.pool, node.ip, node.subnet_id == USER_SUBNET) for node in found.nodes] == [
        ("aks-app1-13222729-vms0", "app1", "10.0.0.4", True),
        ("aks-app2-13222729-vms1", "tagged", "10.0.0.5", True),
        ("aks-default-x7k2p", "default", "10.0.2.4", True),
        ("aks-sys-1-vmss000000", "sys", "10.0.1.4", True),
    ]
    assert found.is_complete


@pytest.mark.parametrize(
    ("scale_set", "nics", "is_complete", "is_unreadable"),
    [
        ({"sku": {"capacity": 0}}, MISSING, True, False),
        ({"sku": {"capacity": 3}, "properties": {"orchestrationMode": "flexible"}}, MISSING, True, False),
        ({"sku": {"capacity": 3}}, MISSING, False, False),  # deleted between the two calls
        ({"sku": None, "properties": None}, MISSING, False, False),
        ({}, BUSY, False, True),
        ({}, DOWN, False, True),
        ({}, forbidden(), False, True),
        ({}, [{"id": f"{SCALE_SETS}/odd/virtualMachines/0/networkInterfaces/n"}], False, False),  # no address yet
        ({}, [{"id": "nonsense"}], False, True),
        ({"sku": "Standard"}, [], False, True),
    ],
)
def test_a_scale_set_that_cant_be_read_hides_no_other(
    scale_set: dict[str, Any], nics: Answer, is_complete: bool, is_unreadable: bool
) -> None:
    odd = {"name": "odd", **scale_set}
    found = nodes({SCALE_SETS: [odd, {"name": "aks-sys-1-vmss"}], f"{SCALE_SETS}/odd/networkInterfaces": nics})
    assert [node.ip for node in found.nodes] == ["10.0.1.4"]
    assert (found.is_complete, bool(found.unreadable)) == (is_complete, is_unreadable)


@pytest.mark.parametrize("refused", [MISSING, BUSY, DOWN, forbidden("Microsoft.Network/networkInterfaces/read")])
@pytest.mark.parametrize(("path", "left"), [(SCALE_SETS, ["aks-app1-13222729-vms0"]), (NICS, ["aks-sys-1-vmss000000"])])
def test_a_kind_of_node_that_cant_be_listed_hides_no_other(path: str, left: list[str], refused: Exception) -> None:
    found = nodes({NICS: [machine_nic("aks-app1-13222729-vms0", "10.0.0.4")], path: refused})
    assert [node.name for node in found.nodes] == left
    assert not found.is_complete
    assert str(refused) in found.unreadable[0]


@pytest.mark.parametrize(
    "virtual_machine", [{"id": 5}, {"id": "nonsense"}, "text", ["/a"]], ids=["number", "no id", "text", "list"]
)
def test_an_odd_row_hides_no_other(virtual_machine: Any) -> None:
    odd = {"id": f"{NICS}/odd", "properties": {"virtualMachine": virtual_machine, **configured("10.0.0.5")}}
    found = nodes({NICS: [odd, machine_nic("aks-app1-13222729-vms0", "10.0.0.4")]})
    assert [node.ip for node in found.nodes] == ["10.0.0.4", "10.0.1.4"]
    assert not found.is_complete
    assert "odd" in found.unreadable[0]


@pytest.mark.parametrize("hidden", [cluster(pools=()), cluster(has_hosted_pools=True)])
def test_nodes_that_aks_hosts_are_in_no_list(hidden: Cluster) -> None:
    assert not nodes({}, hidden).is_complete


def test_where_scale_sets_have_every_ip_in_trouble_nothing_else_is_asked() -> None:
    """One request less for each failing cluster of a fleet."""
    azure = Canned({**SYSTEM, NICS: [machine_nic("aks-app1-13222729-vms0", "10.0.0.4")]})
    found = read_nodes(azure.arm, cluster(), {"10.0.1.4"})
    assert [node.ip for node in found.nodes] == ["10.0.1.4"]
    assert not found.is_complete, "so no other IP is called gone"
    assert NICS not in azure.asked
    found = read_nodes(azure.arm, cluster(), {"10.0.1.4", "10.0.0.4"})
    assert [node.ip for node in found.nodes] == ["10.0.0.4", "10.0.1.4"]
    assert found.is_complete
