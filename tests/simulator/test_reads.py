"""Reading the fleet with the real SDKs, and how Resource Manager's front door behaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError

from simulator.build import DEFAULT_SUBSCRIPTION
from simulator.services.resourcegraph import routes
from tests.support.clients import DETECTOR, LOAD_BALANCER, SUBSCRIPTION, Azure, azure

SCOPE = f"/subscriptions/{SUBSCRIPTION}"
NETWORK = f"{SCOPE}/resourceGroups/shop-network/providers/Microsoft.Network"
NODE_GROUP = "MC_shop_shop-prod_westeurope"
QUERY = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"


def test_managed_clusters_by_subscription_group_and_name(storm: Azure) -> None:
    clusters = storm.containerservice.managed_clusters
    (listed,) = clusters.list()
    assert listed.name == "shop-prod"
    assert [each.name for each in clusters.list_by_resource_group("shop")] == ["shop-prod"]
    cluster = clusters.get("SHOP", "Shop-Prod")
    assert cluster.node_resource_group == NODE_GROUP
    assert cluster.network_profile.outbound_type == "loadBalancer"
    # AKS leaves out what nobody has set (recorded in 2025).
    assert cluster.network_profile.load_balancer_profile.idle_timeout_in_minutes is None
    assert [pool.count for pool in cluster.agent_pool_profiles] == [3, 9]
    pools = list(storm.containerservice.agent_pools.list("shop", "shop-prod"))
    assert [(pool.name, pool.mode, pool.max_count) for pool in pools] == [
        ("system", "System", None),
        ("user", "User", 15),
    ]


def test_load_balancer_and_its_children(storm: Azure) -> None:
    network = storm.network
    balancer = network.load_balancers.get(NODE_GROUP, "kubernetes")
    assert balancer.sku.name == "Standard"
    (rule,) = network.load_balancer_outbound_rules.list(NODE_GROUP, "kubernetes")
    assert (rule.name, rule.protocol, rule.allocated_outbound_ports) == ("aksOutboundRule", "All", 0)
    pools = {each.name: each for each in network.load_balancer_backend_address_pools.list(NODE_GROUP, "kubernetes")}
    outbound = pools["aksOutboundBackendPool"]
    assert len(outbound.backend_ip_configurations) == 12
    raw = storm.get(LOAD_BALANCER)["properties"]["backendAddressPools"][1]["properties"]
    assert "ipAddress" not in str(raw), "outbound pools hold ids of NIC configurations and no addresses"
    assert [each.id for each in network.load_balancers.list_all()] == [balancer.id]
    assert network.load_balancer_backend_address_pools.get(NODE_GROUP, "kubernetes", "kubernetes").name == "kubernetes"


def test_nics_of_a_scale_set_lead_from_address_to_node(storm: Azure) -> None:
    sets = {each["tags"]["aks-managed-poolName"]: each for each in storm.get(_scale_sets())["value"]}
    name = sets["user"]["name"]
    nics = list(storm.network.network_interfaces.list_virtual_machine_scale_set_network_interfaces(NODE_GROUP, name))
    addresses = [nic.ip_configurations[0].private_ip_address for nic in nics]
    assert addresses == [f"10.40.1.{host}" for host in range(4, 13)]
    assert nics[0].virtual_machine.id.endswith(f"/{name}/virtualMachines/0")
    read_one = storm.network.network_interfaces.get_virtual_machine_scale_set_network_interface
    nic = read_one(NODE_GROUP, name, "2", name)
    assert nic.ip_configurations[0].private_ip_address == "10.40.1.6"


def _scale_sets() -> str:
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NODE_GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets"
    )


def test_subnets_show_what_they_hold(storm: Azure) -> None:
    subnet = storm.network.subnets.get("shop-network", "shop-vnet", "aks-system")
    assert subnet.network_security_group.id.endswith("/shop-nodes-nsg")
    assert [each.service for each in subnet.service_endpoints] == ["Microsoft.Storage", "Microsoft.KeyVault"]
    assert len(subnet.ip_configurations) == 3
    vnet = storm.network.virtual_networks.get("shop-network", "shop-vnet")
    assert [each.name for each in vnet.subnets] == ["aks-system", "aks-user"]


def test_ids_and_provider_names_are_compared_without_case(storm: Azure) -> None:
    assert storm.get(LOAD_BALANCER.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))["name"] == "kubernetes"
    assert storm.get(LOAD_BALANCER.replace("Microsoft.Network", "microsoft.network"))["name"] == "kubernetes"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{SCOPE}/resourceGroups/none/providers/Microsoft.Network/natGateways", 404, "ResourceGroupNotFound"),
        ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", 404, "SubscriptionNotFound"),
        (f"{LOAD_BALANCER}x", 404, "ResourceNotFound"),
        (f"{NETWORK}/virtualNetworks/shop-vnet/subnets/x", 404, "NotFound"),
        (f"{SCOPE}/resourceGroups/shop/providers/Microsoft.Magic/wands/one", 404, "InvalidResourceType"),
        ("/nonsense", 404, "NotFound"),
    ],
)  # fmt: skip
def test_what_is_not_there(storm: Azure, path: str, status: int, code: str) -> None:
    answer = storm.send("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_sdk_raises_not_found(storm: Azure) -> None:
    with pytest.raises(ResourceNotFoundError):
        storm.network.nat_gateways.get("shop-network", "none")


def test_front_door_wants_a_token_and_a_version(storm: Azure) -> None:
    url, verify = storm.simulator.url + LOAD_BALANCER, str(storm.simulator.ca_path)
    bare = requests.get(url + "?api-version=2024-05-01", verify=verify, timeout=30)
    assert (bare.status_code, bare.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert "WWW-Authenticate" in bare.headers
    wrong = requests.get(url, headers={"Authorization": "Bearer nonsense"}, verify=verify, timeout=30)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    token = {"Authorization": f"Bearer {storm.get_token('arm').token}"}
    unversioned = requests.get(url, headers=token, verify=verify, timeout=30)
    assert (unversioned.status_code, unversioned.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_subscriptions_tenants_groups_and_resources(storm: Azure) -> None:
    subscription = storm.get("/subscriptions")["value"][0]
    assert (subscription["subscriptionId"], subscription["state"]) == (SUBSCRIPTION, "Enabled")
    assert storm.get("/tenants")["value"][0]["tenantId"] == subscription["tenantId"]
    groups = {each["name"]: each for each in storm.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups")["value"]}
    assert groups[NODE_GROUP]["managedBy"].endswith("/managedClusters/shop-prod")
    listed = storm.get(
        f"/subscriptions/{SUBSCRIPTION}/resources?$filter=resourceType eq 'Microsoft.Network/loadBalancers'"
    )
    assert [each["id"] for each in listed["value"]] == [LOAD_BALANCER]
    assert len(storm.get(f"/subscriptions/{SUBSCRIPTION}/resources")["value"]) == 7


def test_lists_are_paged() -> None:
    with azure("quiet", "11111111-1111-4111-8111-111111111111", clusters=230) as running:
        first = running.get(
            f"/subscriptions/{running.subscription}/providers/Microsoft.ContainerService/managedClusters"
        )
        assert len(first["value"]) == 100
        assert first["nextLink"].startswith(running.simulator.url)
        assert len(list(running.containerservice.managed_clusters.list())) == 232
        rows = resource_graph(
            running, "resources | where type =~ 'microsoft.containerservice/managedclusters' | project id"
        )
        assert len(rows) == 232


def resource_graph(running: Azure, query: str, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    token = None
    while True:
        extra: dict[str, str] = {"$skipToken": token} if token else {}
        body = {"query": query, "options": {"resultFormat": "objectArray"} | options | extra}
        answer = running.send("POST", QUERY, json=body)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["resultTruncated"] == "false", "a string, even where there is more"
        assert answer.headers["x-ms-user-quota-remaining"]
        rows += page["data"]
        token = page.get("$skipToken")
        if token is None:
            assert page["totalRecords"] == len(rows)
            return rows


def test_what_appears_between_two_pages_shifts_none_of_them() -> None:
    with azure("storm", "11111111-1111-4111-8111-111111111111") as running:
        query = {"query": "resources | order by name asc | project name", "options": {"$top": 2}}
        first = running.send("POST", QUERY, json=query).json()
        group = running.send(
            "POST", QUERY, json={"query": "resources | where type =~ 'microsoft.network/virtualnetworks'"}
        )
        (vnet,) = group.json()["data"]
        address = vnet["id"].rpartition("/virtualNetworks/")[0] + "/publicIPAddresses/aaa"
        body = {
            "location": vnet["location"],
            "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static"},
        }
        assert running.send("PUT", f"{address}?api-version=2025-05-01", json=body).status_code == 201
        options = {"$top": 2, "$skipToken": first["$skipToken"]}
        second = running.send("POST", QUERY, json=query | {"options": options}).json()
        again = running.send("POST", QUERY, json=query).json()
        assert again["totalRecords"] == first["totalRecords"] + 1 == second["totalRecords"] + 1
        assert again["data"][0] == {"name": "aaa"}
        assert not [row for row in second["data"] if row in first["data"]]


def test_resource_graph_queries(storm: Azure) -> None:
    (row,) = resource_graph(
        storm,
        "resources | where type =~ 'Microsoft.ContainerService/managedClusters' and location == 'westeurope' "
        "| project name, outbound = properties.networkProfile.outboundType, properties.nodeResourceGroup, tags",
    )
    assert row == {
        "name": "shop-prod",
        "outbound": "loadBalancer",
        "properties_nodeResourceGroup": NODE_GROUP,
        "tags": {"environment": "production"},
    }
    names = resource_graph(storm, "where type contains 'network' | order by name desc | project name | limit 2")
    assert [each["name"] for each in names] == sorted((each["name"] for each in names), reverse=True)
    assert resource_graph(storm, "resources | where tags.owner == 'network-team' | project name") == [
        {"name": "shop-vnet"}
    ]
    assert resource_graph(storm, "resources | where type in~ ('microsoft.network/loadbalancers') | count") == [
        {"Count": 1}
    ]
    groups = resource_graph(
        storm, "resourcecontainers | where type endswith 'resourcegroups' | project name", **{"$top": 1}
    )
    assert len(groups) == 3


@pytest.mark.parametrize(
    "query", ["where where", "resources | join kind=inner (x) on id", "resources | where name ~ 'x'", "secrets"]
)
def test_resource_graph_refuses_what_it_cannot_run(storm: Azure, query: str) -> None:
    answer = storm.send("POST", QUERY, json={"query": query})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BadRequest"
    assert [each["code"] for each in error["details"]] == ["InvalidQuery", "ParserFailure"]
    assert error["details"][1]["line"] == 1


def test_resource_graph_answers_a_table_to_old_versions(storm: Azure) -> None:
    body = {"query": "resources | where type =~ 'microsoft.network/loadbalancers' | project name, tags"}
    answer = storm.send("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2019-04-01", json=body).json()
    assert answer["data"]["columns"] == [{"name": "name", "type": "string"}, {"name": "tags", "type": "object"}]
    assert answer["data"]["rows"][0][0] == "kubernetes"


def test_health_events_tell_of_exhaustion(storm: Azure) -> None:
    query = (
        'ALBHealthEvent | where TimeGenerated > ago(1d) | where HealthEventType == "SnatPortExhaustion" '
        "| summarize arg_max(TimeGenerated, *) by LoadBalancerResourceId, Description"
    )
    storm.simulator.advance(0)
    answer = storm.send("POST", "/v1/workspaces/w/query", json={"query": query}).json()["tables"][0]
    columns = [each["name"] for each in answer["columns"]]
    rows = [dict(zip(columns, row, strict=True)) for row in answer["rows"]]
    assert len(rows) == 3
    assert {row["Severity"] for row in rows} == {"Critical"}
    assert any("10.40.1.5" in row["Description"] for row in rows)
    refused = storm.send("POST", "/v1/workspaces/w/query", json={"query": "Heartbeat | take 1"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadArgumentError")


def test_requests_are_logged_with_identity_and_without_secrets(storm: Azure) -> None:
    storm.get(LOAD_BALANCER)
    newest = storm.simulator.requests()[-1]
    assert newest["client_id"] == DETECTOR
    assert newest["path"].startswith(LOAD_BALANCER)
    assert set(newest) == {"seq", "at", "method", "path", "client_id", "status"}
    assert storm.simulator.requests(after=newest["seq"]) == []


def test_the_interfaces_of_a_scale_set_without_instances_are_not_found(fresh_storm: Azure) -> None:
    sets = {each["tags"]["aks-managed-poolName"]: each["name"] for each in fresh_storm.get(_scale_sets())["value"]}
    fresh_storm.simulator.add_event({"at_minute": 0, "scale": {"cluster": "shop-prod", "pool": "user", "nodes": 0}})
    fresh_storm.simulator.advance(60)
    listed = fresh_storm.network.network_interfaces.list_virtual_machine_scale_set_network_interfaces
    with pytest.raises(ResourceNotFoundError, match="NotFound"):
        list(listed(NODE_GROUP, sets["user"]))
    assert len(list(listed(NODE_GROUP, sets["system"]))) == 3


def test_nodes_of_other_kinds_have_interfaces_of_their_own() -> None:
    with azure("auto-provisioned", DEFAULT_SUBSCRIPTION) as search:
        (cluster,) = search.containerservice.managed_clusters.list()
        assert cluster.node_provisioning_profile.mode == "Auto"
        assert [pool.name for pool in cluster.agent_pool_profiles] == ["system", "flexible"]
        group = cluster.node_resource_group
        nics = {nic.name: nic for nic in search.network.network_interfaces.list(group)}
        assert len(nics) == 5
        assert [nic.tags.get("karpenter.sh_nodepool") for nic in nics.values()] == [None, *["default"] * 4]
        for name, nic in nics.items():
            assert nic.virtual_machine.id.endswith(f"Microsoft.Compute/virtualMachines/{name}")
            assert search.network.network_interfaces.get(group, name).id == nic.id
        scale_set = next(name for name in nics if "flexible" in name)[:-6]
        listed = search.network.network_interfaces.list_virtual_machine_scale_set_network_interfaces
        with pytest.raises(ResourceNotFoundError, match="NotFound"):
            list(listed(group, scale_set))


def test_a_pool_of_virtual_machines_counts_by_size() -> None:
    with azure("virtual-machines-pool", DEFAULT_SUBSCRIPTION) as orders:
        pool = orders.containerservice.agent_pools.get("orders", "orders", "app1")
        assert (pool.type_properties_type, pool.count) == ("VirtualMachines", None)
        assert [(each.size, each.count) for each in pool.virtual_machine_nodes_status] == [("Standard_D4ds_v5", 6)]
        assert pool.virtual_machines_profile.scale.autoscale[0].max_count == 10


def test_hosted_system_pools_show_subnets_and_no_agent_pool() -> None:
    with azure("hosted-system-pools", DEFAULT_SUBSCRIPTION) as portal:
        (cluster,) = portal.containerservice.managed_clusters.list()
        assert not cluster.agent_pool_profiles
        assert cluster.hosted_system_profile.system_node_subnet_id.endswith("/subnets/hosted")
        assert cluster.hosted_system_profile.node_subnet_id.endswith("/subnets/nodes")
        balancer = portal.network.load_balancers.get(cluster.node_resource_group, "kubernetes")
        sizes = {pool.name: len(pool.backend_ip_configurations) for pool in balancer.backend_address_pools}
        assert sizes == {"kubernetes": 3, "aksOutboundBackendPool": 3, "aksHostedSystemPoolOutboundBackendPool": 2}


def test_resource_graph_refuses_an_answer_above_sixteen_mebibytes(
    storm: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    body: dict[str, Any] = {"query": "resources | project id, type, properties"}
    rows = storm.send("POST", QUERY, json=body).json()["data"]
    monkeypatch.setattr(routes, "MOST_BYTES", len(json.dumps(rows)) - 1)
    refused = storm.send("POST", QUERY, json=body)
    assert refused.status_code == 400
    (detail,) = refused.json()["error"]["details"]
    assert detail["code"] == "ResponsePayloadTooLarge"
    assert storm.send("POST", QUERY, json=body | {"options": {"$top": len(rows) - 1}}).status_code == 200
