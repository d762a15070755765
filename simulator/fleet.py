"""The AKS clusters of a scenario: pools, nodes, and how their traffic leaves.

This is the inventory that the services show on the wire and that the physics runs on. Names follow
what AKS does: scale set `aks-<pool>-<digits>-vmss`, node names with a base-36 instance number, the
load balancer `kubernetes` in the node resource group with the rule `aksOutboundRule`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .noise import stable_digits, stable_uuid
from .physics.workload import NodeLoad

LOAD_BALANCER = "loadBalancer"
SCALE_SETS, VIRTUAL_MACHINES, AUTO_PROVISIONED, HOSTED = (
    "VirtualMachineScaleSets",
    "VirtualMachines",
    "AutoProvisioned",
    "Hosted",
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _base36(number: int, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text.rjust(width, "0")


@dataclass(frozen=True)
class Frontend:
    """An outbound frontend of the load balancer: its name, its public IP's id and address."""

    name: str
    public_ip_id: str
    address: str


@dataclass(eq=False)
class Node:
    """A virtual machine of a node pool.

    `ready` is its own health; the node is Ready only while it also reaches the API server.
    """

    pool: NodePool
    instance: int
    address: str
    load: NodeLoad
    ready: bool = True
    nic_state: str = "Succeeded"
    public_address: str = ""
    egress_address: str = ""  # private, of the IP configuration that a Static Egress Gateway adds
    reaches_api_server: bool = True
    _history: list[tuple[int, bool]] = field(default_factory=list, repr=False)

    @property
    def is_ready(self) -> bool:
        """Whether the node is Ready now, or about to be."""
        return self.ready and self.reaches_api_server

    def note(self, minute: int) -> None:
        """Record whether the node is Ready, with effect from `minute` on."""
        self._history.append((minute, self.is_ready))

    def ready_in(self, minute: int) -> bool:
        """Whether the node was Ready in a minute."""
        return next((ready for since, ready in reversed(self._history) if since <= minute), True)

    @cached_property
    def name(self) -> str:
        """The Kubernetes node's name, which is the machine's host name.

        A machine in no scale set is named as kubernetes/autoscaler's azure_agent_pool_test.go and
        Azure/karpenter-provider-azure name theirs.
        """
        pool = self.pool
        if pool.kind == VIRTUAL_MACHINES:
            return f"aks-{pool.name}-{stable_digits(8, pool.cluster.id, pool.name)}-vms{self.instance}"
        if pool.kind == AUTO_PROVISIONED:
            return f"aks-{pool.name}-{stable_uuid('nodeclaim', pool.cluster.id, pool.name, self.instance)[:5]}"
        return f"{pool.scale_set}{_base36(self.instance, 6)}"

    @cached_property
    def machine_id(self) -> str:
        if self.pool.has_own_nics:
            return f"{self.pool.machines}/Microsoft.Compute/virtualMachines/{self.name}"
        return f"{self.pool.scale_set_id}/virtualMachines/{self.instance}"

    @cached_property
    def nic_id(self) -> str:
        if self.pool.has_own_nics:
            return f"{self.pool.machines}/Microsoft.Network/networkInterfaces/{self.name}"
        return f"{self.machine_id}/networkInterfaces/{self.pool.scale_set}"

    @cached_property
    def ip_configuration_id(self) -> str:
        return f"{self.nic_id}/ipConfigurations/ipconfig1"


def _no_address() -> str:
    raise RuntimeError("this pool has no addresses to give")


def _no_load(instance: int) -> NodeLoad:
    return NodeLoad((), str(instance))


@dataclass(eq=False)
class NodePool:
    """Nodes of one kind. `own_subnet` is false in a VNet that AKS manages.

    Scale sets and virtual machines are behind an agent pool. Nodes of node auto-provisioning and of
    system pools that AKS hosts are in none.

    `properties` overrides what the API shows, like a cluster's. `next_address` and `load_of` (by
    instance) are what new nodes get.
    """

    cluster: Cluster
    name: str
    mode: str
    subnet_id: str
    own_subnet: bool = True
    vm_size: str = "Standard_D4ds_v5"
    zones: tuple[str, ...] = ()
    max_nodes: int | None = None
    pod_subnet_id: str | None = None
    node_public_ip: bool = False
    kind: str = SCALE_SETS
    egress_prefix_id: str | None = None  # of a Static Egress Gateway
    orchestration_mode: str = "Uniform"
    size_when_stopped: int = 0
    properties: dict[str, Any] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    next_address: Callable[[], str] = field(default=_no_address, repr=False)
    load_of: Callable[[int], NodeLoad] = field(default=_no_load, repr=False)

    @cached_property
    def scale_set(self) -> str:
        return f"aks-{self.name}-{stable_digits(8, self.cluster.id, self.name)}-vmss"

    @cached_property
    def machines(self) -> str:
        """The id prefix of the machines. Machines hosted by AKS are in a subscription of Microsoft's."""
        cluster = self.cluster
        subscription, group = cluster.subscription, cluster.node_group
        if self.kind == HOSTED:
            subscription, group = stable_uuid("hosted", cluster.id), f"hosted-{stable_digits(8, cluster.id)}"
        return f"/subscriptions/{subscription}/resourceGroups/{group}/providers"

    @cached_property
    def scale_set_id(self) -> str:
        return f"{self.machines}/Microsoft.Compute/virtualMachineScaleSets/{self.scale_set}"

    @property
    def has_own_nics(self) -> bool:
        """Whether the nodes have network interfaces of their own and not of a scale set."""
        return self.kind in (VIRTUAL_MACHINES, AUTO_PROVISIONED) or self.orchestration_mode == "Flexible"

    @property
    def is_agent_pool(self) -> bool:
        return self.kind in (SCALE_SETS, VIRTUAL_MACHINES)


@dataclass(eq=False)
class Cluster:
    """A managed cluster. `properties` overrides what the API shows.

    `identity` is as its owner writes it (AKS adds the ids), or None for a service principal.
    """

    subscription: str
    group: str
    name: str
    location: str
    node_group: str
    outbound_type: str = LOAD_BALANCER
    frontends: tuple[Frontend, ...] = ()
    managed_outbound_ips: bool = True
    allocated_outbound_ports: int = 0
    idle_timeout_minutes: int = 30
    load_balancer_sku: str = "standard"
    network_plugin: str = "azure"
    kubernetes_version: str = "1.33.5"
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    pools: list[NodePool] = field(default_factory=list)
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    tier: str = "Standard"
    identity: dict[str, Any] | None = field(default_factory=lambda: {"type": "SystemAssigned"})

    @cached_property
    def id(self) -> str:
        """The managed cluster's id; AKS spells `resourcegroups` in lower case in its answers."""
        return (
            f"/subscriptions/{self.subscription}/resourcegroups/{self.group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{self.name}"
        )

    @cached_property
    def load_balancer_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.node_group}"
            "/providers/Microsoft.Network/loadBalancers/kubernetes"
        )

    @property
    def has_outbound_rule(self) -> bool:
        return self.outbound_type == LOAD_BALANCER and self.load_balancer_sku == "standard"

    @property
    def agent_pools(self) -> list[NodePool]:
        return [pool for pool in self.pools if pool.is_agent_pool]

    @property
    def nodes(self) -> list[Node]:
        return [node for pool in self.pools for node in pool.nodes]
