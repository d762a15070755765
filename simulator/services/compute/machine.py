"""A node's settings from AKS: operating system, disks, extensions, identity. The same for every node here.

Clients see it in scale sets and instances; nothing in the simulator depends on it.
Shape and contents follow an AKS node scale set recorded in April 2025.
"""

from __future__ import annotations

from typing import Any

from ...fleet import Node, NodePool
from ...noise import stable_uuid

CREATED = "2025-04-10T03:50:13.5276631+00:00"
IMAGE_VERSION = "202510.19.0"
_DISK = {"osType": "Linux", "createOption": "FromImage", "caching": "ReadOnly"}
_EXTENSIONS = (
    ("vmssCSE", "Microsoft.Azure.Extensions", "CustomScript", "2.0"),
    ("{scale_set}-AKSLinuxBilling", "Microsoft.AKS", "Compute.AKS.Linux.Billing", "1.0"),
)


def tags(pool: NodePool) -> dict[str, str]:
    """The tags by which AKS recognises its scale sets and instances."""
    overlay = {"aks-managed-azure-cni-overlay": "true"} if pool.cluster.network_plugin == "azure" else {}
    return overlay | {
        "aks-managed-consolidated-additional-properties": stable_uuid("additional", pool.scale_set_id),
        "aks-managed-createOperationID": stable_uuid("created-by", pool.scale_set_id),
        "aks-managed-creationSource": f"vmssclient-{pool.scale_set}",
        "aks-managed-enable-imds-restriction": "false",
        "aks-managed-kubeletIdentityClientID": stable_uuid("kubelet", pool.cluster.id),
        "aks-managed-orchestrator": f"Kubernetes:{pool.cluster.kubernetes_version}",
        "aks-managed-poolName": pool.name,
        "aks-managed-resourceNameSuffix": pool.scale_set.split("-")[-2] if "-" in pool.scale_set else "",
        "aks-managed-ssh-access": "LocalUser",
        "aks-managed-coordination": "true",
    }


def identity(pool: NodePool) -> dict[str, Any]:
    """The kubelet's user-assigned identity."""
    cluster = pool.cluster
    identity_id = (
        f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_group}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{cluster.name}-agentpool"
    )
    ids = {"principalId": stable_uuid("kubelet-object", cluster.id), "clientId": stable_uuid("kubelet", cluster.id)}
    return {"type": "UserAssigned", "userAssignedIdentities": {identity_id: ids}}


def os_profile(names: dict[str, str]) -> dict[str, Any]:
    """`names` holds the prefix of computer names, or the computer's name."""
    key = {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA"}
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}, "provisionVMAgent": True}
    more = {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}
    return names | {"adminUsername": "azureuser", "linuxConfiguration": linux} | more


def _image(pool: NodePool) -> dict[str, str]:
    return {
        "id": f"/subscriptions/{pool.cluster.subscription}/resourceGroups/AKS-Ubuntu/providers/Microsoft.Compute"
        f"/galleries/AKSUbuntu/images/2204gen2containerd/versions/{IMAGE_VERSION}"
    }


def pool_storage(pool: NodePool) -> dict[str, Any]:
    """The `storageProfile` of a scale set."""
    disk = _DISK | {"managedDisk": {"storageAccountType": "Premium_LRS"}, "diskSizeGB": 128}
    return {"osDisk": disk, "imageReference": _image(pool), "diskControllerType": "SCSI"}


def node_storage(node: Node) -> dict[str, Any]:
    """The `storageProfile` of an instance."""
    pool = node.pool
    name = f"{pool.scale_set[:23]}_disk1_{stable_uuid('disk', node.nic_id).replace('-', '')}"
    disk_id = (
        f"/subscriptions/{pool.cluster.subscription}/resourceGroups/{pool.cluster.node_group}"
        f"/providers/Microsoft.Compute/disks/{name}"
    )
    managed = {"storageAccountType": "Premium_LRS", "id": disk_id}
    return {
        "imageReference": _image(pool) | {"exactVersion": IMAGE_VERSION},
        "osDisk": _DISK | {"name": name, "managedDisk": managed, "diskSizeGB": 128},
        "dataDisks": [],
        "diskControllerType": "SCSI",
    }


def _extension(described: tuple[str, str, str, str]) -> dict[str, Any]:
    _, publisher, kind, version = described
    what = {"publisher": publisher, "type": kind, "typeHandlerVersion": version, "settings": {}}
    return {"autoUpgradeMinorVersion": True} | what


def pool_extensions(pool: NodePool) -> dict[str, Any]:
    """The `extensionProfile` of a scale set."""
    installed = [{"name": e[0].format(scale_set=pool.scale_set), "properties": _extension(e)} for e in _EXTENSIONS]
    node = _extension(("", "Microsoft.AKS", "Compute.AKS.Linux.AKSNode", "1.218")) | {
        "autoUpgradeMinorVersion": False,
        "suppressFailures": False,
        "settings": {"disable-uu": "true", "enable-uu": "false", "node-exporter-tls": "false"},
    }
    extensions = [*installed, {"name": "AKSLinuxExtension", "properties": node}]
    return {"extensions": extensions, "extensionsTimeBudget": "PT16M"}


def node_extensions(node: Node) -> list[dict[str, Any]]:
    """The extensions of an instance as resources. Their ids name a machine, not a scale set."""
    cluster, resources = node.pool.cluster, []
    machine = (
        f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_group}"
        f"/providers/Microsoft.Compute/virtualMachines/{node.pool.scale_set}_{node.instance}"
    )
    for described in _EXTENSIONS:
        name = described[0].format(scale_set=node.pool.scale_set)
        resources.append(
            {
                "name": name,
                "id": f"{machine}/extensions/{name}",
                "type": "Microsoft.Compute/virtualMachines/extensions",
                "location": cluster.location,
                "properties": {"provisioningState": "Succeeded"} | _extension(described),
            }
        )
    return resources
