"""Scale sets and their instances as the API shows them: the parts that say who and where."""

from __future__ import annotations

from typing import Any

from ...fleet import Node, NodePool
from ...noise import stable_uuid


def scale_set_json(pool: NodePool) -> dict[str, Any]:
    """`GET virtualMachineScaleSets/{name}` of a node pool."""
    body: dict[str, Any] = {
        "name": pool.scale_set,
        "id": pool.scale_set_id,
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": pool.cluster.location,
        "tags": _tags(pool),
        "sku": {"name": pool.vm_size, "tier": "Standard", "capacity": len(pool.nodes)},
    }
    if pool.zones:
        body["zones"] = list(pool.zones)
    return body | {
        "etag": '"2"',
        "properties": {
            "singlePlacementGroup": False,
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": pool.scale_set, "adminUsername": "azureuser"},
                "networkProfile": {"networkInterfaceConfigurations": [_nic_configuration(pool)]},
            },
            "provisioningState": "Succeeded",
            "overprovision": False,
            "uniqueId": stable_uuid("vmss", pool.scale_set_id),
            "platformFaultDomainCount": 1,
        },
    }


def _tags(pool: NodePool) -> dict[str, str]:
    return {
        "aks-managed-creationSource": f"vmssclient-{pool.scale_set}",
        "aks-managed-orchestrator": f"Kubernetes:{pool.cluster.kubernetes_version}",
        "aks-managed-poolName": pool.name,
        "aks-managed-resourceNameSuffix": pool.scale_set.split("-")[-2],
    }


def backend_pool_references(pool: NodePool) -> list[dict[str, str]]:
    """The load balancer pools that the nodes are in."""
    names = ["kubernetes"] + (["aksOutboundBackendPool"] if pool.cluster.has_outbound_rule else [])
    return [{"id": f"{pool.cluster.load_balancer_id}/backendAddressPools/{name}"} for name in names]


def _nic_configuration(pool: NodePool) -> dict[str, Any]:
    return {
        "name": pool.scale_set,
        "properties": {
            "primary": True,
            "enableAcceleratedNetworking": True,
            "disableTcpStateTracking": False,
            "dnsSettings": {"dnsServers": []},
            "enableIPForwarding": True,
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
                    "properties": {
                        "primary": True,
                        "subnet": {"id": pool.subnet_id},
                        "privateIPAddressVersion": "IPv4",
                        "loadBalancerBackendAddressPools": backend_pool_references(pool),
                    },
                }
            ],
        },
    }


def instance_json(node: Node) -> dict[str, Any]:
    """An entry of `virtualMachineScaleSets/{name}/virtualMachines`."""
    pool = node.pool
    body: dict[str, Any] = {
        "name": f"{pool.scale_set}_{node.instance}",
        "id": f"{pool.scale_set_id}/virtualMachines/{node.instance}",
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": pool.cluster.location,
        "tags": _tags(pool),
        "instanceId": str(node.instance),
        "sku": {"name": pool.vm_size, "tier": "Standard"},
    }
    if pool.zones:
        body["zones"] = [pool.zones[node.instance % len(pool.zones)]]
    return body | {
        "properties": {
            "latestModelApplied": True,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "networkProfileConfiguration": {"networkInterfaceConfigurations": [_nic_configuration(pool)]},
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": pool.vm_size},
            "vmId": stable_uuid("vm", node.nic_id),
            "osProfile": {"computerName": node.name, "adminUsername": "azureuser"},
            "networkProfile": {"networkInterfaces": [{"id": node.nic_id}]},
        },
        "etag": '"1"',
    }
