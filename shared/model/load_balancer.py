"""The cluster's Standard Load Balancer and the nodes behind its outbound rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutboundRule:
    name: str
    allocated_outbound_ports: int
    idle_timeout_minutes: int
    frontend_ids: tuple[str, ...]
    backend_pool_id: str


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """``outbound_ip_ids`` are the public IPs of the outbound rules' frontends.

    ``outbound_ip_configuration_ids`` are the network interface configurations in the outbound pool.
    """

    id: str
    name: str
    location: str
    sku: str
    outbound_rules: tuple[OutboundRule, ...]
    outbound_ip_ids: tuple[str, ...]
    outbound_ip_configuration_ids: tuple[str, ...]


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
    subnet_id: str = ""
    provisioning_state: str = ""
