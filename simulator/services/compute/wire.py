"""Scale sets and their instances as the API shows them."""

from __future__ import annotations

from typing import Any

from ...fleet import Node, NodePool
from ...noise import stable_uuid
from . import machine


def scale_set_json(pool: NodePool) -> dict[str, Any]:
    """`GET virtualMachineScaleSets/{name}` of a node pool."""
    body: dict[str, Any] = {
        "name": pool.scale_set,
        "id": pool.scale_set_id,
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": pool.cluster.location,
        "tags": machine.tags(pool),
        "identity": machine.identity(pool),
        "sku": {"name": pool.vm_size, "tier": "Standard", "capacity": len(pool.nodes)},
    }
    if pool.zones:
        body["zones"] = list(pool.zones)
    return body | {
        "etag": '"2"',
        "properties": {
            "singlePlacementGroup": False,
            "orchestrationMode": pool.orchestration_mode,
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": machine.os_profile({"computerNamePrefix": pool.scale_set}),
                "storageProfile": machine.pool_storage(pool),
                "networkProfile": {"networkInterfaceConfigurations": [_nic_configuration(pool)]},
                "extensionProfile": machine.pool_extensions(pool),
                "timeCreated": machine.CREATED,
            },
            "provisioningState": "Succeeded",
            "overprovision": False,
            "doNotRunExtensionsOnOverprovisionedVMs": False,
            "uniqueId": stable_uuid("vmss", pool.scale_set_id),
            "platformFaultDomainCount": 1,
            "timeCreated": machine.CREATED,
        },
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
        "tags": machine.tags(pool),
        "identity": machine.identity(pool),
        "instanceId": str(node.instance),
        "sku": {"name": pool.vm_size, "tier": "Standard"},
    }
    if pool.zones:
        body["zones"] = [pool.zones[node.instance % len(pool.zones)]]
    return body | {
        "properties": {
            "latestModelApplied": False,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "networkProfileConfiguration": {"networkInterfaceConfigurations": [_nic_configuration(pool)]},
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": pool.vm_size},
            "resilientVMDeletionStatus": "Disabled",
            "vmId": stable_uuid("vm", node.nic_id),
            "storageProfile": machine.node_storage(node),
            "osProfile": machine.os_profile({"computerName": node.name}),
            "networkProfile": {"networkInterfaces": [{"id": node.nic_id}]},
            "timeCreated": machine.CREATED,
        },
        "etag": '"1"',
        "resources": machine.node_extensions(node),
    }
