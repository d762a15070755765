"""The cluster's Standard Load Balancer and the nodes behind its outbound rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .resource_id import NO_ID, ArmId

AKS_OUTBOUND_RULE = "aksoutboundrule"  # in lower case (Azure docs: configure-load-balancer-standard)


@dataclass(frozen=True, slots=True)
class OutboundRule:
    name: str
    allocated_outbound_ports: int
    idle_timeout_minutes: int
    frontend_ids: tuple[ArmId, ...]
    backend_pool_id: ArmId
    ip_ids: tuple[ArmId, ...] = ()  # public IPs of its frontends, or the prefixes that they come from
    ipv4_ip_ids: tuple[ArmId, ...] = ()  # without those of frontends that are known to be IPv6
    node_count: int | None = None  # in its backend pool; None where Azure does not say


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    id: ArmId
    sku: str
    outbound_rules: tuple[OutboundRule, ...]
    outbound_ip_ids: tuple[ArmId, ...]  # public IPs of the outbound rules' frontends
    outbound_ip_configuration_ids: tuple[ArmId, ...]  # of network interfaces in the outbound pools; not in inventory

    @property
    def outbound_interface_ids(self) -> tuple[ArmId, ...]:
        """The network interfaces in the outbound pools, a node's both IP versions once."""
        return tuple(dict.fromkeys(map(interface_of, self.outbound_ip_configuration_ids)))

    @property
    def aks_outbound_rule(self) -> OutboundRule | None:
        """The rule that AKS manages: by its name, or the only one. None among several rules without that name."""
        named = [rule for rule in self.outbound_rules if rule.name.lower() == AKS_OUTBOUND_RULE]
        rules = named or self.outbound_rules
        return rules[0] if len(rules) == 1 else None

    @property
    def manual_outbound_rules(self) -> tuple[OutboundRule, ...]:
        """Rules beside AKS's own, without the one that AKS makes for IPv6."""
        return tuple(
            rule
            for rule in self.outbound_rules
            if rule is not self.aks_outbound_rule and not rule.name.lower().startswith(AKS_OUTBOUND_RULE)
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A Kubernetes node: an instance of a scale set, or a virtual machine in none."""

    name: str  # in Kubernetes
    pool: str
    ip: str
    interface_id: ArmId = NO_ID
    subnet_id: ArmId = NO_ID
    provisioning_state: str = ""  # its network interface's; empty when Azure does not say
    public_ip_ids: tuple[ArmId, ...] = ()  # IPv4 ones of its own


@dataclass(frozen=True, slots=True)
class NodeList:
    """The nodes that could be read, by name."""

    nodes: tuple[Node, ...] = ()
    is_complete: bool = False  # every list was read, so an IP that is not among the nodes belongs to none
    unreadable: tuple[str, ...] = ()  # why others could not be read
    scale_set_subnets: Mapping[ArmId, ArmId] = field(default_factory=dict)  # where its model puts new nodes


def interface_of(ip_configuration_id: ArmId) -> ArmId:
    """The network interface that an IP configuration is of."""
    end = ip_configuration_id.lower().find("/ipconfigurations/")
    return ArmId(ip_configuration_id[:end]) if end >= 0 else ip_configuration_id


def scale_set_of(ip_configuration_id: ArmId) -> ArmId | None:
    """The scale set that an IP configuration is of; None for a machine in no scale set."""
    end = ip_configuration_id.lower().find("/virtualmachines/")
    return ArmId(ip_configuration_id[:end]) if end >= 0 else None
