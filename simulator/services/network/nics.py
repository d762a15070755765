"""Network interfaces of nodes as the API shows them."""

from __future__ import annotations

from typing import Any

from ...fleet import AUTO_PROVISIONED, Node
from ...noise import stable_uuid, unit
from ..compute.wire import backend_pool_references
from .nodeips import with_public_ips

_SUFFIX = "rpjvs2zeraeubag53kkqa3sqab"


def machine_nic_json(node: Node) -> dict[str, Any]:
    """An entry of `networkInterfaces`: of a node in no scale set. Tags are as AKS's pools and Karpenter set them."""
    cluster, pool = node.pool.cluster, node.pool
    tags = {"aks-managed-poolName": pool.name}
    if pool.kind == AUTO_PROVISIONED:
        tags = {"karpenter.azure.com_cluster": cluster.name, "karpenter.sh_nodepool": pool.name}
    return nic_json(node) | {"type": "Microsoft.Network/networkInterfaces", "location": cluster.location, "tags": tags}


def nic_json(node: Node) -> dict[str, Any]:
    """An entry of `virtualMachineScaleSets/{name}/networkInterfaces`."""
    etag = f'W/"{stable_uuid("nic-etag", node.nic_id)}"'
    return {
        "name": node.nic_id.rpartition("/")[2],
        "id": node.nic_id,
        "etag": etag,
        "properties": {
            "provisioningState": node.nic_state,
            "resourceGuid": stable_uuid("nic", node.nic_id),
            "ipConfigurations": with_public_ips(
                node,
                {
                    "name": node.ip_configuration_id.rpartition("/")[2],
                    "id": node.ip_configuration_id,
                    "etag": etag,
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": node.address,
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": {"id": node.pool.subnet_id},
                        "primary": True,
                        "privateIPAddressVersion": "IPv4",
                        "loadBalancerBackendAddressPools": backend_pool_references(node.pool),
                    },
                },
            ),
            "dnsSettings": {
                "dnsServers": [],
                "appliedDnsServers": [],
                "internalDomainNameSuffix": f"{_SUFFIX}.bx.internal.cloudapp.net",
            },
            "macAddress": "-".join(
                ["00", "22", "48", *(f"{int(unit('mac', node.nic_id, i) * 256):02X}" for i in range(3))]
            ),
            "enableAcceleratedNetworking": True,
            "enableIPForwarding": True,
            "primary": True,
            "virtualMachine": {"id": node.machine_id},
            "hostedWorkloads": [],
            "tapConfigurations": [],
        },
    }
