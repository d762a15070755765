"""Managed clusters and agent pools as the API shows them.

The shape follows recorded answers of 2023 to 2025; AKS spells `resourcegroups` in lower case in a
cluster's own id and `ManagedClusters` with a capital in its type.
"""

from __future__ import annotations

from typing import Any

from ...fleet import AUTO_PROVISIONED, HOSTED, VIRTUAL_MACHINES, Cluster, NodePool
from ...noise import stable_uuid

DEFAULT_IDLE_TIMEOUT_MINUTES = 30
"""AKS leaves the outbound idle timeout and ports out of its answer while nobody has set them."""


def cluster_json(cluster: Cluster) -> dict[str, Any]:
    """`GET managedClusters/{name}`."""
    body: dict[str, Any] = {
        "id": cluster.id,
        "location": cluster.location,
        "name": cluster.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
    }
    if cluster.tags:
        body["tags"] = dict(cluster.tags)
    properties = _properties(cluster)
    if cluster.identity is not None:
        properties["identityProfile"] = {"kubeletidentity": _kubelet_identity(cluster)}
    properties |= _nodes_of_no_agent_pool(cluster)
    lay_over(properties, cluster.properties)
    body |= {"kind": "Base", "properties": properties}
    if cluster.identity is not None:
        body["identity"] = _identity(cluster, cluster.identity)
    return body | {
        "sku": {"name": "Base", "tier": cluster.tier},
        "eTag": stable_uuid("etag", cluster.id, len(cluster.nodes), cluster.provisioning_state),
    }


def as_of(api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """A cluster in this api-version.

    The managed NAT gateway's SKU is shown since 2026-06-01 (azure-rest-api-specs#45055), hosted system pools by
    2026-08-01 (azure-mgmt-containerservice 41.8.0; which stable version was the first is not documented).
    """
    profile = body["properties"]["networkProfile"]
    if api_version < "2026-06-01" and "sku" in profile.get("natGatewayProfile", {}):
        gateway = {name: value for name, value in profile["natGatewayProfile"].items() if name != "sku"}
        body["properties"]["networkProfile"] = profile | {"natGatewayProfile": gateway}
    if api_version < "2026-08-01":
        body["properties"].pop("hostedSystemProfile", None)
    return body


def _identity(cluster: Cluster, written: dict[str, Any]) -> dict[str, Any]:
    """The identity as its owner wrote it, with the ids that Azure adds."""
    principal, tenant = stable_uuid("principal", cluster.id), stable_uuid("tenant", cluster.subscription)
    if written.get("type") != "UserAssigned":
        return {**written, "principalId": principal, "tenantId": tenant}
    assigned = {name: {"clientId": tenant, "principalId": principal} for name in written["userAssignedIdentities"]}
    return {**written, "userAssignedIdentities": assigned}


def _kubelet_identity(cluster: Cluster) -> dict[str, str]:
    """The identity that nodes have; AKS makes it in the node resource group."""
    return {
        "resourceId": f"/subscriptions/{cluster.subscription}/resourcegroups/{cluster.node_group}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{cluster.name}-agentpool",
        "clientId": stable_uuid("kubelet-client", cluster.id),
        "objectId": stable_uuid("kubelet-object", cluster.id),
    }


def _properties(cluster: Cluster) -> dict[str, Any]:
    host = f"{cluster.name}-{stable_uuid('dns', cluster.id)[:8]}.hcp.{cluster.location}.azmk8s.io"
    return {
        "provisioningState": cluster.provisioning_state,
        "powerState": {"code": cluster.power_state},
        "kubernetesVersion": cluster.kubernetes_version.rpartition(".")[0],
        "currentKubernetesVersion": cluster.kubernetes_version,
        "dnsPrefix": cluster.name,
        "fqdn": host,
        "azurePortalFQDN": host.replace(".hcp.", ".portal.hcp."),
        "agentPoolProfiles": [{"name": pool.name} | pool_properties(pool) for pool in cluster.agent_pools],
        "servicePrincipalProfile": {"clientId": "msi"},
        "nodeResourceGroup": cluster.node_group,
        "enableRBAC": True,
        "supportPlan": "KubernetesOfficial",
        "networkProfile": network_profile(cluster),
        "maxAgentPools": 100,
        "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
        "disableLocalAccounts": False,
        "securityProfile": {},
        "storageProfile": {
            "diskCSIDriver": {"enabled": True},
            "fileCSIDriver": {"enabled": True},
            "snapshotController": {"enabled": True},
        },
        "oidcIssuerProfile": {"enabled": False},
        "workloadAutoScalerProfile": {},
        "resourceUID": stable_uuid("uid", cluster.id).replace("-", "")[:24],
        "metricsProfile": {"costAnalysis": {"enabled": False}},
        "bootstrapProfile": {"artifactSource": "Direct"},
    }


def network_profile(cluster: Cluster) -> dict[str, Any]:
    """The cluster's `networkProfile`; the profile of the outbound type that is in use is filled."""
    effective = [{"id": frontend.public_ip_id} for frontend in cluster.frontends]
    profile: dict[str, Any] = {
        "networkPlugin": cluster.network_plugin,
        "networkPolicy": "none",
        "networkDataplane": "azure",
        "loadBalancerSku": cluster.load_balancer_sku,
    }
    if cluster.network_plugin == "azure":
        profile["networkPluginMode"] = "overlay"
    if cluster.has_outbound_rule:
        outbound: dict[str, Any] = (
            {"managedOutboundIPs": {"count": len(effective)}}
            if cluster.managed_outbound_ips
            else {"outboundIPs": {"publicIPs": effective}}
        )
        outbound["effectiveOutboundIPs"] = effective
        if cluster.allocated_outbound_ports:
            outbound["allocatedOutboundPorts"] = cluster.allocated_outbound_ports
        if cluster.idle_timeout_minutes != DEFAULT_IDLE_TIMEOUT_MINUTES:
            outbound["idleTimeoutInMinutes"] = cluster.idle_timeout_minutes
        profile["loadBalancerProfile"] = outbound | {"backendPoolType": "nodeIPConfiguration"}
    elif cluster.load_balancer_sku == "standard":
        profile["loadBalancerProfile"] = {"backendPoolType": "nodeIPConfiguration"}
    if cluster.outbound_type == "managedNATGateway":
        profile["natGatewayProfile"] = {
            "managedOutboundIPProfile": {"count": len(effective)},
            "effectiveOutboundIPs": effective,
            "idleTimeoutInMinutes": cluster.idle_timeout_minutes,
        }
    return profile | {
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        "outboundType": cluster.outbound_type,
        "podCidrs": ["10.244.0.0/16"],
        "serviceCidrs": ["10.0.0.0/16"],
        "ipFamilies": ["IPv4"],
        "podLinkLocalAccess": "IMDS",
    }


def _nodes_of_no_agent_pool(cluster: Cluster) -> dict[str, Any]:
    """Node auto-provisioning, and system pools that AKS hosts (azure-mgmt-containerservice 41.8.0)."""
    found: dict[str, Any] = {}
    by_kind = {pool.kind: pool for pool in cluster.pools}
    provisioned, hosted = by_kind.get(AUTO_PROVISIONED), by_kind.get(HOSTED)
    if provisioned is not None:
        found["nodeProvisioningProfile"] = {"mode": "Auto", "defaultNodePools": "Auto"}
    if hosted is not None:
        found["hostedSystemProfile"] = {"enabled": True}
        if hosted.own_subnet:
            found["hostedSystemProfile"]["systemNodeSubnetID"] = hosted.subnet_id
        if hosted.own_subnet and provisioned is not None:
            found["hostedSystemProfile"]["nodeSubnetID"] = provisioned.subnet_id
    return found


def _machines(pool: NodePool) -> dict[str, Any]:
    """The properties that replace count and autoscaler limits in a pool of kind VirtualMachines.

    Shape of azure-mgmt-containerservice 41.8.0; values as in the specification's example
    AgentPoolsCreate_TypeVirtualMachines.
    """
    size = {"size": pool.vm_size}
    scale: dict[str, Any] = {"manual": [size | {"count": len(pool.nodes)}]}
    if pool.max_nodes is not None:
        scale = {"autoscale": [size | {"minCount": 1, "maxCount": pool.max_nodes}]}
    return {
        "count": None,
        "vmSize": None,
        "type": VIRTUAL_MACHINES,
        "enableAutoScaling": False,
        "minCount": None,
        "maxCount": None,
        "virtualMachineNodesStatus": [size | {"count": len(pool.nodes)}],
        "virtualMachinesProfile": {"scale": scale},
    }


def pool_properties(pool: NodePool) -> dict[str, Any]:
    """The properties shared by an agent pool and an entry of `agentPoolProfiles`."""
    body: dict[str, Any] = {
        "count": len(pool.nodes) if pool.cluster.power_state == "Running" else pool.size_when_stopped,
        "vmSize": pool.vm_size,
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "workloadRuntime": "OCIContainer",
    }
    if pool.own_subnet:
        body["vnetSubnetID"] = pool.subnet_id
    if pool.pod_subnet_id:
        body["podSubnetID"] = pool.pod_subnet_id
    body |= {"maxPods": 250, "type": "VirtualMachineScaleSets"}
    if pool.zones:
        body["availabilityZones"] = list(pool.zones)
    if pool.max_nodes is not None:
        body |= {"enableAutoScaling": True, "minCount": 1, "maxCount": pool.max_nodes}
    else:
        body["enableAutoScaling"] = False
    body |= {
        "scaleDownMode": "Delete",
        "provisioningState": pool.cluster.provisioning_state,
        "powerState": {"code": pool.cluster.power_state},
        "orchestratorVersion": pool.cluster.kubernetes_version.rpartition(".")[0],
        "currentOrchestratorVersion": pool.cluster.kubernetes_version,
        "enableNodePublicIP": pool.node_public_ip,
        "enableCustomCATrust": False,
        "mode": pool.mode,
        "enableEncryptionAtHost": False,
        "enableUltraSSD": False,
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202510.19.0",
        "upgradeSettings": {"maxSurge": "10%", "maxUnavailable": "0"},
        "enableFIPS": False,
        "networkProfile": {},
        "securityProfile": {"sshAccess": "LocalUser", "enableVTPM": False, "enableSecureBoot": False},
        "eTag": stable_uuid("etag", pool.scale_set_id, len(pool.nodes)),
    }
    if pool.kind == VIRTUAL_MACHINES:
        body |= _machines(pool)
    return body | pool.properties


def agent_pool_json(pool: NodePool) -> dict[str, Any]:
    """`GET managedClusters/{name}/agentPools/{pool}`."""
    return {
        "id": f"{pool.cluster.id}/agentPools/{pool.name}",
        "name": pool.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": pool_properties(pool),
    }


def lay_over(base: dict[str, Any], overrides: dict[str, Any]) -> None:
    """Override values of `base`, object by object."""
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            lay_over(base[key], value)
        else:
            base[key] = value
