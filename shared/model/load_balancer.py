"""The cluster's Standard Load Balancer and the nodes behind its outbound rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .resource_id import NO_ID, ArmId

_INSTANCE = re.compile(r"/virtualMachineScaleSets/([^/]+)/virtualMachines/([^/]+)/", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """``outbound_ip_ids`` are the public IPs of the outbound rules' frontends.

    ``outbound_ip_configuration_ids`` are the network interface configurations in the outbound pool.
    """

    id: ArmId
    sku: str
    outbound_rules: tuple[OutboundRule, ...]
    outbound_ip_ids: tuple[ArmId, ...]
    outbound_ip_configuration_ids: tuple[ArmId, ...]

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
    """A Kubernetes node: an instance of a pool's virtual machine scale set.

    ``name`` is the Kubernetes name (scale set name plus six base-36 digits of the instance). ``provisioning_state`` is
    its network interface's; empty when Azure does not say.
    """

    name: str
    pool: str
    ip: str
    scale_set: str = ""
    instance_id: str = ""
    subnet_id: ArmId = NO_ID
    provisioning_state: str = ""


@dataclass(frozen=True, slots=True)
class NodeList:
    """The nodes that could be read, by name. ``unreadable`` says why others could not.

    ``is_complete``: every list was read, so an IP that is not among the nodes belongs to none. ``scale_set_subnets``:
    by the scale sets' models, where their nodes come.
    """

    nodes: tuple[Node, ...] = ()
    is_complete: bool = False
    unreadable: tuple[str, ...] = ()
    scale_set_subnets: Mapping[str, ArmId] = field(default_factory=dict)


def instance_of(ip_configuration_id: str) -> tuple[str, str]:
    """Scale set in lower case and instance of a network interface's configuration; empty texts for any other."""
    match = _INSTANCE.search(ip_configuration_id)
    return (match[1].lower(), match[2]) if match else ("", "")
