"""Twice the SNAT ports per node, by AKS's own settings: for the alarm, before anything was planned.

The plan's own relief (``relief``) follows what the nodes used, and the load balancer as Resource Manager shows it.
"""

import math
from dataclasses import dataclass

from ....model.cluster import Cluster
from ...az_cli import aks_update
from ...detection.node_counts import nodes_at_most, nodes_now
from ...detection.rules.allocation import default_ports

PORTS_PER_FRONTEND = 64_000
MAX_FRONTENDS = 100
STEP = 8


@dataclass(frozen=True, slots=True)
class QuickRelief:
    ports: int  # per node
    ports_now: int
    new_ips: int  # public IPs that AKS adds
    command: str


def quick_relief(cluster: Cluster) -> QuickRelief | None:
    """None: no more ports fit, its nodes are unknown, or AKS doesn't make its outbound IPs."""
    profile = cluster.load_balancer_profile
    ips_now, nodes = profile.managed_outbound_ip_count, nodes_now(cluster, None)
    if ips_now is None or not nodes or cluster.has_hosted_pools or not cluster.is_on_load_balancer:
        return None
    ports_now = profile.allocated_outbound_ports or default_ports(nodes)
    ports, ips = ports_a_node(2 * ports_now, max(nodes_at_most(cluster) or 0, nodes), ips_now)
    if ports <= ports_now:
        return None
    options = {
        "--load-balancer-managed-outbound-ip-count": ips,
        "--load-balancer-outbound-ports": ports,
        "--load-balancer-idle-timeout": profile.idle_timeout_minutes,
    }
    command = aks_update(cluster, *(word for option, value in options.items() for word in (option, str(value))))
    return QuickRelief(ports, ports_now, ips - ips_now, command)


def ports_a_node(wanted: int, nodes_at_most: int, frontends_now: int) -> tuple[int, int]:
    """Ports per node, a multiple of 8, and the frontend IPs that they need; never fewer than now."""
    most_that_fit = MAX_FRONTENDS * PORTS_PER_FRONTEND // nodes_at_most // STEP * STEP
    ports = min(math.ceil(max(wanted, 1) / STEP) * STEP, PORTS_PER_FRONTEND, most_that_fit)
    needed = math.ceil(nodes_at_most * ports / PORTS_PER_FRONTEND)
    return ports, min(max(needed, frontends_now), MAX_FRONTENDS)
