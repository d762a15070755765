"""A cluster in its owner's network, as Resource Manager answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.support.canned import Answer

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CLUSTER = "/subscriptions/s1/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/prod"
NODE_GROUP = "/subscriptions/s1/resourceGroups/MC_prod/providers"
NET_GROUP = "/subscriptions/s2/resourceGroups/net/providers/Microsoft.Network"
VNET = f"{NET_GROUP}/virtualNetworks/v"
ROUTES = f"{NET_GROUP}/routeTables/rt"
LB = f"{NODE_GROUP}/Microsoft.Network/loadBalancers/kubernetes"
OUT_IP = f"{NODE_GROUP}/Microsoft.Network/publicIPAddresses/out"


def cluster(*pools: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": CLUSTER,
        "name": "prod",
        "location": "westeurope",
        "properties": {"nodeResourceGroup": "MC_prod", "agentPoolProfiles": list(pools)},
    }


def pool(name: str, subnet: str | None, mode: str = "User", count: int = 3) -> dict[str, Any]:
    return {"name": name, "mode": mode, "count": count} | (
        {"vnetSubnetID": f"{VNET}/subnets/{subnet}"} if subnet else {}
    )


def subnet(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{VNET}/subnets/{name}",
        "name": name,
        "etag": "e",
        "properties": {"addressPrefix": "p", **properties},
    }


def gateway(gateway_id: str, *ips: str) -> dict[str, Any]:
    properties = {"publicIpAddresses": [{"id": ip} for ip in ips]}
    return {"id": gateway_id, "name": gateway_id.rpartition("/")[2], "location": "westeurope", "properties": properties}


def public_ip(ip_id: str, address: str) -> dict[str, Any]:
    return {"id": ip_id, "name": ip_id.rpartition("/")[2], "properties": {"ipAddress": address}}


LOAD_BALANCER = {
    "id": LB,
    "name": "kubernetes",
    "sku": {"name": "Standard"},
    "properties": {
        "frontendIPConfigurations": [{"id": "front", "properties": {"publicIPAddress": {"id": OUT_IP}}}],
        "outboundRules": [{"name": "r", "properties": {"frontendIPConfigurations": [{"id": "front"}]}}],
    },
}
OWN_VNET: dict[str, Answer] = {
    CLUSTER: cluster(pool("system", "sys", "System"), pool("apps", "apps")),
    LB: LOAD_BALANCER,
    OUT_IP: public_ip(OUT_IP, "203.0.113.1"),
    f"{NODE_GROUP}/Microsoft.Compute/virtualMachineScaleSets": [],
    f"{NODE_GROUP}/Microsoft.Network/networkInterfaces": [],
    VNET: {"id": VNET, "name": "v", "location": "westeurope", "properties": {}},
    f"{VNET}/subnets/sys": subnet("sys"),
    f"{VNET}/subnets/apps": subnet("apps", routeTable={"id": ROUTES}),
    ROUTES: {
        "id": ROUTES,
        "properties": {
            "routes": [{"name": "out", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}]
        },
    },
    f"{NET_GROUP}/natGateways": [],
    f"{NET_GROUP}/publicIPAddresses": [public_ip(f"{NET_GROUP}/publicIPAddresses/pip-taken", "203.0.113.2")],
}
