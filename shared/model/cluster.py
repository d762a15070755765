"""An AKS cluster as Azure describes it, reduced to what detection and planning need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .resource_id import ArmId
from .text import Text


class VnetOwnership(StrEnum):
    OWN = "own"
    MANAGED = "managed"
    MIXED = "mixed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NodePool:
    name: str
    mode: str
    count: int
    max_count: int | None  # the autoscaler's maximum, or ``count`` without autoscaler; None: unknown
    max_surge: str = ""  # a number of nodes or a percentage; empty: AKS's default
    vnet_subnet_id: ArmId | None = None
    pod_subnet_id: ArmId | None = None
    zones: tuple[str, ...] = ()
    provisioning_state: str = "Succeeded"
    has_node_public_ips: bool = False
    kind: str = "VirtualMachineScaleSets"  # AKS's ``type``; nodes of VirtualMachines pools are in no scale set
    has_host_snat: bool = False  # Windows nodes translate addresses themselves (OutboundNAT)

    @property
    def is_egress_gateway(self) -> bool:
        """Static Egress Gateway: selected pods use the public IP prefixes of this pool's nodes."""
        return self.mode.lower() == "gateway"

    @property
    def subnet_ids(self) -> tuple[ArmId, ...]:
        """The subnets of its nodes and of its pods."""
        return tuple(filter(None, (self.vnet_subnet_id, self.pod_subnet_id)))

    @property
    def is_system(self) -> bool:
        return self.mode.lower() == "system"


@dataclass(frozen=True, slots=True)
class LoadBalancerProfile:
    allocated_outbound_ports: int = 0  # 0: Azure's default by number of nodes
    idle_timeout_minutes: int = 30
    managed_outbound_ip_count: int | None = None
    effective_ip_ids: tuple[ArmId, ...] = ()  # outbound IPs of AKS's own outbound rule


@dataclass(frozen=True, slots=True)
class Cluster:
    id: ArmId
    name: str
    location: str
    node_resource_group: str
    outbound_type: str
    managed_gateway_sku: str = ""  # of AKS's own NAT gateway; empty: unknown
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    is_private: bool = False
    has_vnet_integration: bool = False  # nodes reach the API server by a private address
    load_balancer_sku: str = "standard"
    authorized_ip_ranges: tuple[str, ...] = ()
    load_balancer_profile: LoadBalancerProfile = field(default_factory=LoadBalancerProfile)
    pools: tuple[NodePool, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    ip_families: tuple[str, ...] = ()
    has_auto_provisioning: bool = False  # node auto-provisioning: nodes of no pool, without a known maximum
    has_hosted_pools: bool = False  # AKS hosts the system pools; the cluster's lists don't show their nodes
    hosted_subnet_ids: tuple[ArmId, ...] = ()  # subnets of the hosted pools' nodes

    @property
    def subscription(self) -> str:
        return self.id.subscription

    @property
    def resource_group(self) -> str:
        return self.id.resource_group

    @property
    def is_on_load_balancer(self) -> bool:
        """By the outbound type; a subnet may have a NAT gateway all the same."""
        return self.outbound_type.lower() == "loadbalancer"

    @property
    def has_ipv6(self) -> bool:
        return any(family.lower() == "ipv6" for family in self.ip_families)

    @property
    def restricts_api_server(self) -> bool:
        """Whether the API server accepts only authorized IP ranges."""
        return bool(self.authorized_ip_ranges) and not self.is_private and not self.has_vnet_integration

    @property
    def shows_every_node(self) -> bool:
        """Whether the network interfaces in the node resource group are those of all nodes."""
        return bool(self.pools) and not self.has_hosted_pools

    @property
    def fixed_outbound_type_reason(self) -> Text:
        """Why AKS can't change the outbound type; empty if it can (node-auto-provisioning, egress-outboundtype)."""
        if self.has_auto_provisioning:
            return Text("node auto-provisioning is on")
        others = sorted({pool.kind for pool in self.pools if pool.kind.lower() != "virtualmachinescalesets"})
        return Text("it has node pools of type {types}", types=tuple(others)) if others else Text("")

    @property
    def vnet_ownership(self) -> VnetOwnership:
        """AKS owns the network if no pool names a subnet (AKS docs: configure-azure-cni).

        Unknown without any pool, because AKS may host the system pools.
        """
        owned = {pool.vnet_subnet_id is not None for pool in self.pools}
        if self.hosted_subnet_ids:
            owned.add(True)
        if not owned:
            return VnetOwnership.UNKNOWN
        if owned == {True}:
            return VnetOwnership.OWN
        return VnetOwnership.MIXED if len(owned) == 2 else VnetOwnership.MANAGED

    @property
    def subnet_ids(self) -> tuple[ArmId, ...]:
        """Distinct node and pod subnets of all pools: smallest user pool first, system and hosted pools last."""
        ordered = sorted(self.pools, key=lambda pool: (pool.is_system, pool.count, pool.name))
        # A subnet that a system pool shares moves with the system pools, at the end.
        system = {subnet_id for pool in ordered if pool.is_system for subnet_id in pool.subnet_ids}
        system.update(self.hosted_subnet_ids)
        of_pools = [subnet_id for pool in ordered for subnet_id in pool.subnet_ids]
        found = dict.fromkeys([*of_pools, *self.hosted_subnet_ids])
        return tuple(sorted(found, key=lambda subnet_id: subnet_id in system))
