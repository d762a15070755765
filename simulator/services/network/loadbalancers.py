"""The load balancer `kubernetes` of a cluster as the API shows it, and its child resources.

Pools hold the ids of NIC IP configurations and no IP addresses, as recorded from AKS; a load
balancer's children share its ETag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...fleet import HOSTED, Cluster, Frontend
from ...noise import stable_uuid

OUTBOUND_POOL = "aksOutboundBackendPool"
HOSTED_POOL = "aksHostedSystemPoolOutboundBackendPool"
OUTBOUND_RULE = "aksOutboundRule"
_TYPE = "Microsoft.Network/loadBalancers"


def _etag(cluster: Cluster) -> str:
    return f'W/"{stable_uuid("lb-etag", cluster.id, len(cluster.nodes), cluster.outbound_type)}"'


def load_balancer_json(cluster: Cluster) -> dict[str, Any]:
    """`GET loadBalancers/kubernetes`."""
    return {
        "name": "kubernetes",
        "id": cluster.load_balancer_id,
        "etag": _etag(cluster),
        "type": _TYPE,
        "location": cluster.location,
        "tags": {"aks-managed-cluster-name": cluster.name, "aks-managed-cluster-rg": cluster.group},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": stable_uuid("lb", cluster.id),
            "frontendIPConfigurations": frontends(cluster),
            "backendAddressPools": backend_pools(cluster),
            "loadBalancingRules": [],
            "probes": [],
            "inboundNatRules": [],
            "outboundRules": outbound_rules(cluster),
            "inboundNatPools": [],
        },
        "sku": {"name": cluster.load_balancer_sku.capitalize(), "tier": "Regional"},
    }


def _rule_reference(cluster: Cluster) -> list[dict[str, str]]:
    return [{"id": f"{cluster.load_balancer_id}/outboundRules/{OUTBOUND_RULE}"}]


def frontends(cluster: Cluster) -> list[dict[str, Any]]:
    """The frontend IP configurations."""
    return [_frontend(cluster, frontend) for frontend in cluster.frontends] if cluster.has_outbound_rule else []


def _frontend(cluster: Cluster, frontend: Frontend) -> dict[str, Any]:
    return {
        "name": frontend.name,
        "id": f"{cluster.load_balancer_id}/frontendIPConfigurations/{frontend.name}",
        "etag": _etag(cluster),
        "type": f"{_TYPE}/frontendIPConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAllocationMethod": "Dynamic",
            "publicIPAddress": {"id": frontend.public_ip_id},
            "outboundRules": _rule_reference(cluster),
        },
    }


def backend_pools(cluster: Cluster) -> list[dict[str, Any]]:
    """The pools `kubernetes` (inbound) and `aksOutboundBackendPool`, and the pool of the system pools that AKS hosts.

    That its members are in no other pool, and which outbound rule it belongs to, is not documented
    (Azure/terraform-azurerm-avm-res-containerservice-managedcluster#292 shows the pool).
    """
    names = ["kubernetes"] + ([OUTBOUND_POOL] if cluster.has_outbound_rule else [])
    if cluster.has_outbound_rule and any(pool.kind == HOSTED for pool in cluster.pools):
        names.append(HOSTED_POOL)
    return [_backend_pool(cluster, name) for name in names]


def _backend_pool(cluster: Cluster, name: str) -> dict[str, Any]:
    pool_id, etag = f"{cluster.load_balancer_id}/backendAddressPools/{name}", _etag(cluster)
    nodes = [node for node in cluster.nodes if (node.pool.kind == HOSTED) == (name == HOSTED_POOL)]
    members = [(node.ip_configuration_id, stable_uuid(pool_id, node.nic_id)) for node in nodes]
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "loadBalancerBackendAddresses": [
            {
                "name": address_name,
                "id": f"{pool_id}/loadBalancerBackendAddresses/{address_name}",
                "etag": etag,
                "properties": {
                    "provisioningState": "Succeeded",
                    "networkInterfaceIPConfiguration": {"id": configuration},
                },
                "type": f"{_TYPE}/backendAddressPools/loadBalancerBackendAddresses",
            }
            for configuration, address_name in members
        ],
    }
    if name == OUTBOUND_POOL:
        properties["outboundRules"] = _rule_reference(cluster)
    properties["backendIPConfigurations"] = [{"id": configuration} for configuration, _ in members]
    return {
        "name": name,
        "id": pool_id,
        "etag": etag,
        "properties": properties,
        "type": f"{_TYPE}/backendAddressPools",
    }


def outbound_rules(cluster: Cluster) -> list[dict[str, Any]]:
    """AKS's one outbound rule, while the cluster's outbound type is loadBalancer."""
    if not cluster.has_outbound_rule:
        return []
    load_balancer = cluster.load_balancer_id
    return [
        {
            "name": OUTBOUND_RULE,
            "id": f"{load_balancer}/outboundRules/{OUTBOUND_RULE}",
            "etag": _etag(cluster),
            "type": f"{_TYPE}/outboundRules",
            "properties": {
                "provisioningState": "Succeeded",
                "allocatedOutboundPorts": cluster.allocated_outbound_ports,
                "protocol": "All",
                "enableTcpReset": True,
                "idleTimeoutInMinutes": cluster.idle_timeout_minutes,
                "allocationPolicy": {"onDemandAllocation": False, "portReuse": "FirstAvailable"},
                "backendAddressPool": {"id": f"{load_balancer}/backendAddressPools/{OUTBOUND_POOL}"},
                "frontendIPConfigurations": [
                    {"id": f"{load_balancer}/frontendIPConfigurations/{frontend.name}"}
                    for frontend in cluster.frontends
                ],
            },
        }
    ]


CHILDREN: dict[str, Callable[[Cluster], list[dict[str, Any]]]] = {
    "frontendipconfigurations": frontends,
    "backendaddresspools": backend_pools,
    "outboundrules": outbound_rules,
    "loadbalancingrules": lambda _cluster: [],
    "probes": lambda _cluster: [],
    "inboundnatrules": lambda _cluster: [],
}
