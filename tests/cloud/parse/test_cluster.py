"""A cluster and its pools, from Resource Manager's JSON, whatever its case and however little it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.cloud.errors import UnexpectedAnswer
from shared.cloud.parse.cluster import parse_cluster
from shared.model.cluster import VnetOwnership
from tests.support.every import every
from tests.support.recorded_arm import GROUP, NETWORK, recorded

pytestmark = pytest.mark.disable_socket
SUBNET = f"{GROUP}/{NETWORK}/virtualNetworks/v/subnets/nodes"


def bare_cluster(**properties: Any) -> dict[str, Any]:
    return {
        "id": "/subscriptions/s1/resourcegroups/shop/providers/Microsoft.ContainerService/managedClusters/prod",
        "name": "prod",
        "location": "westeurope",
        "properties": {"nodeResourceGroup": "MC_shop", **properties},
    }


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
        assert every(pool.count > 0 and pool.is_system for pool in cluster.pools)


def test_a_recorded_cluster_with_own_ips_and_fixed_ports(recordings: Path) -> None:
    file = "06-managedclusters/aks-lb-own-outbound-ips-and-allocated-ports.json"
    profiles = [parse_cluster(item).load_balancer_profile for item in recorded(recordings, file, "networkProfile")]
    assert [profile.allocated_outbound_ports for profile in profiles] == [0, 200]


def test_a_recorded_change_of_outbound_type(recordings: Path) -> None:
    file = "06-managedclusters/aks-update-slb-to-managed-natgateway.json"
    types = [parse_cluster(item).outbound_type for item in recorded(recordings, file, "networkProfile")]
    assert (types[0], types[-1]) == ("loadBalancer", "managedNATGateway")


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
