"""Resource Manager's JSON becomes our nouns, whatever its case and however much of it is absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.cloud.errors import UnexpectedAnswer
from shared.cloud.parse.cluster import parse_cluster
from shared.cloud.parse.load_balancer import parse_load_balancer
from shared.cloud.parse.nat_gateway import WRITABLE, parse_nat_gateway, parse_public_ip
from shared.cloud.parse.node import is_primary_interface, model_subnet, node_name, parse_node, pool_name
from shared.cloud.parse.subnet import parse_routes, parse_subnet, parse_vnet
from shared.model.cluster import VnetOwnership
from shared.model.network import Route

pytestmark = pytest.mark.disable_socket

GROUP = "/subscriptions/s1/resourceGroups/shop"
NODE_GROUP = "/subscriptions/s1/resourceGroups/MC_shop"
NETWORK = "providers/Microsoft.Network"
SUBNET = f"{GROUP}/{NETWORK}/virtualNetworks/v/subnets/nodes"


def net(kind: str, name: str) -> str:
    return f"{GROUP}/{NETWORK}/{kind}/{name}"


GATEWAY, TABLE = net("natGateways", "ng"), net("routeTables", "rt")
IP, PREFIX = net("publicIPAddresses", "ip"), net("publicIPPrefixes", "p")
LB = f"{NODE_GROUP}/{NETWORK}/loadBalancers/kubernetes"


def bare_cluster(**properties: Any) -> dict[str, Any]:
    return {
        "id": "/subscriptions/s1/resourcegroups/shop/providers/Microsoft.ContainerService/managedClusters/prod",
        "name": "prod",
        "location": "westeurope",
        "properties": {"nodeResourceGroup": "MC_shop", **properties},
    }


def recorded(folder: Path, name: str, key: str) -> Iterator[dict[str, Any]]:
    """Every successful answer that is one resource with ``key`` among its properties, or a list of such."""
    for exchange in json.loads((folder / name).read_text())["exchanges"]:
        body = exchange["response"].get("body") or {}
        for item in body.get("value", [body]):
            if exchange["response"]["status"] in (200, 201) and key in item.get("properties", {}):
                yield item


# --- cluster ---


def test_what_a_cluster_does_not_say_has_aks_defaults() -> None:
    cluster = parse_cluster(bare_cluster())
    assert cluster.outbound_type == "loadBalancer"
    assert cluster.load_balancer_sku == "standard"
    assert cluster.load_balancer_profile.allocated_outbound_ports == 0
    assert cluster.load_balancer_profile.idle_timeout_minutes == 30
    assert cluster.load_balancer_profile.managed_outbound_ip_count is None
    assert (cluster.is_private, cluster.authorized_ip_ranges, cluster.pools, cluster.tags) == (False, (), (), {})
    assert cluster.resource_group == "shop"


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("LoadBalancer", "loadBalancer"),
        ("USERDEFINEDROUTING", "userDefinedRouting"),
        ("managedNatGateway", "managedNATGateway"),
        ("somethingNew", "somethingNew"),
    ],
)
def test_outbound_types_are_known_in_any_case(given: str, understood: str) -> None:
    assert parse_cluster(bare_cluster(networkProfile={"outboundType": given})).outbound_type == understood


@pytest.mark.parametrize(
    ("pool", "is_gateway", "has_host_snat"),
    [
        ({"mode": "Gateway", "osType": "Linux"}, True, False),
        ({"mode": "gateway", "osType": None}, True, False),
        ({"mode": "User", "osType": "Windows"}, False, True),
        ({"mode": "User", "osType": "WINDOWS", "windowsProfile": {"disableOutboundNat": False}}, False, True),
        ({"mode": "User", "osType": "Windows", "windowsProfile": {"disableOutboundNat": True}}, False, False),
        ({"mode": "User", "osType": "Windows", "windowsProfile": None}, False, True),
        ({}, False, False),
    ],
)
def test_gateway_pools_and_windows_pools_are_known(pool: dict[str, Any], is_gateway: bool, has_host_snat: bool) -> None:
    item = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c",
        "name": "c",
        "location": "westeurope",
        "properties": {"nodeResourceGroup": "MC", "agentPoolProfiles": [{"name": "p", "count": 2, **pool}]},
    }
    (found,) = parse_cluster(item).pools
    assert (found.is_egress_gateway, found.has_host_snat) == (is_gateway, has_host_snat)


def test_a_cluster_with_everything_said() -> None:
    cluster = parse_cluster(
        bare_cluster(
            provisioningState="Updating",
            powerState={"code": "Stopped"},
            apiServerAccessProfile={"authorizedIPRanges": ["203.0.113.0/24"], "enablePrivateCluster": True},
            networkProfile={
                "networkPlugin": "Azure",
                "loadBalancerSku": "Standard",
                "loadBalancerProfile": {
                    "allocatedOutboundPorts": 2048,
                    "idleTimeoutInMinutes": 15,
                    "managedOutboundIPs": {"count": 2},
                    "effectiveOutboundIPs": [{"id": "ip-1"}, {"id": "ip-2"}],
                },
            },
            agentPoolProfiles=[
                {
                    "name": "apps",
                    "mode": "User",
                    "count": 9,
                    "enableAutoScaling": True,
                    "maxCount": 30,
                    "upgradeSettings": {"maxSurge": "33%"},
                    "vnetSubnetID": SUBNET,
                    "podSubnetID": SUBNET + "-pods",
                    "availabilityZones": ["1", "2"],
                },
                {"name": "old", "count": 3, "maxCount": 50, "vnetSubnetID": SUBNET},
            ],
        )
    )
    assert (cluster.provisioning_state, cluster.power_state) == ("Updating", "Stopped")
    assert cluster.is_private
    assert cluster.authorized_ip_ranges == ("203.0.113.0/24",)
    assert cluster.load_balancer_sku == "standard"
    profile = cluster.load_balancer_profile
    assert (profile.allocated_outbound_ports, profile.idle_timeout_minutes) == (2048, 15)
    assert profile.managed_outbound_ip_count == 2
    apps, old = cluster.pools
    assert (apps.max_count, apps.max_surge, apps.zones) == (30, "33%", ("1", "2"))
    assert apps.pod_subnet_id == SUBNET + "-pods"
    assert (old.max_count, old.is_system) == (3, True), "no autoscaler: the count; no mode: handled with most care"
    assert cluster.vnet_ownership is VnetOwnership.OWN


VM_POOL = {"name": "app1", "type": "VirtualMachines", "count": None, "vnetSubnetID": SUBNET}
TWO_SIZES = [{"size": "Standard_D2s_v3", "count": 12}, {"size": "Standard_D2s_v2", "count": 3}]


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"virtualMachineNodesStatus": TWO_SIZES}, (15, 15)),
        ({"virtualMachineNodesStatus": TWO_SIZES, "count": 0}, (15, 15)),
        (
            {
                "virtualMachineNodesStatus": TWO_SIZES,
                "virtualMachinesProfile": {"scale": {"autoscale": {"minCount": 1, "maxCount": 40}}},
            },
            (15, 40),
        ),
        (
            {
                "virtualMachineNodesStatus": TWO_SIZES,
                "virtualMachinesProfile": {"scale": {"autoscale": [{"maxCount": 20}, {"maxCount": 10}]}},
            },
            (15, 30),
        ),
        (
            {
                "VirtualMachineNodesStatus": TWO_SIZES,
                "virtualMachinesProfile": {"scale": {"manual": [{"count": 9}, {"count": 9}]}},
            },
            (15, 18),
        ),
        (
            {
                "virtualMachineNodesStatus": TWO_SIZES,
                "virtualMachinesProfile": {"scale": {"autoscale": [{"maxCount": 20}], "manual": [{"count": 3}]}},
            },
            (15, 23),
        ),
        (
            {
                "virtualMachineNodesStatus": TWO_SIZES,
                "virtualMachinesProfile": {"scale": {"autoscale": [{"maxCount": 20}, {"maxCount": None}]}},
            },
            (15, None),
        ),
        ({"type": "VirtualMachineScaleSets", "count": 4, "enableAutoScaling": True, "maxCount": None}, (4, None)),
        ({"virtualMachineNodesStatus": None, "virtualMachinesProfile": None}, (0, None)),
        ({"type": "VirtualMachineScaleSets", "enableAutoScaling": True, "maxCount": 7}, (0, 7)),
    ],
)
def test_nodes_of_a_virtual_machines_pool_are_counted_by_size(
    given: dict[str, Any], counts: tuple[int, int | None]
) -> None:
    (pool,) = parse_cluster(bare_cluster(agentPoolProfiles=[VM_POOL | given])).pools
    assert (pool.count, pool.max_count) == counts


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"mode": "Auto", "defaultNodePools": "None"}, True),
        ({"Mode": "auto"}, True),
        ({"mode": "Manual"}, False),
        ({"mode": None}, False),
        (None, False),
    ],
)
def test_node_auto_provisioning_is_seen(profile: Any, expected: bool) -> None:
    assert parse_cluster(bare_cluster(nodeProvisioningProfile=profile)).has_auto_provisioning is expected


def test_a_stopped_pool_has_no_node_and_keeps_its_maximum() -> None:
    stopped = {"name": "apps", "count": 5, "powerState": {"code": "Stopped"}}
    (pool,) = parse_cluster(bare_cluster(agentPoolProfiles=[stopped])).pools
    assert (pool.count, pool.max_count) == (0, 5)


def test_subnets_of_hosted_system_pools_are_the_clusters_own() -> None:
    hosted = {"enabled": True, "nodeSubnetID": SUBNET, "systemNodeSubnetID": SUBNET + "-system"}
    cluster = parse_cluster(bare_cluster(hostedSystemProfile=hosted))
    assert cluster.vnet_ownership is VnetOwnership.OWN
    assert cluster.subnet_ids == (SUBNET, SUBNET + "-system")
    assert (cluster.has_hosted_pools, cluster.shows_every_node) == (True, False)


@pytest.mark.parametrize(
    ("hosted", "is_hosted"),
    [
        (None, False),
        ({}, False),
        ({"enabled": False}, False),
        ({"enabled": True}, True),
        ({"enabled": None, "nodeSubnetID": None, "systemNodeSubnetID": ""}, True),
        ({"Enabled": True, "NODESUBNETID": SUBNET.replace("/shop/", "/mc_SHOP/")}, True),  # AKS's own
    ],
)
def test_whose_network_it_is_is_unknown_where_no_pool_and_no_subnet_is_named(hosted: Any, is_hosted: bool) -> None:
    cluster = parse_cluster(bare_cluster(hostedSystemProfile=hosted))
    assert (cluster.has_hosted_pools, cluster.hosted_subnet_ids) == (is_hosted, ())
    assert cluster.vnet_ownership is VnetOwnership.UNKNOWN


def test_null_is_absent() -> None:
    cluster = parse_cluster({**bare_cluster(networkProfile=None, agentPoolProfiles=None), "tags": None})
    assert (cluster.outbound_type, cluster.pools, cluster.tags) == ("loadBalancer", (), {})


def test_a_cluster_without_its_node_resource_group_is_not_guessed_at() -> None:
    broken = bare_cluster()
    del broken["properties"]["nodeResourceGroup"]
    with pytest.raises(UnexpectedAnswer, match="nodeResourceGroup"):
        parse_cluster(broken)


@pytest.mark.parametrize(
    ("file", "outbound_type", "ownership"),
    [
        ("aks-lb-managed-ip-overlay-2025-09-02-preview", "loadBalancer", VnetOwnership.MANAGED),
        ("aks-byo-vnet-subnet", "loadBalancer", VnetOwnership.OWN),
        ("aks-lb-kubenet-ga-2023-10-01", "loadBalancer", VnetOwnership.MANAGED),
        ("aks-lb-outbound-prefix-2023", "loadBalancer", VnetOwnership.MANAGED),
        ("aks-managed-natgateway-2025-preview", "managedNATGateway", VnetOwnership.MANAGED),
    ],
)
def test_recorded_clusters(recordings: Path, file: str, outbound_type: str, ownership: VnetOwnership) -> None:
    found = [parse_cluster(item) for item in recorded(recordings, f"06-managedclusters/{file}.json", "networkProfile")]
    assert found
    for cluster in found:
        assert cluster.outbound_type == outbound_type
        assert cluster.vnet_ownership is ownership
        assert cluster.node_resource_group.startswith("MC_")
        assert cluster.load_balancer_sku == "standard"
        assert cluster.pools
        assert all(pool.count > 0 and pool.is_system for pool in cluster.pools)


def test_a_recorded_cluster_with_own_ips_and_fixed_ports(recordings: Path) -> None:
    file = "06-managedclusters/aks-lb-own-outbound-ips-and-allocated-ports.json"
    profiles = [parse_cluster(item).load_balancer_profile for item in recorded(recordings, file, "networkProfile")]
    assert [profile.allocated_outbound_ports for profile in profiles] == [0, 200]


def test_a_recorded_change_of_outbound_type(recordings: Path) -> None:
    file = "06-managedclusters/aks-update-slb-to-managed-natgateway.json"
    types = [parse_cluster(item).outbound_type for item in recorded(recordings, file, "networkProfile")]
    assert (types[0], types[-1]) == ("loadBalancer", "managedNATGateway")


# --- load balancer ---


def load_balancer() -> dict[str, Any]:
    def frontend(name: str, **source: str) -> dict[str, Any]:
        properties = {kind: {"id": value} for kind, value in source.items()}
        return {"id": f"{LB}/frontendIPConfigurations/{name}", "properties": properties}

    return {
        "id": LB,
        "name": "kubernetes",
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "properties": {
            "frontendIPConfigurations": [
                frontend("out", publicIPAddress=IP),
                frontend("range", publicIPPrefix=PREFIX),
                frontend("service", publicIPAddress=net("publicIPAddresses", "service")),
            ],
            "backendAddressPools": [
                {"id": f"{LB}/backendAddressPools/kubernetes", "properties": {}},
                {
                    "id": f"{LB}/backendAddressPools/aksOutboundBackendPool",
                    "properties": {"backendIPConfigurations": [{"id": "nic-1"}, {"id": "nic-2"}]},
                },
            ],
            "outboundRules": [
                {
                    "name": "aksOutboundRule",
                    "properties": {
                        "allocatedOutboundPorts": 1024,
                        "idleTimeoutInMinutes": 30,
                        "backendAddressPool": {"id": f"{LB.upper()}/backendAddressPools/aksoutboundbackendpool"},
                        "frontendIPConfigurations": [
                            {"id": f"{LB}/frontendIPConfigurations/out"},
                            {"id": f"{LB}/frontendIPConfigurations/RANGE"},
                        ],
                    },
                }
            ],
        },
    }


def test_only_the_outbound_rules_frontends_and_pool_count() -> None:
    found = parse_load_balancer(load_balancer())
    assert found.outbound_ip_ids == (IP, PREFIX)
    assert found.outbound_ip_configuration_ids == ("nic-1", "nic-2")
    (rule,) = found.outbound_rules
    assert (rule.name, rule.allocated_outbound_ports, rule.idle_timeout_minutes) == ("aksOutboundRule", 1024, 30)


def test_frontends_for_ipv6_give_no_ipv4_address() -> None:
    item = load_balancer()
    frontends = {frontend["id"].lower(): frontend for frontend in item["properties"]["frontendIPConfigurations"]}
    frontends[f"{LB}/frontendIPConfigurations/range".lower()]["properties"]["privateIPAddressVersion"] = "IPv6"
    (rule,) = parse_load_balancer(item).outbound_rules
    assert (rule.ip_ids, rule.ipv4_ip_ids) == ((IP, PREFIX), (IP,))


def test_nodes_of_the_outbound_pool_are_counted_by_interface() -> None:
    """Of a dual-stack node both IP configurations can be members."""
    interface = f"{NODE_GROUP}/providers/Microsoft.Network/networkInterfaces/aks-default-x7k2p"
    members = [f"{interface}/ipConfigurations/v4", f"{interface.upper()}/IPCONFIGURATIONS/v6", f"{interface}-2/x"]
    item = load_balancer()
    for pool in item["properties"]["backendAddressPools"]:
        pool["properties"]["backendIPConfigurations"] = [{"id": member} for member in members]
    found = parse_load_balancer(item)
    assert found.outbound_rules[0].node_count == 2
    assert found.outbound_interface_ids == (interface, f"{interface}-2/x")


@pytest.mark.parametrize("pools", [None, [], [{"id": "/another"}]])
def test_without_a_backend_pool_the_number_of_nodes_is_unknown(pools: Any) -> None:
    item = load_balancer()
    item["properties"]["backendAddressPools"] = pools
    assert parse_load_balancer(item).outbound_rules[0].node_count is None


def test_a_load_balancer_without_outbound_rules_has_no_egress() -> None:
    item = load_balancer()
    del item["properties"]["outboundRules"]
    found = parse_load_balancer(item)
    assert (found.outbound_rules, found.outbound_ip_ids, found.outbound_ip_configuration_ids) == ((), (), ())


def test_a_recorded_aks_load_balancer(recordings: Path) -> None:
    file = "04-loadbalancers/aks-kubernetes-lb-2023.json"
    (found,) = [parse_load_balancer(item) for item in recorded(recordings, file, "outboundRules")]
    assert (found.id.name.lower(), found.sku) == ("kubernetes", "Standard")
    assert [rule.name for rule in found.outbound_rules] == ["aksOutboundRule"]
    assert len(found.outbound_ip_ids) == 1
    assert found.outbound_ip_configuration_ids
    assert all("/virtualMachineScaleSets/" in one for one in found.outbound_ip_configuration_ids)


# --- node ---

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


# --- subnet ---

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


# --- public IP, NAT gateway, route ---


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
    assert all(one.sku == "Standard" for one in found)


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


@pytest.mark.parametrize(
    ("profile", "sku"),
    [
        ({"outboundType": "managedNATGatewayV2"}, "StandardV2"),
        ({"outboundType": "MANAGEDNATGATEWAYV2", "natGatewayProfile": None}, "StandardV2"),
        ({"outboundType": "managedNATGateway", "natGatewayProfile": {"sku": "StandardV2"}}, "StandardV2"),
        ({"outboundType": "managedNatGateway", "natGatewayProfile": {"sku": "standardv2"}}, "StandardV2"),
        ({"outboundType": "managedNATGateway", "natGatewayProfile": {"sku": "Standard"}}, "Standard"),
        ({"outboundType": "managedNATGateway", "natGatewayProfile": {"sku": None}}, ""),
        ({"outboundType": "managedNATGateway", "natGatewayProfile": {}}, ""),
        ({"outboundType": "managedNATGateway"}, ""),
        ({"outboundType": "loadBalancer", "natGatewayProfile": None}, ""),
        ({"outboundType": "managedNATGateway", "natGatewayProfile": {"sku": "StandardV3"}}, "StandardV3"),
    ],
)
def test_both_shapes_of_a_managed_gateways_sku_are_one(profile: dict[str, Any], sku: str) -> None:
    """azure-rest-api-specs#45055: since 2026-06-01 it is a property, before it was an outbound type."""
    cluster = parse_cluster(bare_cluster(networkProfile=profile))
    assert cluster.managed_gateway_sku == sku
    assert cluster.is_on_load_balancer is (profile["outboundType"] == "loadBalancer")


@pytest.mark.parametrize(
    ("access", "restricts"),
    [
        ({}, True),
        ({"enablePrivateCluster": True}, False),
        ({"enableVnetIntegration": True}, False),
        ({"enableVnetIntegration": False, "enablePrivateCluster": None}, True),
        ({"enableVnetIntegration": None}, True),
    ],
)
def test_authorized_ranges_restrict_nodes_that_come_over_egress(access: dict[str, Any], restricts: bool) -> None:
    profile = {"authorizedIPRanges": ["192.0.2.0/24"], **access}
    assert parse_cluster(bare_cluster(apiServerAccessProfile=profile)).restricts_api_server is restricts
