"""Rows of Azure Resource Graph: a cluster, its load balancer and its NAT gateway."""

from __future__ import annotations

from typing import Any

GROUP = "/subscriptions/s1/resourceGroups"
CLUSTER_ID = f"{GROUP}/rg/providers/Microsoft.ContainerService/managedClusters/prod"
SUBNET = f"{GROUP}/net/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
GATEWAY = f"{GROUP}/net/providers/Microsoft.Network/natGateways/ng"
PREFIX = f"{GROUP}/net/providers/Microsoft.Network/publicIPPrefixes/pre"


def cluster_row(name: str = "prod", **changed: Any) -> dict[str, Any]:
    properties = {
        "nodeResourceGroup": f"MC_{name}",
        "agentPoolProfiles": [{"name": "np", "mode": "System", "count": 3, "vnetSubnetID": SUBNET}],
        **changed,
    }
    return {"id": CLUSTER_ID.replace("prod", name), "name": name, "location": "westeurope", "properties": properties}


def balancer_row(group: str = "mc_PROD", **changed: Any) -> dict[str, Any]:
    """Resource Graph's spelling of groups differs from AKS's."""
    usual = {
        "id": f"{GROUP}/{group}/providers/Microsoft.Network/loadBalancers/kubernetes",
        "name": "kubernetes",
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "outboundRules": [{"name": "aksOutboundRule", "properties": {"allocatedOutboundPorts": 0}}],
        "frontends": [],
    }
    return usual | changed


def gateway_row(**properties: Any) -> dict[str, Any]:
    usual = {"subnets": [{"id": SUBNET.upper()}], "publicIpAddresses": [{"id": "a"}, {"id": "b"}]}
    return {
        "id": GATEWAY,
        "name": "ng",
        "location": "westeurope",
        "tags": {"Snatbot": "prod"},
        "properties": usual | properties,
    }
