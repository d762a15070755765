"""The number of ports, and how long a flow keeps a port.

Sources (Azure docs): load-balancer-outbound-connections (default allocation by pool size; a port is
reused for another destination), configure-load-balancer-standard of AKS (64,000 ports per frontend,
multiples of 8), nat-gateway-resource (64,512 ports per IP, 50,000 connections per IP to one
destination, port cool-down: FIN 65 s, RST 16 s; UDP idle 4 minutes fixed).
"""

from __future__ import annotations

from dataclasses import dataclass

from .workload import Closing, Protocol, Workload

PORTS_PER_FRONTEND = 64_000
NAT_FLOWS_PER_ADDRESS_AND_DESTINATION = 50_000

_DEFAULT_PORTS = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64), (1000, 32))


def default_ports_per_node(node_count: int) -> int:
    """Azure's default SNAT ports per node, by pool size."""
    for largest_pool, ports in _DEFAULT_PORTS:
        if node_count <= largest_pool:
            return ports
    return _DEFAULT_PORTS[-1][1]


def ports_per_node(node_count: int, allocated_outbound_ports: int) -> int:
    """Ports of each node: the outbound rule's number, or the default when that is 0."""
    return allocated_outbound_ports or default_ports_per_node(node_count)


@dataclass(frozen=True)
class PortTimers:
    """How long the network keeps a port busy after a flow stops using it, in seconds."""

    idle_seconds: float
    fin_seconds: float = 65.0
    rst_seconds: float = 16.0
    udp_idle_seconds: float = 240.0

    def port_seconds(self, workload: Workload) -> float:
        """The mean time from a flow's first packet until its port is free again."""
        if workload.protocol is Protocol.UDP:
            return workload.hold_seconds + self.udp_idle_seconds
        after = {
            Closing.FIN: self.fin_seconds,
            Closing.RST: self.rst_seconds,
            Closing.IDLE: self.idle_seconds,
        }
        return workload.hold_seconds + after[workload.closing]


def load_balancer_timers(idle_timeout_minutes: int) -> PortTimers:
    """Timers of a Standard Load Balancer's outbound rule.

    Its cool-down times are less documented than the NAT gateway's, so the NAT gateway's are assumed;
    UDP flows always idle out after 4 minutes, independent of the rule.
    """
    return PortTimers(idle_seconds=idle_timeout_minutes * 60.0)


def nat_gateway_timers(idle_timeout_minutes: int) -> PortTimers:
    """Timers of a NAT gateway."""
    return PortTimers(idle_seconds=idle_timeout_minutes * 60.0)
