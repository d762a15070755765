"""More of what can be written: prefixes, routes and rules, whole virtual networks, zones; and what follows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from simulator.services.authorization.linked import LINKED, linked_actions
from tests.support.clients import SUBSCRIPTION, Azure, azure

GROUP = "shop-network"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/shop-vnet"
FIRST = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def prompt() -> Iterator[Azure]:
    """A storm in which operations take no time."""
    with azure("storm") as running:
        running.simulator.add_event({"settings": {"operation_time_scale": 0}})
        yield running


def standard(**properties: Any) -> dict[str, Any]:
    return {"location": "westeurope", "sku": {"name": "Standard"}, "properties": properties}


def test_a_prefix_gets_a_range_and_public_ips_come_out_of_it(prompt: Azure) -> None:
    network = prompt.network
    prefix = network.public_ip_prefixes.begin_create_or_update(GROUP, "egress", standard(prefixLength=30)).result()
    block = ipaddress.ip_network(prefix.ip_prefix)
    assert block.num_addresses == 4
    reference = {"id": prefix.id}
    made = [
        network.public_ip_addresses.begin_create_or_update(
            GROUP, name, standard(publicIPAllocationMethod="Static", publicIPPrefix=reference)
        ).result()
        for name in ("one", "two")
    ]
    assert [ipaddress.ip_address(each.ip_address) for each in made] == [block[0], block[1]]
    assert len(network.public_ip_prefixes.get(GROUP, "egress").public_ip_addresses) == 2
    network.public_ip_addresses.begin_delete(GROUP, "one").result()
    again = network.public_ip_addresses.begin_create_or_update(
        GROUP, "three", standard(publicIPAllocationMethod="Static", publicIPPrefix=reference)
    ).result()
    assert ipaddress.ip_address(again.ip_address) == block[0], "what is given back can be had again"


def test_a_nat_gateway_with_a_prefix_shows_on_it(prompt: Azure) -> None:
    network = prompt.network
    prefix = network.public_ip_prefixes.begin_create_or_update(GROUP, "egress", standard(prefixLength=31)).result()
    body = standard(publicIpPrefixes=[{"id": prefix.id}])
    gateway = network.nat_gateways.begin_create_or_update(GROUP, "egress", body).result()
    assert gateway.public_ip_prefixes[0].id == prefix.id
    assert network.public_ip_prefixes.get(GROUP, "egress").nat_gateway.id == gateway.id


def test_routes_are_resources_of_their_own(prompt: Azure) -> None:
    network = prompt.network
    network.route_tables.begin_create_or_update(GROUP, "table", {"location": "westeurope"}).result()
    route = {"properties": {"addressPrefix": "10.9.0.0/16", "nextHopType": "None"}}
    made = network.routes.begin_create_or_update(GROUP, "table", "hole", route).result()
    assert made.id.endswith("/routeTables/table/routes/hole")
    assert made.provisioning_state == "Succeeded"
    assert [each.name for each in network.route_tables.get(GROUP, "table").routes] == ["hole"]
    network.routes.begin_delete(GROUP, "table", "hole").result()
    assert list(network.routes.list(GROUP, "table")) == []
    with pytest.raises(ResourceNotFoundError):
        network.routes.get(GROUP, "table", "hole")


def test_security_rules_come_beside_the_default_ones(prompt: Azure) -> None:
    network = prompt.network
    rule = {
        "properties": {
            "protocol": "Tcp",
            "sourcePortRange": "*",
            "destinationPortRange": "443",
            "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*",
            "access": "Allow",
            "priority": 100,
            "direction": "Outbound",
        }
    }
    network.security_rules.begin_create_or_update(GROUP, "shop-nodes-nsg", "https", rule).result()
    group = network.network_security_groups.get(GROUP, "shop-nodes-nsg")
    assert [each.name for each in group.security_rules] == ["https"]
    assert len(group.default_security_rules) == 6
    assert len(group.subnets) == 2


def test_two_writes_of_one_route_table_collide(fresh_storm: Azure) -> None:
    path = f"{NETWORK}/routeTables/table"
    fresh_storm.send("PUT", path, json={"location": "westeurope"})
    fresh_storm.simulator.advance(5)
    route = {"properties": {"addressPrefix": "10.9.0.0/16", "nextHopType": "None"}}
    assert fresh_storm.send("PUT", f"{path}/routes/a", json=route).status_code == 201
    answer = fresh_storm.send("PUT", f"{path}/routes/b", json=route)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RetryableError")
    assert "PutRouteOperation" in answer.json()["error"]["details"][0]["message"]


def test_a_default_route_to_an_appliance_takes_the_traffic_from_the_load_balancer(prompt: Azure) -> None:
    network = prompt.network
    route = {
        "name": "default",
        "properties": {
            "addressPrefix": "0.0.0.0/0",
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": "10.40.9.4",
        },
    }
    body = {"location": "westeurope", "properties": {"routes": [route]}}
    table = network.route_tables.begin_create_or_update(GROUP, "table", body).result()
    for name in ("aks-user", "aks-system"):
        subnet = network.subnets.get(GROUP, "shop-vnet", name)
        subnet.route_table = {"id": table.id}
        network.subnets.begin_create_or_update(GROUP, "shop-vnet", name, subnet).result()
    prompt.simulator.advance(900)
    assert prompt.simulator.state()["clusters"][0]["failedLastMinute"] == {}
    network.routes.begin_delete(GROUP, "table", "default").result()
    prompt.simulator.advance(900)
    assert len(prompt.simulator.state()["clusters"][0]["failedLastMinute"]) == 3


def test_a_virtual_network_without_subnets_in_the_body_keeps_them(prompt: Azure) -> None:
    document = prompt.get(VNET)
    del document["properties"]["subnets"]
    document["tags"] = {"touched": "yes"}
    assert prompt.send("PUT", VNET, json=document).status_code == 200
    assert len(prompt.get(VNET)["properties"]["subnets"]) == 2


def test_an_empty_list_of_subnets_is_refused_while_they_are_used_and_changes_nothing(prompt: Azure) -> None:
    before = prompt.get(VNET)
    document = prompt.get(VNET)
    document["properties"]["subnets"] = []
    document["tags"] = {"touched": "yes"}
    answer = prompt.send("PUT", VNET, json=document)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InUseSubnetCannotBeDeleted")
    assert prompt.get(VNET) == before


def test_a_virtual_network_written_by_code_drops_what_the_code_does_not_know(prompt: Azure) -> None:
    network = prompt.network
    gateway = network.nat_gateways.begin_create_or_update(GROUP, "egress", standard()).result()
    code = prompt.get(VNET)
    subnet = network.subnets.get(GROUP, "shop-vnet", "aks-user")
    subnet.nat_gateway = {"id": gateway.id}
    network.subnets.begin_create_or_update(GROUP, "shop-vnet", "aks-user", subnet).result()
    code.pop("etag")
    for each in code["properties"]["subnets"]:
        each.pop("etag")
    assert prompt.send("PUT", VNET, json=code).status_code == 200
    assert network.subnets.get(GROUP, "shop-vnet", "aks-user").nat_gateway is None


def test_zonal_gateways_take_addresses_of_their_zone_or_of_all(prompt: Azure) -> None:
    network = prompt.network
    zones = {"mine": ["1"], "everywhere": ["1", "2", "3"], "regional": None}
    for name, where in zones.items():
        body = standard(publicIPAllocationMethod="Static") | ({"zones": where} if where else {})
        network.public_ip_addresses.begin_create_or_update(GROUP, name, body).result()
    references = [{"id": f"{NETWORK}/publicIPAddresses/{name}"} for name in zones]
    body = standard(publicIpAddresses=references) | {"zones": ["1"]}
    gateway = network.nat_gateways.begin_create_or_update(GROUP, "zonal", body).result()
    assert gateway.zones == ["1"]
    body = standard(publicIpAddresses=references) | {"sku": {"name": "StandardV2"}}
    with pytest.raises(HttpResponseError):
        network.nat_gateways.begin_create_or_update(GROUP, "newer", body)


def test_another_gateway_may_replace_the_first_where_the_scenario_says_so(prompt: Azure) -> None:
    network = prompt.network
    prompt.simulator.add_event({"settings": {"second_nat_gateway": "replaces"}})
    for name in ("first", "second"):
        gateway = network.nat_gateways.begin_create_or_update(GROUP, name, standard()).result()
        subnet = network.subnets.get(GROUP, "shop-vnet", "aks-user")
        subnet.nat_gateway = {"id": gateway.id}
        network.subnets.begin_create_or_update(GROUP, "shop-vnet", "aks-user", subnet).result()
    assert network.subnets.get(GROUP, "shop-vnet", "aks-user").nat_gateway.id.endswith("/second")


def test_polling_needs_a_role_only_where_the_scenario_says_so(fresh_storm: Azure) -> None:
    poll = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/operations/x"
    fresh_storm.simulator.add_event({"take_role": {"identity": fresh_storm.client_id}})
    assert fresh_storm.send("GET", poll).status_code == 404
    fresh_storm.simulator.add_event({"settings": {"operation_polls_need_role": True}})
    answer = fresh_storm.send("GET", poll)
    assert answer.status_code == 403
    assert "Microsoft.Network/locations/operations/read" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "name", "action"),
    [(kind, name, action) for kind, names in LINKED.items() for name, action in names.items()],
)
def test_each_reference_needs_its_join(kind: str, name: str, action: str) -> None:
    listed = name[-1] == "s" or name.endswith("V6") or name == "serviceEndpointPolicies"
    reference: Any = {"id": "/subscriptions/s/x"}
    body = {"properties": {name: [reference] if listed else reference}}
    assert list(linked_actions(kind, body)) == [(action, "/subscriptions/s/x")]
    if kind.endswith("/subnets"):
        whole = {"properties": {"subnets": [body]}}
        assert list(linked_actions("microsoft.network/virtualnetworks", whole)) == [(action, "/subscriptions/s/x")]


def test_a_dual_stack_subnet_shows_both_prefixes() -> None:
    with azure("dual-stack", FIRST) as running:
        subnet = running.network.subnets.get("dual-network", "dual-vnet", "nodes")
        assert subnet.address_prefixes == ["10.88.0.0/24", "fd00:db8:dead:1::/64"]
        assert subnet.address_prefix is None
        cluster = running.containerservice.managed_clusters.get("dual", "dual")
        assert cluster.network_profile.ip_families == ["IPv4", "IPv6"]
        answer = running.send("PUT", subnet.id, json={"properties": {"addressPrefixes": subnet.address_prefixes}})
        assert answer.status_code == 200


def test_nodes_with_public_ips_are_unknown_to_the_load_balancer() -> None:
    with azure("node-public-ips", FIRST) as running:
        pools = {pool.name: pool for pool in running.containerservice.agent_pools.list("games", "games")}
        assert (pools["servers"].enable_node_public_ip, pools["system"].enable_node_public_ip) == (True, False)
        truth = [
            each["pool_instance"] for each in running.simulator._control("GET", "/_sim/truth")["clusters"][0]["nodes"]
        ]
        assert truth == ["system/1", "system/3"]
