"""Relief without a new gateway: more ports a node on the load balancer that is there.

Azure docs, aks/configure-load-balancer-standard: 64,000 ports a frontend IP; ports a node are a multiple of 8; IPs and
ports must be raised together; the surge nodes of an upgrade need ports too. Crossing to another size re-allocates ports
and drops connections.
"""

from __future__ import annotations

import math

from ..model.network import NetworkFacts
from ..model.plan import Demand

PORTS_PER_FRONTEND = 64_000
MAX_FRONTENDS = 100
_STEP = 8


def relieve(facts: NetworkFacts, demand: Demand, nodes_at_most: int) -> str:
    """The command, or nothing when the load balancer's IPs are not AKS's own to count."""
    cluster = facts.cluster
    profile = cluster.load_balancer_profile
    if profile.managed_outbound_ip_count is None or nodes_at_most < 1:
        return ""
    ports, frontends = ports_a_node(demand.ports, nodes_at_most, profile.managed_outbound_ip_count)
    return (
        f"az aks update -g {cluster.resource_group} -n {cluster.name} "
        f"--load-balancer-managed-outbound-ip-count {frontends} --load-balancer-outbound-ports {ports} "
        f"--load-balancer-idle-timeout {facts.outbound_idle_timeout_minutes}"
    )


def ports_a_node(ports_wanted: int, nodes_at_most: int, frontends_now: int) -> tuple[int, int]:
    """Ports a node, a multiple of 8 of twice an even share, and the frontend IPs that this many nodes then need."""
    share = max(1_024, 2 * math.ceil(ports_wanted / nodes_at_most))
    ports = min(PORTS_PER_FRONTEND, math.ceil(share / _STEP) * _STEP)
    nodes_a_frontend = PORTS_PER_FRONTEND // ports
    frontends = max(frontends_now, math.ceil(nodes_at_most / nodes_a_frontend))
    return ports, min(frontends, MAX_FRONTENDS)
