"""What could not be read of a network, by kind."""

from dataclasses import dataclass
from enum import StrEnum

from .text import Text, arranged, verbatim


class UnreadableKind(StrEnum):
    """The kind of resource that could not be read; the value is its name in code."""

    LOAD_BALANCER = "load balancer"
    NODES = "nodes"
    VNET = "virtual network"
    SUBNET = "subnet"
    NAT_GATEWAY = "NAT gateway"
    PUBLIC_IP = "public IP"
    GIVEN_PREFIX = "public IP prefix of NAT_IPS"
    NAT_GATEWAYS = "natGateways"
    PUBLIC_IPS = "publicIPAddresses"
    PUBLIC_IP_PREFIXES = "publicIPPrefixes"
    NODE_PUBLIC_IPS = "public IPs of"

    @property
    def label(self) -> Text:
        return _UNREADABLE_LABELS.get(self) or verbatim(self.value)


_UNREADABLE_LABELS = {  # other kinds are called as in Azure's paths
    UnreadableKind.LOAD_BALANCER: Text("load balancer"),
    UnreadableKind.NODES: Text("nodes"),
    UnreadableKind.VNET: Text("virtual network"),
    UnreadableKind.SUBNET: Text("subnet"),
    UnreadableKind.NAT_GATEWAY: Text("NAT gateway"),
    UnreadableKind.PUBLIC_IP: Text("public IP"),
    UnreadableKind.GIVEN_PREFIX: Text("public IP prefix of NAT_IPS"),
    # Translators: the name of a node or a scale set follows.
    UnreadableKind.NODE_PUBLIC_IPS: Text("public IPs of"),
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that could not be read, or only in part."""

    kind: UnreadableKind
    name: str  # empty if the kind says enough
    reason: Text
    resource_group: str = ""  # of the resource, which may differ from the plan's group; empty: unknown

    @property
    def text(self) -> Text:
        if not self.name:
            return arranged("{kind} ({reason})", kind=self.kind.label, reason=self.reason)
        return arranged("{kind} {name} ({reason})", kind=self.kind.label, name=self.name, reason=self.reason)

    def __str__(self) -> str:
        return self.text
