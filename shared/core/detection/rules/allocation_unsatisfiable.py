"""A fixed allocation does not fit: nodes times ports per node exceed the ports of the outbound IPs.

An outbound IP has 64,000 ports (Azure docs: configure-load-balancer-standard). Too few for the present nodes is high:
new nodes get no ports or don't start; too few for autoscaler maximum plus surge is a warning. If a frontend uses a
prefix, the number of IPs is unknown here and there is no finding. Only AKS's own rule and IPv4 addresses count.
"""

from __future__ import annotations

from datetime import datetime

from ....formatting import nodes_of, outbound_ips_of
from ....model.cluster import Cluster
from ....model.finding import Finding, FindingKind, Severity
from ....model.load_balancer import LoadBalancer, OutboundRule
from ....model.text import Text
from ..node_counts import now_and_at_most

PORTS_PER_IP = 64_000
NEAR = 0.9  # of the capacity, if the maximum of nodes is unknown


def allocation_unsatisfiable(cluster: Cluster, load_balancer: LoadBalancer, now: datetime) -> Finding | None:
    rule = load_balancer.aks_outbound_rule
    if rule is None or any("/publicipprefixes/" in ip_id.lower() for ip_id in rule.ipv4_ip_ids):
        return None
    per_node, ips = rule.allocated_outbound_ports, _ipv4_ips(cluster, rule)
    if per_node == 0 or ips == 0:
        return None
    nodes, most = now_and_at_most(cluster, load_balancer)
    capacity = PORTS_PER_IP * ips
    is_short_now = nodes * per_node > capacity
    if most is None:
        if nodes * per_node < NEAR * capacity:
            return None
        wanted, whose = nodes, Text("{nodes} now, with an unknown maximum,", nodes=nodes_of(nodes))
    elif most * per_node <= capacity:
        return None
    elif is_short_now:
        wanted, whose = nodes, Text("{nodes} now", nodes=nodes_of(nodes))
    else:
        wanted, whose = most, Text("{nodes} with autoscaler and upgrade surge", nodes=nodes_of(most))
    return Finding(
        kind=FindingKind.ALLOCATION_UNSATISFIABLE,
        severity=Severity.HIGH if is_short_now else Severity.WARNING,
        since=now,
        evidence=Text(
            "{nodes} × {per_node} fixed ports = {needed}; {outbound_ips} × {per_ip} = {capacity}",
            nodes=whose,
            per_node=per_node,
            needed=wanted * per_node,
            outbound_ips=outbound_ips_of(ips),
            per_ip=PORTS_PER_IP,
            capacity=capacity,
        ),
        remedy=(
            Text(
                "use {outbound_ips}, or fewer ports per node",
                outbound_ips=outbound_ips_of(-(-most * per_node // PORTS_PER_IP)),
            )
            if most is not None
            else Text(
                "use one outbound IP for every {nodes}, or fewer ports per node",
                nodes=nodes_of(PORTS_PER_IP // per_node),
            )
        ),
    )


def _ipv4_ips(cluster: Cluster, rule: OutboundRule) -> int:
    """A frontend may not show its IP version: in a dual-stack cluster AKS's number of IPv4 addresses is the limit."""
    managed = cluster.load_balancer_profile.managed_outbound_ip_count if cluster.has_ipv6 else None
    return len(rule.ipv4_ip_ids) if managed is None else min(managed, len(rule.ipv4_ip_ids))
