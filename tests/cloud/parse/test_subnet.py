"""Subnets and routes: what is read of them, and what may be written back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.cloud.errors import UnexpectedAnswer
from shared.cloud.parse.subnet import parse_routes, parse_subnet, parse_vnet
from shared.model.network import Route
from tests.support.recorded_arm import GATEWAY, GROUP, NETWORK, TABLE, net, recorded

pytestmark = pytest.mark.disable_socket
SUBNET = f"{GROUP}/{NETWORK}/virtualNetworks/v/subnets/nodes"
NSG = net("networkSecurityGroups", "nsg")
POOL = net("networkManagers", "avnm/ipamPools/nodes")


def subnet() -> dict[str, Any]:
    return {
        "id": SUBNET,
        "name": "nodes",
        "etag": 'W/"1"',
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": "10.0.0.0/24",
            "networkSecurityGroup": {"id": NSG},
            "routeTable": {"id": TABLE},
            "natGateway": {"id": GATEWAY},
            "serviceEndpoints": [
                {"service": "Microsoft.Storage", "locations": ["westeurope"], "provisioningState": "Succeeded"}
            ],
            "delegations": [
                {
                    "name": "d",
                    "id": f"{SUBNET}/delegations/d",
                    "etag": 'W/"1"',
                    "properties": {"serviceName": "S", "actions": ["a"], "provisioningState": "Succeeded"},
                }
            ],
            "ipamPoolPrefixAllocations": [{"pool": {"id": POOL}, "allocatedAddressPrefixes": ["10.0.0.0/24"]}],
            "ipConfigurations": [{"id": "nic-1"}, {"id": "nic-2"}],
            "privateEndpoints": [{"id": "pe"}],
            "purpose": "PrivateEndpoints",
            "resourceNavigationLinks": [],
            "serviceAssociationLinks": [],
            "ipConfigurationProfiles": [],
            "defaultOutboundAccess": False,
            "privateEndpointNetworkPolicies": "Disabled",
            "fromTheFuture": {"actions": [{"keep": None}], "level": 7},
            "absent": None,
        },
    }


def test_the_writable_projection_keeps_all_but_what_only_azure_writes() -> None:
    assert parse_subnet(subnet()).properties == {
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": NSG},
        "routeTable": {"id": TABLE},
        "natGateway": {"id": GATEWAY},
        "serviceEndpoints": [{"service": "Microsoft.Storage", "locations": ["westeurope"]}],
        "delegations": [{"name": "d", "id": f"{SUBNET}/delegations/d", "properties": {"serviceName": "S"}}],
        "ipamPoolPrefixAllocations": [{"pool": {"id": POOL}}],
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Disabled",
        "fromTheFuture": {"actions": [{"keep": None}], "level": 7},
    }


def test_a_subnet_as_it_is_read() -> None:
    found = parse_subnet(subnet())
    assert (found.etag, found.provisioning_state) == ('W/"1"', "Succeeded")
    assert (found.nat_gateway_id, found.route_table_id) == (GATEWAY, TABLE)
    assert found.attached_ids == ("nic-1", "nic-2")
    assert found.routes == ()


def test_a_subnet_without_gateway_and_route_table_has_none() -> None:
    item = subnet()
    item["properties"] = {"addressPrefix": "10.0.0.0/24", "natGateway": None}
    found = parse_subnet(item)
    assert (found.nat_gateway_id, found.route_table_id, found.attached_ids) == (None, None, ())
    assert found.properties == {"addressPrefix": "10.0.0.0/24"}


def test_the_projection_is_what_the_sdk_would_send_back() -> None:
    from azure.mgmt.network import models

    item = subnet()
    del item["properties"]["absent"]
    model = models.Subnet(item)
    assert parse_subnet(item).properties == model.as_dict(exclude_readonly=True)["properties"]


def test_what_a_recorded_client_wrote_back_is_what_the_projection_keeps(recordings: Path) -> None:
    """Azure CLI's own read-modify-write of a subnet, which kept everything."""
    file = recordings / "03-subnets" / "cli-subnet-nsg-set-and-clear-2023-09-01.json"
    exchanges = json.loads(file.read_text())["exchanges"]
    put = next(exchange for exchange in exchanges if exchange["request"]["method"] == "PUT")
    written = put["request"]["body"]["properties"]
    assert parse_subnet(put["response"]["body"]).properties == written


def test_recorded_subnets_in_use(recordings: Path) -> None:
    file = "03-subnets/cli-byo-subnet-in-use-2022-01-01.json"
    found = [parse_subnet(item) for item in recorded(recordings, file, "addressPrefix")]
    assert any(one.attached_ids for one in found)
    for one in found:
        assert {"addressPrefix", "serviceEndpoints"} <= set(one.properties)
        assert not {"ipConfigurations", "provisioningState"} & set(one.properties)


@pytest.mark.parametrize(
    "odd",
    [
        {"networkSecurityGroup": {"id": "nsg"}},
        {"ipamPoolPrefixAllocations": [{"pool": {"id": 5}}]},
        {"ipamPoolPrefixAllocations": {"pool": {"id": POOL}}},
        {"serviceEndpointPolicies": ["policy"]},
    ],
)
def test_a_subnet_whose_links_are_no_ids_can_not_be_read(odd: dict[str, Any]) -> None:
    item = subnet()
    item["properties"] |= odd
    with pytest.raises(UnexpectedAnswer):
        parse_subnet(item)


def test_routes_are_read_with_prefix_and_next_hop() -> None:
    def route(name: str, prefix: str, hop: str, **more: str) -> dict[str, Any]:
        return {"name": name, "properties": {"addressPrefix": prefix, "nextHopType": hop, **more}}

    table = {
        "properties": {
            "routes": [
                route("local", "10.0.0.0/8", "VnetLocal"),
                route("out", "0.0.0.0/0", "VirtualAppliance", nextHopIpAddress="10.1.0.4"),
            ]
        }
    }
    assert parse_routes(table) == (
        Route("local", "10.0.0.0/8", "VnetLocal"),
        Route("out", "0.0.0.0/0", "VirtualAppliance", "10.1.0.4"),
    )
    assert parse_routes({"properties": {"routes": [{"name": "odd", "properties": None}]}}) == (Route("odd", "", ""),)
    assert parse_routes({"properties": {"routes": []}}) == parse_routes({"properties": {}}) == ()
    for odd in ([{"properties": {"addressPrefix": ["0.0.0.0/0"]}}], {"routes": 1}, ["0.0.0.0/0"]):
        with pytest.raises(UnexpectedAnswer):
            parse_routes({"properties": {"routes": odd}})


@pytest.mark.parametrize("name", ["GatewaySubnet", "RouteServerSubnet", "routeserversubnet"])
def test_a_network_with_a_gateway_or_a_route_server_learns_routes(name: str) -> None:
    item = {"id": net("virtualNetworks", "v"), "location": "westeurope", "properties": {"subnets": [{"name": name}]}}
    assert parse_vnet(item).learns_routes
    item["properties"] = {"subnets": [{"name": f"{name}s"}, {"name": None}]}
    assert not parse_vnet(item).learns_routes


def model(*configurations: dict[str, Any]) -> dict[str, Any]:
    interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": list(configurations)}}
    second = {"name": "second", "properties": {"primary": False, "ipConfigurations": [{"properties": {}}]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [second, interface]}}
    return {"name": "aks-user-1-vmss", "properties": {"virtualMachineProfile": profile}}
