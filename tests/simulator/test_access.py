"""Roles, and the calls that ask beforehand what would be refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from simulator.services.authorization.actions import call_of
from tests.support.clients import SUBSCRIPTION, Azure, azure

FIRST = "11111111-1111-4111-8111-111111111111"
STRICT = f"/subscriptions/{FIRST}/resourceGroups/strict-network"
SUBNET = f"{STRICT}/providers/Microsoft.Network/virtualNetworks/strict-vnet/subnets/nodes"
QUERY = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
REFUSING = str(Path(__file__).parent / "refusals.yaml")


@pytest.fixture(scope="module")
def strict() -> Iterator[Azure]:
    with azure("missing-join-role", FIRST) as running:
        yield running


@pytest.fixture(scope="module")
def refusing() -> Iterator[Azure]:
    with azure(REFUSING) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("GET", SUBNET, "Microsoft.Network/virtualNetworks/subnets/read", SUBNET),
        ("PUT", SUBNET, "Microsoft.Network/virtualNetworks/subnets/write", SUBNET),
        (
            "GET",
            SUBNET.rpartition("/")[0],
            "Microsoft.Network/virtualNetworks/subnets/read",
            SUBNET.rpartition("/subnets")[0],
        ),
        ("DELETE", f"{STRICT}/providers/Microsoft.Network/natGateways/a", "Microsoft.Network/natGateways/delete", None),
        (
            "GET",
            f"{SUBNET}/providers/Microsoft.Insights/metrics",
            "Microsoft.Insights/metrics/read",
            SUBNET,
        ),
        (
            "POST",
            f"{STRICT}/providers/Microsoft.ContainerService/managedClusters/c/runCommand",
            "Microsoft.ContainerService/managedClusters/runCommand/action",
            f"{STRICT}/providers/Microsoft.ContainerService/managedClusters/c",
        ),
        (
            "POST",
            f"{STRICT}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
            "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
            STRICT,
        ),
        ("GET", STRICT, "Microsoft.Resources/subscriptions/resourceGroups/read", STRICT),
        ("GET", f"/subscriptions/{FIRST}", "Microsoft.Resources/subscriptions/read", f"/subscriptions/{FIRST}"),
    ],
)
def test_a_call_maps_to_azures_action_and_scope(method: str, path: str, action: str, scope: str | None) -> None:
    call = call_of(method, path)
    assert call is not None
    assert call.action == action
    assert scope is None or call.scope == scope


def test_lists_of_resource_manager_and_resource_graph_need_no_action() -> None:
    for path in ("/subscriptions", f"/subscriptions/{FIRST}/resourceGroups", f"/subscriptions/{FIRST}/resources"):
        assert call_of("GET", path) is None
    assert call_of("POST", "/providers/Microsoft.ResourceGraph/resources") is None


def test_without_roles_everybody_may_do_everything(storm: Azure) -> None:
    scope = f"/subscriptions/{storm.subscription}/resourceGroups/shop"
    body = storm.get(f"{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01")
    assert body == {"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]}


def test_permissions_are_those_of_the_caller_at_the_scope(strict: Azure) -> None:
    path = "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    remediator = strict.identity("remediator-client-id")
    here = [each["actions"] for each in remediator.get(STRICT + path)["value"]]
    assert here == [
        ["*/read"],
        [
            "Microsoft.Network/virtualNetworks/subnets/write",
            "Microsoft.Network/publicIPAddresses/*",
            "Microsoft.Network/natGateways/*",
        ],
    ]
    elsewhere = f"/subscriptions/{FIRST}/resourceGroups/strict{path}"
    assert [each["actions"] for each in remediator.get(elsewhere)["value"]] == [["*/read"]]
    assert remediator.get(SUBNET + path)["value"] == remediator.get(STRICT + path)["value"]


def test_the_linked_refusal_names_action_and_resource(strict: Azure) -> None:
    network = strict.identity("remediator-client-id").network
    there = network.subnets.get("strict-network", "strict-vnet", "nodes")
    with pytest.raises(HttpResponseError) as raised:
        network.subnets.begin_create_or_update("strict-network", "strict-vnet", "nodes", there)
    error = raised.value.error
    assert error is not None
    assert error.code == "LinkedAuthorizationFailed"
    assert "Microsoft.Network/networkSecurityGroups/join/action" in str(error.message)
    assert there.network_security_group.id in str(error.message)
    body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    made = network.public_ip_addresses.begin_create_or_update("strict-network", "allowed", body, polling=False)
    assert made.result() is not None


def test_a_subnet_from_an_ipam_pool_is_refused_without_the_pools_action() -> None:
    with azure("ipam-subnet", FIRST) as running:
        network = running.identity("remediator-client-id").network
        there = network.subnets.get("pooled-network", "pooled-vnet", "nodes")
        with pytest.raises(HttpResponseError) as raised:
            network.subnets.begin_create_or_update("pooled-network", "pooled-vnet", "nodes", there)
    error = raised.value.error
    assert error is not None
    assert error.code == "LinkedAuthorizationFailed"
    assert "Microsoft.Network/networkManagers/ipamPools/associateResourcesToPool/action" in str(error.message)


def test_who_has_no_role_sees_nothing_and_reads_nothing(strict: Azure) -> None:
    stranger = strict.identity("nobody")
    assert stranger.get("/subscriptions")["value"] == []
    assert stranger.get(f"/subscriptions/{FIRST}/resourceGroups")["value"] == []
    assert stranger.get(f"/subscriptions/{FIRST}/resources")["value"] == []
    found = stranger.send("POST", QUERY, json={"query": "resources | project id"}).json()
    assert found["totalRecords"] == 0
    answer = stranger.send("GET", SUBNET)
    assert (answer.status_code, answer.headers["x-ms-failure-cause"]) == (403, "gateway")
    assert "'nobody' with object id" in answer.json()["error"]["message"]
    reader = strict.identity("detector-client-id")
    assert [each["subscriptionId"] for each in reader.get("/subscriptions")["value"]] == [FIRST]
    assert reader.send("POST", QUERY, json={"query": "resources | project id"}).json()["totalRecords"] > 3


def test_a_batch_of_metrics_needs_a_role_at_the_subscription(strict: Azure) -> None:
    path = f"/metrics/westeurope/subscriptions/{FIRST}/metrics:getBatch?api-version=2024-02-01"
    path += "&metricnamespace=Microsoft.Network/loadBalancers&metricnames=SnatConnectionCount"
    lb = f"/subscriptions/{FIRST}/resourceGroups/MC_strict_strict_westeurope/providers/Microsoft.Network"
    body = {"resourceids": [f"{lb}/loadBalancers/kubernetes"]}
    assert strict.identity("nobody").send("POST", path, json=body).status_code == 401
    assert strict.identity("detector-client-id").send("POST", path, json=body).status_code == 200


def test_a_role_that_is_taken_away_and_given_back() -> None:
    with azure("storm") as running:
        path = f"/subscriptions/{running.subscription}/resourceGroups/shop-network/providers/Microsoft.Network"
        body = {"location": "westeurope"}
        assert running.send("PUT", f"{path}/natGateways/one", json=body).status_code == 201
        taken = {"identity": running.client_id, "action": "Microsoft.Network/natGateways/write"}
        running.simulator.add_event({"take_role": taken})
        assert running.send("PUT", f"{path}/natGateways/two", json=body).status_code == 403
        assert running.send("GET", f"{path}/natGateways/one").status_code == 200
        assert running.identity("another").send("PUT", f"{path}/natGateways/three", json=body).status_code == 201
        running.simulator.add_event({"give_role": {"identity": running.client_id, "role": "Owner"}})
        assert running.send("PUT", f"{path}/natGateways/two", json=body).status_code == 201


def test_locks_are_listed_at_their_level_and_above(refusing: Azure) -> None:
    where = "/providers/Microsoft.Authorization/locks?api-version=2016-09-01"
    group, subscription = (f"/subscriptions/{SUBSCRIPTION}{rest}" for rest in ("/resourceGroups/locked", ""))
    (lock,) = refusing.get(group + where)["value"]
    assert (lock["name"], lock["properties"]["level"]) == ("frozen", "ReadOnly")
    assert lock["id"] == f"{group}/providers/Microsoft.Authorization/locks/frozen"
    names = [each["name"] for each in refusing.get(subscription + where)["value"]]
    assert names == ["frozen", "kept"]
    assert refusing.get(f"{subscription}{where}&$filter=atScope()")["value"] == []


def test_a_lock_against_deleting_lets_writes_pass(refusing: Azure) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/publicIPAddresses/free"
    document = refusing.get(path)
    assert refusing.send("PUT", path, json=document).status_code == 200
    answer = refusing.send("DELETE", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ScopeLocked")


def test_a_lock_that_is_put_on_and_taken_off(fresh_storm: Azure) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-network/providers/Microsoft.Network/natGateways"
    body = {"location": "westeurope"}
    fresh_storm.simulator.add_event({"lock": {"name": "freeze", "level": "ReadOnly", "scope": "shop-network"}})
    assert fresh_storm.send("PUT", f"{path}/one", json=body).status_code == 409
    fresh_storm.simulator.add_event({"unlock": "freeze"})
    assert fresh_storm.send("PUT", f"{path}/one", json=body).status_code == 201


def test_a_resource_group_can_be_made(fresh_storm: Azure) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/egress"
    assert fresh_storm.send("GET", path).status_code == 404
    assert fresh_storm.send("PUT", path, json={"location": "westeurope"}).status_code == 201
    answer = fresh_storm.send("PUT", path, json={"location": "West Europe", "tags": {"owner": "me"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"owner": "me"})
    answer = fresh_storm.send("PUT", path, json={"location": "northeurope"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidResourceGroupLocation")
    gateway = f"{path}/providers/Microsoft.Network/natGateways/one"
    assert fresh_storm.send("PUT", gateway, json={"location": "westeurope"}).status_code == 201


def test_an_empty_resource_group_of_the_scenario(tmp_path: Path) -> None:
    text = "resource_groups: [{name: spare, tags: {purpose: egress}}]\nclusters: [{name: c, resource_group: g}]\n"
    file = tmp_path / "spare.yaml"
    file.write_text(text)
    with azure(str(file), FIRST) as running:
        group = running.get(f"/subscriptions/{FIRST}/resourceGroups/spare")
        assert (group["location"], group["tags"]) == ("westeurope", {"purpose": "egress"})


def test_policies_can_be_asked_beforehand_and_deny_then(refusing: Azure) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ruled"
    path = f"{group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version=2023-03-01"

    def evaluations(kind: str) -> list[str]:
        content = {"type": kind, "location": "westeurope"}
        answer = refusing.send("POST", path, json={"resourceDetails": {"resourceContent": content}})
        assert answer.status_code == 200, answer.text
        found = answer.json()["contentEvaluationResult"]["policyEvaluations"]
        return [each["evaluationResult"] for each in found]

    assert evaluations("Microsoft.Network/routeTables") == ["NonCompliant"]
    assert evaluations("Microsoft.Network/natGateways") == []
    answer = refusing.send("PUT", f"{group}/providers/Microsoft.Network/routeTables/x", json={"location": "westeurope"})
    error = answer.json()["error"]
    assert (error["code"], error["target"]) == ("RequestDisallowedByPolicy", "x")
    assert error["additionalInfo"][0]["info"]["policyAssignmentName"] == "no-route-tables"


def test_a_policy_lets_pass_what_has_the_tags() -> None:
    with azure("policy-denies", FIRST) as running:
        path = f"/subscriptions/{FIRST}/resourceGroups/ruled-network/providers/Microsoft.Network/publicIPAddresses/a"
        properties = {"publicIPAllocationMethod": "Static"}
        body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": properties}
        assert running.send("PUT", path, json=body).status_code == 403
        assert running.send("PUT", path, json=body | {"tags": {"cost-center": "1"}}).status_code == 201


def test_usages_tell_what_is_left_of_a_quota(refusing: Azure) -> None:
    usages = {each.name.value: each for each in refusing.network.usages.list("westeurope")}
    assert (usages["NatGateways"].current_value, usages["NatGateways"].limit) >= (2, 2)
    elsewhere = {each.name.value: each for each in refusing.network.usages.list("northeurope")}
    assert elsewhere["PublicIPAddresses"].current_value == 1
    assert elsewhere["NatGateways"].current_value == 0


def test_reading_in_a_locked_down_node_group_is_allowed(refusing: Azure) -> None:
    balancers = list(refusing.network.load_balancers.list("MC_aks_managed_westeurope"))
    assert [each.name for each in balancers] == ["kubernetes"]
    cluster = refusing.containerservice.managed_clusters.get("aks", "managed")
    assert cluster.node_resource_group_profile.restriction_level == "ReadOnly"
