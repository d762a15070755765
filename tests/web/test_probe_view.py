"""What probes saw, on a page that stays a page."""

from __future__ import annotations

from dataclasses import replace

from shared.core.probing.summary import NodeTarget
from shared.model.probe import TargetCounts
from shared.web.cluster_view import ClusterView
from shared.web.paths import Paths
from shared.web.probe_view import ProbeView
from shared.web.read_pages import cluster_page
from tests.support.fleet import make_history, make_story
from tests.support.nouns import NOW
from tests.support.probes import make_probes


def page(rows: int) -> str:
    targets = tuple(NodeTarget(f"node-{number}", TargetCounts("x:1", 9), True) for number in range(rows))
    probes = ProbeView(replace(make_probes(), targets=targets))
    return cluster_page(ClusterView("shop-prod", None, make_history(make_story()), NOW, Paths(), probes))


def test_a_flood_of_nodes_fills_no_page() -> None:
    flooded = page(30_000)
    assert (flooded.count("node-"), "and 29,500 more" in flooded) == (500, True)
    fitting = page(500)
    assert (fitting.count("node-"), "more</p>" in fitting) == (500, False)
