"""Identifiers: random ones differ, derived ones don't."""

from __future__ import annotations

import re

from shared.ids import cluster_key, new_id, short_key, write_id
from tests.support.every import every

CLUSTER = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop"


def test_new_ids_differ_and_hold_nothing_that_is_easy_to_misread() -> None:
    made = {new_id() for _ in range(100)}
    assert len(made) == 100
    assert every(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{10}", text) for text in made)


def test_a_clusters_key_does_not_depend_on_how_its_id_is_written() -> None:
    assert cluster_key(CLUSTER) == cluster_key(f" {CLUSTER.upper()}\n")
    assert re.fullmatch(r"[0-9a-f]{32}", cluster_key(CLUSTER))
    assert cluster_key(CLUSTER).startswith(short_key(CLUSTER))


def test_every_write_of_a_step_has_the_same_id_and_no_other_step_has_it() -> None:
    assert write_id("c1", 2) == write_id("c1", 2)
    assert len({write_id("c1", 2), write_id("c1", 3), write_id("c2", 2)}) == 3
