"""Network interfaces of scale-set instances as the API shows them."""

from __future__ import annotations

from typing import Any

from ...fleet import Node
from ...noise import stable_uuid, unit
from ..compute.wire import backend_pool_references


def nic_json(node: Node) -> dict[str, Any]:
    """An entry of `virtualMachineScaleSets/{name}/networkInterfaces`."""
    etag = f'W/"{stable_uuid("nic-etag", node.nic_id)}"'
    return {
        "name": node.pool.scale_set,
        "id": node.nic_id,
        "etag": etag,
        "properties": {
            "provisioningState": node.nic_state,
            "resourceGuid": stable_uuid("nic", node.nic_id),
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
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
                }
            ],
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
            "macAddress": "-".join(
                ["00", "22", "48", *(f"{int(unit('mac', node.nic_id, i) * 256):02X}" for i in range(3))]
            ),
            "enableAcceleratedNetworking": True,
            "enableIPForwarding": True,
            "virtualMachine": {
                "id": f"{node.pool.scale_set_id}/virtualMachines/{node.instance}",
            },
            "hostedWorkloads": [],
            "tapConfigurations": [],
        },
    }
