"""How many nodes a cluster has, and may get."""

from ...model.cluster import Cluster
from ...model.load_balancer import LoadBalancer


def nodes_now(cluster: Cluster, load_balancer: LoadBalancer | None) -> int:
    """Members of AKS's outbound pool, or the nodes of the node pools if there are more; 0 if unknown.

    Nodes of no pool are members too. A node without allocated ports is no member.
    """
    rule = load_balancer.aks_outbound_rule if load_balancer else None
    return max((rule.node_count if rule else None) or 0, sum(pool.count for pool in cluster.pools))


def now_and_at_most(cluster: Cluster, load_balancer: LoadBalancer | None) -> tuple[int, int | None]:
    """``nodes_now`` and ``nodes_at_most``; nodes of no pool may exceed the pools' maximum."""
    now, most = nodes_now(cluster, load_balancer), nodes_at_most(cluster)
    return now, None if most is None else max(now, most)


def nodes_by_autoscaler(cluster: Cluster) -> int | None:
    """Sum of the pools' autoscaler maximum, or of their nodes without autoscaler; None if unknown."""
    return None if _has_no_maximum(cluster) else sum(pool.max_count or 0 for pool in cluster.pools)


def nodes_at_most(cluster: Cluster) -> int | None:
    """Sum of the pools' autoscaler maximum plus upgrade surge; None if unknown.

    AKS's default surge is documented both as one node and as 10 %: the larger counts.
    """
    if _has_no_maximum(cluster):
        return None
    return sum((pool.max_count or 0) + surge(pool.max_surge, pool.max_count or 0) for pool in cluster.pools)


def _has_no_maximum(cluster: Cluster) -> bool:
    """Node auto-provisioning adds nodes without a known limit."""
    is_unsaid = not cluster.pools or any(pool.max_count is None for pool in cluster.pools)
    return cluster.has_auto_provisioning or is_unsaid


def surge(text: str, count: int) -> int:
    """``text`` is a number of nodes or a percentage; empty: AKS's default.

    At most the number of nodes to upgrade (AKS docs: upgrade-aks-node-pools), so none for an empty pool.
    """
    if text.endswith("%") and text[:-1].isdigit():
        asked = -(-count * int(text[:-1]) // 100)
    else:
        asked = int(text) if text.isdigit() else max(1, -(-count // 10))
    return min(asked, count)
