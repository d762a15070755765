"""The index of active clusters, and the cache of the fleet beside it."""

from __future__ import annotations

from shared.store.active_clusters import ActiveClusterIndex
from shared.store.fleet_cache import FleetCache
from shared.store.stop_switch import StopFlag
from shared.store.table import Table


def test_clusters_are_added_and_removed_and_repeating_does_no_harm(table: Table) -> None:
    index = ActiveClusterIndex(table)
    assert index.entries() == {}
    index.add("a", is_open=True)
    index.add("a", is_open=True)
    index.add_if_absent("a")
    index.add_if_absent("b")
    assert index.entries() == {"a": True, "b": False}
    index.remove("a")
    index.remove("a")
    assert index.entries() == {"b": False}


def test_the_cache_beside_it_keeps_its_own_rows(table: Table) -> None:
    index, cache = ActiveClusterIndex(table), FleetCache(table)
    index.add("a", is_open=True)
    assert cache.read(StopFlag, "shard-1") is None
    cache.write("shard-1", StopFlag(True))
    cache.write("shard-2", StopFlag())
    assert cache.read_all(StopFlag, "shard-") == {"1": StopFlag(True), "2": StopFlag()}
    cache.delete(["shard-1", "shard-3"])
    assert cache.read_all(StopFlag, "shard-") == {"2": StopFlag()}
    assert index.entries() == {"a": True}
