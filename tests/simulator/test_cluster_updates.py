"""Updating a managed cluster as `az aks update` does, with the real SDK."""

from __future__ import annotations

from typing import Any

from tests.support.clients import Azure, azure

FIRST = "11111111-1111-4111-8111-111111111111"
AKS = "providers/Microsoft.ContainerService/managedClusters"


def cluster_path(group: str, name: str, subscription: str = FIRST) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{AKS}/{name}"


def update(running: Azure, path: str, change: Any) -> Any:
    """Read the cluster, change its properties, write it back; the answer."""
    document = running.get(path)
    change(document["properties"])
    answer = running.send("PUT", path, json=document)
    assert answer.status_code == 200, answer.text
    return answer


def finish(running: Azure) -> None:
    running.simulator.advance(200)


def series(
    running: Azure, resource_id: str, metric: str, filter_: str, aggregation: str = "total"
) -> list[dict[str, Any]]:
    query = f"metricnames={metric}&aggregation={aggregation}&timespan=PT10M&$filter={filter_}&top=100"
    body = running.get(f"{resource_id}/providers/Microsoft.Insights/metrics?{query}")
    found: list[dict[str, Any]] = body["value"][0]["timeseries"]
    return found


def test_a_managed_network_moves_to_a_managed_nat_gateway() -> None:
    with azure("managed-vnet", FIRST) as running:
        path = cluster_path("trials", "quick-start")

        def change(properties: dict[str, Any]) -> None:
            properties["networkProfile"]["outboundType"] = "managedNATGateway"
            properties["networkProfile"].pop("loadBalancerProfile")
            profile = {"managedOutboundIPProfile": {"count": 2}, "idleTimeoutInMinutes": 30}
            properties["networkProfile"]["natGatewayProfile"] = profile

        answer = update(running, path, change)
        body = answer.json()
        assert body["properties"]["provisioningState"] == "Updating"
        assert body["properties"]["networkProfile"]["outboundType"] == "managedNATGateway"
        assert "effectiveOutboundIPs" in body["properties"]["networkProfile"]["loadBalancerProfile"], "not gone yet"
        poll = answer.headers["Azure-AsyncOperation"].removeprefix(running.simulator.url)
        running_poll = running.get(poll)
        assert set(running_poll) == {"name", "status", "startTime"}
        assert running_poll["name"] not in poll, "AKS shows the GUID in another byte order"
        finish(running)
        assert set(running.get(poll)) == {"name", "status", "startTime", "endTime"}
        cluster = running.containerservice.managed_clusters.get("trials", "quick-start")
        assert cluster.provisioning_state == "Succeeded"
        assert cluster.network_profile.outbound_type == "managedNATGateway"
        assert len(cluster.network_profile.nat_gateway_profile.effective_outbound_i_ps) == 2
        (gateway,) = running.network.nat_gateways.list("MC_trials_quick-start_northeurope")
        assert (len(gateway.public_ip_addresses), len(gateway.subnets)) == (2, 1)
        assert gateway.idle_timeout_in_minutes == 30
        (balancer,) = running.network.load_balancers.list("MC_trials_quick-start_northeurope")
        assert not balancer.outbound_rules
        running.simulator.advance(900)
        states = {
            each["metadatavalues"][0]["value"]: each
            for each in series(running, gateway.id, "SNATConnectionCount", "ConnectionState eq '*'")
        }
        assert max(point.get("total", 0) for point in states["Attempted"]["data"]) > 1000


def test_an_own_network_is_aligned_after_its_subnets_have_a_gateway() -> None:
    with azure("nat-gateway-own", FIRST) as running:
        path = cluster_path("shipping", "shipping")
        network = f"/subscriptions/{FIRST}/resourceGroups/shipping-network/providers/Microsoft.Network"
        subnet = f"{network}/virtualNetworks/shipping-vnet/subnets/user"
        document = running.get(subnet)
        document["properties"]["natGateway"] = {"id": f"{network}/natGateways/shipping-egress"}
        assert running.send("PUT", subnet, json=document).status_code == 200
        running.simulator.advance(5)
        addresses = [each.id for each in running.network.public_ip_addresses.list_all()]
        assert len(addresses) == 2
        update(
            running, path, lambda properties: properties["networkProfile"].update(outboundType="userAssignedNATGateway")
        )
        finish(running)
        (balancer,) = running.network.load_balancers.list("MC_shipping_shipping_westeurope")
        assert not balancer.outbound_rules
        assert [each.name for each in running.network.public_ip_addresses.list_all()] == ["shipping-egress-ip"]
        update(running, path, lambda properties: properties["networkProfile"].update(outboundType="loadBalancer"))
        finish(running)
        (balancer,) = running.network.load_balancers.list("MC_shipping_shipping_westeurope")
        assert [rule.name for rule in balancer.outbound_rules] == ["aksOutboundRule"]


def test_more_ports_and_addresses_on_the_load_balancer() -> None:
    with azure("managed-vnet", FIRST) as running:
        path = cluster_path("trials", "quick-start")

        def change(properties: dict[str, Any]) -> None:
            profile = properties["networkProfile"]["loadBalancerProfile"]
            profile |= {"managedOutboundIPs": {"count": 3}, "allocatedOutboundPorts": 16000, "idleTimeoutInMinutes": 4}

        update(running, path, change)
        finish(running)
        profile = running.get(path)["properties"]["networkProfile"]["loadBalancerProfile"]
        assert profile["managedOutboundIPs"] == {"count": 3}
        assert len(profile["effectiveOutboundIPs"]) == 3
        assert (profile["allocatedOutboundPorts"], profile["idleTimeoutInMinutes"]) == (16000, 4)
        balancer = (
            f"/subscriptions/{FIRST}/resourceGroups/MC_trials_quick-start_northeurope/providers"
            "/Microsoft.Network/loadBalancers/kubernetes"
        )
        running.simulator.advance(900)
        found = series(running, balancer, "SnatConnectionCount", "ConnectionState eq 'Failed'")
        newest = [point["total"] for each in found for point in each["data"] if "total" in point][-3:]
        assert not any(newest), "16,000 ports a node are enough"


def not_ready(running: Azure, path: str) -> set[str]:
    """The nodes that were not Ready in the newest minutes that can be read."""
    split = "node eq '*' and condition eq '*' and status2 eq '*'"
    found = series(running, path, "kube_node_status_condition", split, "average")
    names: set[str] = set()
    for each in found:
        values = {value["name"]["value"]: value["value"] for value in each["metadatavalues"]}
        if values["status2"] == "NotReady" and "average" in each["data"][-4]:
            names.add(values["node"])
    return names


def test_nodes_lose_ready_until_the_api_server_lets_their_new_address_in() -> None:
    with azure("authorized-ranges", FIRST) as running:
        path = cluster_path("guarded", "guarded")
        network = f"/subscriptions/{FIRST}/resourceGroups/guarded-network/providers/Microsoft.Network"
        assert not_ready(running, path) == set(), "the load balancer's own address is let in"
        place = {"location": "westeurope", "sku": {"name": "Standard"}}
        address = place | {"properties": {"publicIPAllocationMethod": "Static"}}
        running.send("PUT", f"{network}/publicIPAddresses/out", json=address)
        running.simulator.advance(2)
        gateway = place | {"properties": {"publicIpAddresses": [{"id": f"{network}/publicIPAddresses/out"}]}}
        assert running.send("PUT", f"{network}/natGateways/out", json=gateway).status_code == 201
        running.simulator.advance(11)
        subnet = f"{network}/virtualNetworks/guarded-vnet/subnets/nodes"
        document = running.get(subnet)
        document["properties"]["natGateway"] = {"id": f"{network}/natGateways/out"}
        assert running.send("PUT", subnet, json=document).status_code == 200
        running.simulator.advance(900)
        assert len(not_ready(running, path)) == 5
        given = running.get(f"{network}/publicIPAddresses/out")["properties"]["ipAddress"]
        update(
            running,
            path,
            lambda properties: properties["apiServerAccessProfile"]["authorizedIPRanges"].append(f"{given}/32"),
        )
        finish(running)
        ranges = running.get(path)["properties"]["apiServerAccessProfile"]["authorizedIPRanges"]
        assert ranges == ["192.0.2.128/25", f"{given}/32"]
        running.simulator.advance(900)
        assert not_ready(running, path) == set()


def test_a_stopped_cluster_has_sizes_but_neither_instances_nor_metrics() -> None:
    with azure("cluster-stopped", FIRST) as running:
        cluster = running.containerservice.managed_clusters.get("office", "sleeping")
        assert cluster.power_state.code == "Stopped"
        assert [pool.count for pool in cluster.agent_pool_profiles] == [3]
        group = "MC_office_sleeping_westeurope"
        scale_sets = running.get(
            f"/subscriptions/{FIRST}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets"
        )
        assert [each["sku"]["capacity"] for each in scale_sets["value"]] == [0]
        path = cluster_path("office", "sleeping")
        assert series(running, path, "kube_node_status_condition", "node eq '*'", "average") == []
