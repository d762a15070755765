"""Network interfaces of scale-set instances as the API shows them."""

from __future__ import annotations

from typing import Any

from ...fleet import Node
from ...noise import stable_uuid, unit
from ..compute.wire import backend_pool_references

_SUFFIX = "rpjvs2zeraeubag53kkqa3sqab"


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
            "ipConfigurations": [
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
                }
            ],
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
            "virtualMachine": {
                "id": f"{node.pool.scale_set_id}/virtualMachines/{node.instance}",
            },
            "hostedWorkloads": [],
            "tapConfigurations": [],
        },
    }
