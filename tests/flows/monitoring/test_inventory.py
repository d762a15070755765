"""The list of clusters: kept for a while, shared through storage, and used on when Azure can't list them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.cloud.errors import Unavailable
from shared.flows.monitoring.inventory import FleetInventory, shards_of
from shared.store.fleet_cache import FleetCache
from shared.store.table import Table
from tests.support.builders import at, cluster
from tests.support.fakes import FakeAzure, watched

KEPT_FOR = timedelta(minutes=10)


def test_without_storage_the_list_is_kept_in_memory() -> None:
    azure = FakeAzure(watched(cluster()))
    inventory = FleetInventory(azure.fleet, None, KEPT_FOR)
    first = inventory.get_and_store(at(0))
    assert (first.before, inventory.get(at(9)), azure.reads) == (None, first.fleet, 1)
    assert inventory.get_and_store(at(10)).before == first.fleet
    assert inventory.shard("k") == ()


def test_without_any_list_the_error_is_raised_and_with_one_it_is_used_on() -> None:
    azure = FakeAzure(watched(cluster()), trouble={"read": Unavailable("POST resources", "busy", status=503)})
    inventory = FleetInventory(azure.fleet, None, KEPT_FOR)
    with pytest.raises(Unavailable):
        inventory.get(at(0))
    del azure.trouble["read"]
    inventory.get(at(1))
    azure.trouble["read"] = Unavailable("POST resources", "busy", status=503)
    kept = inventory.get(at(30))
    assert (kept.found_at, kept.clusters) == (at(1), azure.targets)
    assert "could not be listed" in kept.unreadable[0].subject


def test_shards_of_the_stored_list_are_what_workers_get(table: Table) -> None:
    azure = FakeAzure(watched(*(cluster(name=f"c{number}") for number in range(150))))
    FleetInventory(azure.fleet, FleetCache(table), KEPT_FOR).get_and_store(at(0))
    worker = FleetInventory(azure.fleet, FleetCache(table), KEPT_FOR)
    assert [len(worker.shard(key)) for key in shards_of(azure.targets)] == [100, 50]
    assert (worker.get(at(5)).clusters, azure.reads) == (azure.targets, 1)


def test_another_cluster_elsewhere_leaves_the_keys_of_the_other_shards() -> None:
    targets = watched(*(cluster(name=f"c{number}") for number in range(101)))
    shards = shards_of(targets)
    assert [len(members) for members in shards.values()] == [100, 1]
    grown = shards_of((*targets, *watched(cluster(name="e", location="eastus"))))
    assert len(grown) == 3
    assert shards.items() <= grown.items()
