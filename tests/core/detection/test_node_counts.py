"""How many nodes a cluster has, and may come to have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.node_counts import nodes_at_most, nodes_by_autoscaler, nodes_now, surge
from shared.model.cluster import Cluster, NodePool
from tests.support.builders import cluster, sized


def test_now_by_autoscaler_and_at_most() -> None:
    cluster = sized(3, 20, surge="33%")
    assert (nodes_now(cluster), nodes_by_autoscaler(cluster), nodes_at_most(cluster)) == (3, 20, 27)


@pytest.mark.parametrize(
    "unknown",
    [
        replace(sized(3, 20), has_auto_provisioning=True),
        cluster(pools=()),
        cluster(pools=(NodePool("apps", "User", 3, None),)),
    ],
)
def test_a_maximum_that_nobody_knows_is_no_number(unknown: Cluster) -> None:
    assert (nodes_by_autoscaler(unknown), nodes_at_most(unknown)) == (None, None)


@pytest.mark.parametrize(
    ("text", "count", "nodes"),
    [
        *(("", 5, 1), ("", 95, 10), ("3", 95, 3), ("33%", 10, 4), ("x%", 30, 3)),
        *(("", 0, 0), ("1", 0, 0), ("33%", 0, 0), ("0", 9, 0), ("0%", 9, 0), ("100%", 4, 4)),
        ("50", 20, 20),  # never more than there are to upgrade
    ],
)
def test_a_surge_is_a_number_or_a_percentage_and_else_the_default(text: str, count: int, nodes: int) -> None:
    assert surge(text, count) == nodes
