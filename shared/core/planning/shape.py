"""The shape of the cluster that a plan was made for: if the shape changes before applying, the plan is void."""

from collections.abc import Iterator, Mapping

from ...formatting import nodes_of
from ...model.cluster import Cluster, NodePool
from ...model.network import NetworkFacts
from ...model.plan import Plan
from ...model.text import Text
from ..detection.node_counts import nodes_at_most, nodes_now

_OUTBOUND_TYPE, _AUTO_PROVISIONING, _POOL, _HOSTED = "outbound_type", "auto_provisioning", "pool/", "hosted_subnet/"


def shape_of(cluster: Cluster) -> Mapping[str, str]:
    """What ``new_in`` compares: each part of the cluster with its state; pool sizes are not included."""
    return {
        _OUTBOUND_TYPE: cluster.outbound_type,
        _AUTO_PROVISIONING: "on" if cluster.has_auto_provisioning else "off",
        **{f"{_POOL}{pool.name}": _pool(pool) for pool in cluster.pools},
        **{f"{_HOSTED}{subnet_id.name}": subnet_id.parent.name for subnet_id in cluster.hosted_subnet_ids},
    }


def new_in(plan: Plan, facts: NetworkFacts) -> Iterator[Text]:
    """One sentence for each part that is new or differs from the plan."""
    planned, now = plan.shape or {}, shape_of(facts.cluster)
    for name in sorted({*planned, *now} if planned else ()):
        before, after, part = planned.get(name), now.get(name), _described(name)
        if before is None:
            yield Text("{part} is new ({state})", part=part, state=after or "")
        elif after is None:
            yield Text("{part} is gone ({state})", part=part, state=before)
        elif before.lower() != after.lower():
            yield Text("{part} is {state} now, it was {before}", part=part, state=after, before=before)
    sized_for = plan.demand.nodes if plan.demand else 0
    nodes = max(facts.node_count, nodes_now(facts.cluster, facts.load_balancer), nodes_at_most(facts.cluster) or 0)
    if 0 < sized_for < nodes:
        yield Text(
            "the cluster has, or may come to have, {nodes}; the plan is sized for {planned}",
            nodes=nodes_of(nodes),
            planned=sized_for,
        )


def _pool(pool: NodePool) -> str:
    return ", ".join([pool.kind, *(subnet_id.name for subnet_id in pool.subnet_ids)])


def _described(part: str) -> Text:
    if part == _OUTBOUND_TYPE:
        return Text("outbound type")
    if part == _AUTO_PROVISIONING:
        return Text("node auto-provisioning")
    if part.startswith(_HOSTED):
        return Text("hosted subnet {subnet}", subnet=part.removeprefix(_HOSTED))
    return Text("node pool {pool}", pool=part.removeprefix(_POOL))
