"""Ports per node are about to drop: the default allocation is smaller above certain node counts.

With AllocatedOutboundPorts 0 a node has 1,024 ports up to 50 nodes, 512 up to 100, 256 up to 200, 128 up to 400, 64 up
to 800, then 32; crossing a limit re-allocates and drops connections (Azure docs: load-balancer-outbound-connections).
Warning: the autoscaler may cross a limit, and the cluster is within a tenth of it or a node already uses more ports
than it would keep. Notice: the autoscaler may cross it later, the cluster is right at the limit, or only an upgrade's
surge nodes would cross it: a pool of fixed size stays in that state, and nobody could clear a warning.
"""

from __future__ import annotations

from datetime import datetime

from ....formatting import clauses, nodes_of
from ....model.cluster import Cluster
from ....model.finding import Finding, FindingKind, Severity
from ....model.load_balancer import LoadBalancer
from ....model.ports import PortReading
from ....model.text import Text
from ...az_cli import aks_update
from ..node_counts import nodes_by_autoscaler, now_and_at_most

SIZES = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64), (1000, 32))
NEAR = 0.9


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
            "set a fixed allocation with enough outbound IPs: one for every {nodes}", nodes=nodes_of(64_000 // ports)
        )
    return Text(
        "set a fixed allocation with enough outbound IPs: {ips} for {nodes}",
        ips=-(-most * ports // 64_000),
        nodes=nodes_of(most),
    )
