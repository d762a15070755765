"""How many nodes a cluster has, and may come to have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.node_counts import nodes_at_most, nodes_by_autoscaler, nodes_now, now_and_at_most, surge
from shared.model.cluster import Cluster, NodePool
from tests.support.builders import cluster, load_balancer, outbound_rule, sized


def test_now_by_autoscaler_and_at_most() -> None:
    cluster = sized(3, 20, surge="33%")
    assert (nodes_now(cluster, None), nodes_by_autoscaler(cluster), nodes_at_most(cluster)) == (3, 20, 27)


@pytest.mark.parametrize(
    ("asked_for", "members", "nodes"),
    [(3, 13, 13), (0, 12, 12), (3, None, 3), (3, 0, 3), (17, 16, 17)],
    ids=["nodes of no pool", "pools that say nothing", "no pool read", "empty", "a node without ports is no member"],
)
def test_members_of_the_outbound_pool_are_nodes(asked_for: int, members: int | None, nodes: int) -> None:
    rule = replace(outbound_rule(), node_count=members)
    balancer = load_balancer(outbound_rules=(rule,))
    assert nodes_now(sized(asked_for, asked_for), balancer) == nodes
    assert now_and_at_most(sized(asked_for, 5), balancer) == (nodes, max(nodes, 6)), "never less than there are"


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
