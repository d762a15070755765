"""Public IPs of nodes: one list for each scale set, single ones by themselves, and what can't be read is named."""

from __future__ import annotations

from typing import Any

import pytest

from shared.cloud.discovery import Discovery
from shared.cloud.errors import NotFound, Throttled, Unavailable
from shared.cloud.network_facts import NetworkReading
from shared.cloud.parse.node import parse_node
from shared.model.load_balancer import Node
from shared.model.network import PublicIp
from shared.model.resource_id import ArmId
from shared.model.unreadable import Unreadable
from tests.support.builders import cluster
from tests.support.canned import Answer, Canned, forbidden

GROUP = "/subscriptions/s1/resourceGroups/MC_prod/providers"
SCALE_SET = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/aks-edge-1-vmss"
PREFIX = f"{GROUP}/Microsoft.Network/publicIPPrefixes/egress"
ALONE = f"{GROUP}/Microsoft.Network/publicIPAddresses/machine"
LIST = f"{SCALE_SET}/publicIPAddresses"


def ip_id(instance: int, scale_set: str = SCALE_SET) -> str:
    return f"{scale_set}/virtualMachines/{instance}/networkInterfaces/nic/ipConfigurations/c/publicIPAddresses/pip"


def row(instance: int, **properties: Any) -> dict[str, Any]:
    return {"id": ip_id(instance), "name": "pip", "properties": {"ipAddress": f"203.0.113.{instance}", **properties}}


def node(*ids: str) -> Node:
    return Node("n", "edge", "10.0.0.4", public_ip_ids=tuple(map(ArmId, ids)))


def read_node_ips(canned: Canned, *nodes: Node) -> tuple[tuple[PublicIp, ...], list[Unreadable]]:
    reading = NetworkReading(canned.arm, Discovery(canned.arm), cluster(), None, (), "", False, ())
    return reading.node_ips(nodes), reading.unreadable


PREFIX_ROW = {"id": PREFIX, "name": "egress", "properties": {"ipPrefix": "198.51.100.8/30"}}
MACHINE = {"id": ALONE, "name": "machine", "properties": {"ipAddress": "203.0.113.99"}}
ANSWERS: dict[str, Answer] = {
    LIST: [row(0), row(1, publicIPPrefix={"id": PREFIX}), row(7)],
    PREFIX: PREFIX_ROW,
    ALONE: MACHINE,
}


def test_each_scale_set_is_asked_once_and_each_prefix_too() -> None:
    canned = Canned(ANSWERS)
    found, unreadable = read_node_ips(canned, node(ip_id(0).upper(), ALONE), node(ip_id(1)), node())
    assert {ip.address for ip in found} == {"203.0.113.0", "203.0.113.1", "203.0.113.99", "198.51.100.8/30"}
    assert unreadable == []
    assert len(canned.asked) == 3


def test_without_nodes_with_public_ips_nobody_is_asked() -> None:
    canned = Canned({})
    assert read_node_ips(canned, node(), node()) == ((), [])
    assert canned.asked == []


@pytest.mark.parametrize(
    "error",
    [forbidden("the/action"), NotFound("GET", "gone", status=404), Throttled("GET", "no"), Unavailable("GET", "503")],
)
@pytest.mark.parametrize(("path", "left"), [(LIST, 1), (PREFIX, 3), (ALONE, 3)])
def test_what_can_not_be_read_is_named_and_the_rest_is_there(error: Exception, path: str, left: int) -> None:
    canned = Canned(ANSWERS | {path: error})
    found, unreadable = read_node_ips(canned, node(ip_id(0), ip_id(1), ALONE))
    assert len(found) == left
    assert [str(entry).startswith("public IPs of ") for entry in unreadable] == [True]


@pytest.mark.parametrize(
    "odd", [{"id": 1}, {"properties": {"ipAddress": []}}, {"id": ip_id(0), "properties": {"publicIPPrefix": "p"}}]
)
def test_an_odd_row_hides_no_other(odd: dict[str, Any]) -> None:
    found, unreadable = read_node_ips(Canned({LIST: [odd, row(1)]}), node(ip_id(0), ip_id(1)))
    assert [ip.address for ip in found] == ["203.0.113.1"]
    assert len(unreadable) == 1


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"publicIPAddress": {"id": ip_id(0)}}, [ip_id(0)]),
        ({"PublicIpAddress": {"ID": ip_id(0)}, "privateIPAddressVersion": "IPv4"}, [ip_id(0)]),
        ({"publicIPAddress": {"id": ip_id(0)}, "privateIPAddressVersion": "IPv6"}, []),
        ({"publicIPAddress": None}, []),
        ({}, []),
    ],
)
def test_a_node_has_the_public_ips_of_all_its_ipv4_configurations(
    properties: dict[str, Any], expected: list[str]
) -> None:
    primary = {"properties": {"primary": True, "privateIPAddress": "10.0.0.4"}}
    nic = {
        "id": f"{SCALE_SET}/virtualMachines/0/networkInterfaces/nic",
        "properties": {"ipConfigurations": [primary, {"properties": {"primary": False, **properties}}]},
    }
    found = parse_node(nic, {})
    assert found is not None
    assert list(found.public_ip_ids) == expected
