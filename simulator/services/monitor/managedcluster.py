"""A cluster's platform metric of node conditions: one gauge per node, condition and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...fleet import Cluster
from .series import Series

if TYPE_CHECKING:
    from ...world import World


def managed_cluster_series(_world: World, cluster: Cluster, metric: str, minutes: range) -> list[Series]:
    """`kube_node_status_condition`: 1 for the status that holds."""
    if metric != "kube_node_status_condition" or cluster.power_state != "Running":
        return []
    series = []
    for node in cluster.nodes:
        for condition, holds in (("Ready", node.ready), ("MemoryPressure", False), ("DiskPressure", False)):
            status2 = ("Ready" if holds else "NotReady") if condition == "Ready" else condition
            dimensions = {
                "condition": condition,
                "status": "true" if holds else "false",
                "status2": status2,
                "node": node.name,
            }
            series.append(Series(dimensions, [1] * len(minutes)))
    return series
