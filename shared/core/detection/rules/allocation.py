"""Three rules about the ports that the load balancer allocates to each node.

Cliff: ports per node are about to drop. With AllocatedOutboundPorts 0 a node has 1,024 ports up to 50 nodes, 512 up to
100, 256 up to 200, 128 up to 400, 64 up to 800, then 32; crossing a limit re-allocates and drops connections (Azure
docs: load-balancer-outbound-connections). Warning: the autoscaler may cross a limit, and the cluster is within a tenth
of it or a node already uses more ports than it would keep. Notice: the autoscaler may cross it later, the cluster is
right at the limit, or only an upgrade's surge nodes would cross it: a pool of fixed size stays in that state, and
nobody could clear a warning.

Drift: nodes have fewer ports than at earlier scans. The finding lasts for a day; then that is the baseline.

Unsatisfiable: nodes times fixed ports exceed the ports of the outbound IPs, 64,000 each (Azure docs:
configure-load-balancer-standard). Too few for the present nodes is high: new nodes get no ports or don't start; too few
for autoscaler maximum plus surge is a warning. If a frontend uses a prefix, the number of IPs is unknown here and there
is no finding. Only AKS's own rule and IPv4 addresses count.
"""

from datetime import datetime, timedelta

from ....formatting import clauses, nodes_of, outbound_ips_of
from ....model.cluster import Cluster
from ....model.finding import Finding, FindingKind, Severity
from ....model.load_balancer import LoadBalancer, OutboundRule
from ....model.ports import AllocationBaseline, PortReading
from ....model.text import Text
from ...az_cli import aks_update
from ..node_counts import nodes_by_autoscaler, now_and_at_most

SIZES = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64), (1000, 32))
NEAR = 0.9  # of a limit, or of the capacity if the maximum of nodes is unknown
NEW_NORMAL_AFTER = timedelta(days=1)
PORTS_PER_IP = 64_000


def default_ports(nodes: int) -> int:
    """Ports of each node without a set allocation."""
    return next((ports for size, ports in SIZES if nodes <= size), SIZES[-1][1])


def allocation_cliff(
    cluster: Cluster, load_balancer: LoadBalancer, ports: PortReading | None, now: datetime
) -> Finding | None:
    """``ports``: None if this scan did not read them."""
    rule = load_balancer.aks_outbound_rule
    if rule is None or rule.allocated_outbound_ports:
        return None
    nodes, most = now_and_at_most(cluster, load_balancer)
    step = next((index for index, (size, _) in enumerate(SIZES[:-1]) if nodes <= size), None)
    if step is None or nodes == 0:
        return None
    (size, given), (_, left) = SIZES[step], SIZES[step + 1]
    is_near = nodes >= NEAR * size
    may_cross = most > size if most is not None else is_near
    if not may_cross and not is_near:
        return None
    would_run_out = ports is not None and any(node.used > left for node in ports.nodes)
    by_autoscaler = nodes_by_autoscaler(cluster)
    may_scale_across = by_autoscaler is None or by_autoscaler > size
    growth = (
        Text("up to {most} with autoscaler and upgrade surge", most=most)
        if most is not None
        else Text("its maximum is unknown")
    )
    evidence = Text.plural(
        "{count} node now, {growth}: above {size} each node's SNAT ports are cut from {given} to {left}, "
        "and connections drop",
        "{count} nodes now, {growth}: above {size} each node's SNAT ports are cut from {given} to {left}, "
        "and connections drop",
        count=nodes,
        growth=growth,
        size=size,
        given=given,
        left=left,
    )
    is_warning = (may_scale_across and is_near) or (may_cross and would_run_out)
    return Finding(
        kind=FindingKind.ALLOCATION_CLIFF,
        severity=Severity.WARNING if is_warning else Severity.NOTICE,
        since=now,
        evidence=clauses(evidence, Text("a node uses more than that already")) if would_run_out else evidence,
        remedy=_remedy(given, most),
        commands=(aks_update(cluster, f"--load-balancer-outbound-ports {given}"),),
    )


def _remedy(ports: int, most: int | None) -> Text:
    """``most``: nodes; None if unknown."""
    if most is None:
        return Text(
            "set a fixed allocation with enough outbound IPs: one for every {nodes}",
            nodes=nodes_of(PORTS_PER_IP // ports),
        )
    return Text(
        "set a fixed allocation with enough outbound IPs: {ips} for {nodes}",
        ips=-(-most * ports // PORTS_PER_IP),
        nodes=nodes_of(most),
    )


def allocation_drift(ports: PortReading, baseline: AllocationBaseline | None) -> Finding | None:
    """``baseline``: None if ports were never read before."""
    now = ports.allocated_per_node
    if baseline is None or now is None or now >= baseline.ports:
        return None
    return Finding(
        kind=FindingKind.ALLOCATION_DRIFT,
        severity=Severity.WARNING,
        since=baseline.lower_since or ports.window.end,
        evidence=Text("nodes have {now} SNAT ports each; they had {before}", now=now, before=baseline.ports),
        remedy=Text(
            "look for a scale-out past 50, 100, 200, 400 or 800 nodes, or a changed outbound rule; "
            "a fixed allocation keeps the number"
        ),
    )


def next_baseline(ports: PortReading | None, before: AllocationBaseline | None) -> AllocationBaseline | None:
    """The baseline after a scan; ``ports``: None if it did not read them."""
    now = ports.allocated_per_node if ports else None
    if ports is None or now is None:
        return before
    if before is None or now >= before.ports:
        return AllocationBaseline(now)
    since = before.lower_since or ports.window.end
    is_normal_by_now = ports.window.end - since >= NEW_NORMAL_AFTER
    return AllocationBaseline(now) if is_normal_by_now else AllocationBaseline(before.ports, since)


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
