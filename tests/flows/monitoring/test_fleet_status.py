"""The fleet's status is read in two requests, whatever its size, and holds no cluster of an earlier list."""

from __future__ import annotations

from random import Random
from unittest.mock import Mock

from shared.flows.monitoring.fleet_status import FleetStatus, read_fleet_status
from shared.flows.monitoring.tick import WHOLE_FLEET
from shared.model.cluster_status import ClusterStatus, FailingNode, FullNode
from shared.model.fleet import InventoryIndex, ScanProgress
from shared.store.fleet_cache import INVENTORY, PROGRESS, FleetCache, statuses_in, with_statuses
from shared.store.table import Table
from tests.support.fleet import failing, make_status
from tests.support.nouns import NOW


def stored(cache: FleetCache, key: str, *statuses: ClusterStatus) -> None:
    cache.write(f"{PROGRESS}{key}", with_statuses(ScanProgress(), statuses))


def listed(cache: FleetCache, clusters: int, *shards: str) -> None:
    cache.write(INVENTORY, InventoryIndex(NOW, clusters, shards))


def names(fleet: FleetStatus) -> list[str]:
    return sorted(status.id.name for status in fleet.clusters)


def test_before_the_first_scan_nothing_is_known(table: Table) -> None:
    assert read_fleet_status(FleetCache(table), 100) == FleetStatus()


def test_a_small_fleet_is_one_part_and_a_large_one_its_shards(table: Table) -> None:
    cache = FleetCache(table)
    stored(cache, WHOLE_FLEET, make_status("small"))
    stored(cache, "s1", make_status("a"), failing("b"))
    stored(cache, "gone", make_status("deleted"))
    listed(cache, 2, "s1", "s2")
    assert names(read_fleet_status(cache, 100)) == ["small"]
    large = read_fleet_status(cache, 1)
    assert names(large) == ["a", "b"]
    assert (large.listed, large.listed_at) == (2, NOW)


def test_a_cluster_is_found_by_name_or_id_in_any_case(table: Table) -> None:
    fleet = FleetStatus((make_status("Shop"), make_status("other")))
    assert [status.id.name for status in fleet.named("sHOP")] == ["Shop"]
    assert [status.id.name for status in fleet.named(str(fleet.clusters[0].id).upper() + "/")] == ["Shop"]
    assert fleet.named("sho") == []


def test_ten_thousand_clusters_take_two_requests_and_small_rows(table: Table) -> None:
    cache = FleetCache(table)
    shards = [f"s{number:03d}" for number in range(100)]
    for shard in shards:
        stored(cache, shard, *(failing(f"{shard}-{number}") for number in range(100)))
    listed(cache, 10_000, *shards)
    counting = Mock(wraps=table)
    assert len(read_fleet_status(FleetCache(counting), 1000).clusters) == 10_000
    assert [call[0] for call in counting.method_calls] == ["get", "rows"]


def test_a_thousand_clusters_fit_into_one_row(table: Table) -> None:
    statuses = [failing(f"shop-{number}-{'x' * 50}") for number in range(1000)]
    packed = with_statuses(ScanProgress(), statuses)
    assert len(packed.statuses) < 100_000
    assert set(statuses_in(packed).values()) == set(statuses)


def test_statuses_that_cannot_be_read_are_none(table: Table) -> None:
    for text in ("x", "e30=", "eJyrrgUAAXUA+Q=="):
        assert statuses_in(ScanProgress(statuses=text)) == {}


def test_a_thousand_clusters_with_ten_sick_nodes_each_fit_into_one_row(table: Table) -> None:
    some = Random(1)

    def sick(number: int) -> ClusterStatus:
        nodes = [
            (f"10.{number % 200}.{some.randrange(250)}.{some.randrange(250)}", f"{some.randrange(99):02x}")
            for _ in range(10)
        ]
        return failing(
            f"shop-{number}",
            failing_nodes=tuple(
                FailingNode(ip, f"aks-pool-3817-vmss0000{end}", some.randrange(5000)) for ip, end in nodes
            ),
            full_nodes=tuple(
                FullNode(ip, f"aks-pool-3817-vmss0000{end}", "tcp", some.randrange(10240) / 10, 1024.0)
                for ip, end in nodes
            ),
        )

    stored(cache := FleetCache(table), WHOLE_FLEET, *(sick(number) for number in range(1000)))
    listed(cache, 1000, WHOLE_FLEET)
    assert len(read_fleet_status(cache, 1000).clusters[0].full_nodes) == 10
