"""The cluster's Standard Load Balancer and the nodes behind its outbound rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .resource_id import NO_ID, ArmId
from .text import Text

AKS_OUTBOUND_RULE = "aksoutboundrule"  # in lower case (Azure docs: configure-load-balancer-standard)


@dataclass(frozen=True, slots=True)
class OutboundRule:
    name: str
    allocated_outbound_ports: int
    idle_timeout_minutes: int
    frontend_ids: tuple[ArmId, ...]
    ip_ids: tuple[ArmId, ...] = ()  # public IPs of its frontends, or the prefixes that they belong to
    ipv4_ip_ids: tuple[ArmId, ...] = ()  # without the IPs of IPv6 frontends
    node_count: int | None = None  # nodes in its backend pool; None: unknown


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    id: ArmId
    sku: str
    outbound_rules: tuple[OutboundRule, ...]
    outbound_ip_ids: tuple[ArmId, ...]  # public IPs of the outbound rules' frontends
    outbound_ip_configuration_ids: tuple[ArmId, ...]  # network interfaces in the outbound pools; not in the inventory

    @property
    def outbound_interface_ids(self) -> tuple[ArmId, ...]:
        """The network interfaces in the outbound pools, without duplicates."""
        return tuple(dict.fromkeys(map(interface_of, self.outbound_ip_configuration_ids)))

    @property
    def aks_outbound_rule(self) -> OutboundRule | None:
        """The outbound rule that AKS manages: by its name, or the only rule. None if several rules have other names."""
        named = [rule for rule in self.outbound_rules if rule.name.lower() == AKS_OUTBOUND_RULE]
        rules = named or self.outbound_rules
        return rules[0] if len(rules) == 1 else None

    @property
    def manual_outbound_rules(self) -> tuple[OutboundRule, ...]:
        """Outbound rules that AKS does not manage."""
        return tuple(
            rule
            for rule in self.outbound_rules
            if rule is not self.aks_outbound_rule and not rule.name.lower().startswith(AKS_OUTBOUND_RULE)
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A Kubernetes node: a scale set instance, or a single virtual machine."""

    name: str  # Kubernetes node name
    pool: str
    ip: str
    interface_id: ArmId = NO_ID
    subnet_id: ArmId = NO_ID
    provisioning_state: str = ""  # of its network interface; empty: unknown
    public_ip_ids: tuple[ArmId, ...] = ()  # its own IPv4 public IPs


@dataclass(frozen=True, slots=True)
class NodeList:
    """The nodes whose names could be read."""

    nodes: tuple[Node, ...] = ()
    is_complete: bool = False  # every list was read, so an IP that is missing here belongs to no node
    unreadable: tuple[Text, ...] = ()  # why other nodes could not be read
    scale_set_subnets: Mapping[ArmId, ArmId] = field(default_factory=dict)  # where its model puts new nodes


def interface_of(ip_configuration_id: ArmId) -> ArmId:
    end = ip_configuration_id.lower().find("/ipconfigurations/")
    return ArmId(ip_configuration_id[:end]) if end >= 0 else ip_configuration_id


def scale_set_of(ip_configuration_id: ArmId) -> ArmId | None:
    """The scale set of an IP configuration; None: the machine is in no scale set."""
    end = ip_configuration_id.lower().find("/virtualmachines/")
    return ArmId(ip_configuration_id[:end]) if end >= 0 else None
