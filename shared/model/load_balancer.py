"""The cluster's Standard Load Balancer and the nodes behind its outbound rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .resource_id import NO_ID, ArmId

_INSTANCE = re.compile(r"/virtualMachineScaleSets/([^/]+)/virtualMachines/([^/]+)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OutboundRule:
    name: str
    allocated_outbound_ports: int
    idle_timeout_minutes: int
    frontend_ids: tuple[ArmId, ...]
    backend_pool_id: ArmId


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

    ``is_complete``: every list was read, so an IP that is not among the nodes belongs to none.
    """

    nodes: tuple[Node, ...] = ()
    is_complete: bool = False
    unreadable: tuple[str, ...] = ()


def instance_of(ip_configuration_id: str) -> tuple[str, str]:
    """Scale set in lower case and instance of a network interface's configuration; empty texts for any other."""
    match = _INSTANCE.search(ip_configuration_id)
    return (match[1].lower(), match[2]) if match else ("", "")
