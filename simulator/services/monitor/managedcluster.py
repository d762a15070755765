"""A cluster's platform metric of node conditions: one gauge per node, condition and status."""

from __future__ import annotations

from ...fleet import Cluster, Node
from ...state.metric_source import Series
from ...world import World


def managed_cluster_series(_world: World, cluster: Cluster, metric: str, minutes: range) -> list[Series]:
    """`kube_node_status_condition`: 1 for the current status; a node's series end when it changes."""
    if metric != "kube_node_status_condition" or cluster.power_state != "Running":
        return []
    series = []
    for node in cluster.nodes:
        ready = [node.ready_in(minute) for minute in minutes]
        for holds in (True, False):
            if holds in ready:
                samples = [1 if each == holds else None for each in ready]
                series.append(Series(_dimensions(node, "Ready", holds, "Ready" if holds else "NotReady"), samples))
        for condition in ("MemoryPressure", "DiskPressure"):
            series.append(Series(_dimensions(node, condition, False, condition), [1] * len(minutes)))
    return series


def _dimensions(node: Node, condition: str, holds: bool, status2: str) -> dict[str, str]:
    status = "true" if holds else "false"
    return {"condition": condition, "status": status, "status2": status2, "node": node.name}
