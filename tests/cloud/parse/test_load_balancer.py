"""A load balancer: only what its outbound rule uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.cloud.parse.load_balancer import parse_load_balancer
from tests.support.every import every
from tests.support.recorded_arm import IP, NETWORK, PREFIX, net, recorded

pytestmark = pytest.mark.disable_socket
NODE_GROUP = "/subscriptions/s1/resourceGroups/MC_shop"
LB = f"{NODE_GROUP}/{NETWORK}/loadBalancers/kubernetes"


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
    assert every("/virtualMachineScaleSets/" in one for one in found.outbound_ip_configuration_ids)
