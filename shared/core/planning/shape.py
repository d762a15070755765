"""The shape of the cluster that a plan was made for: if the shape changes before applying, the plan is void."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...formatting import count
from ...model.cluster import Cluster, NodePool
from ...model.network import NetworkFacts
from ...model.plan import Plan
from ..detection.node_counts import nodes_at_most, nodes_now


def shape_of(cluster: Cluster) -> Mapping[str, str]:
    """Each part of the cluster with a description for people; pool sizes are not included."""
    hosted = {f"hosted subnet {subnet_id.name}": "there" for subnet_id in cluster.hosted_subnet_ids}
    return {
        "outbound type": cluster.outbound_type,
        "node auto-provisioning": "on" if cluster.has_auto_provisioning else "off",
        **{f"node pool {pool.name}": _pool(pool) for pool in cluster.pools},
        **hosted,
    }


def new_in(plan: Plan, facts: NetworkFacts) -> Iterator[str]:
    """One sentence for each part that is new or differs from the plan."""
    planned, now = plan.shape or {}, shape_of(facts.cluster)
    for name in sorted({*planned, *now} if planned else ()):
        before, after = planned.get(name), now.get(name)
        if before is None:
            yield f"{name} is new ({after})"
        elif after is None:
            yield f"{name} is gone ({before})"
        elif before.lower() != after.lower():
            yield f"{name} is {after} now, it was {before}"
    sized_for = plan.demand.nodes if plan.demand else 0
    nodes = max(facts.node_count, nodes_now(facts.cluster, facts.load_balancer), nodes_at_most(facts.cluster) or 0)
    if 0 < sized_for < nodes:
        yield f"the cluster has, or may come to have, {count(nodes, 'node')}; the plan is sized for {sized_for}"


def _pool(pool: NodePool) -> str:
    return ", ".join([pool.kind, *(f"in {subnet_id.name}" for subnet_id in pool.subnet_ids)])
