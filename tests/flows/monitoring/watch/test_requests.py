"""What a tick asks of Azure and of storage."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from shared.flows.monitoring.tick import WatchPolicy
from shared.ids import cluster_key, new_id
from shared.model.audit import AuditLine
from shared.store.audit_rows import row_of_line
from shared.store.records import FLEET_PARTITION
from shared.store.table import Table
from tests.support.builders import at, cluster
from tests.support.every import every
from tests.support.storage import table_at
from tests.support.watched_world import BACKENDS, HEALTHY, SICK, Make, World, ports


def count_requests(table: Table, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the table operations from now on; a query as often as it takes pages of a thousand rows."""
    client, seen = table.client(), []
    for name in ("get_entity", "query_entities", "upsert_entity", "submit_transaction", "delete_entity"):
        original = getattr(client, name)

        def counted(*args: Any, _name: str = name, _original: Any = original, **more: Any) -> Any:
            seen.append(_name)
            if _name != "query_entities":
                return _original(*args, **more)
            rows = list(_original(*args, **more))
            seen.extend([_name] * ((len(rows) - 1) // 1000))
            return rows

        monkeypatch.setattr(client, name, counted)
    return seen


def test_a_healthy_fleet_costs_a_few_requests_whatever_its_size(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(*(f"c{number}" for number in range(120)))
    world.tick(8)
    world.access.asked.clear()
    seen = count_requests(world.table, monkeypatch)
    tick = world.tick(9)
    assert (tick.tally.clusters, tick.tally.measured) == (120, 120)
    assert world.access.names_asked() == ["state"], "nothing for the healthy besides"
    assert len(seen) <= 10, seen
    assert world.azure.reads == 1


def test_storage_requests_grow_with_what_changed_and_not_with_fleet_or_history(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def requests_of(clusters: int, old_lines: int) -> list[str]:
        """Of three ticks: nothing changes, a cluster begins to fail, and it goes on failing."""
        table = table_at(storage, f"t{new_id()}")
        world = World(table, *(f"c{number}" for number in range(clusters)), policy=WatchPolicy(5000, 600.0))
        lines = [AuditLine(new_id(), at(-10_000 + number), "snatbot", "x", "y") for number in range(old_lines)]
        for partition in (FLEET_PARTITION, cluster_key(cluster(name="c7").id)):
            for start in range(0, old_lines, 100):
                table.transaction(partition, [row_of_line(line) for line in lines[start : start + 100]])
        world.tick(8)
        with monkeypatch.context() as patch:
            seen = count_requests(table, patch)
            assert world.tick(9).tally.failing == 0
            world.access.answers |= {"state": lambda key: SICK if "mc_c7/" in key else HEALTHY, "backend": BACKENDS}
            assert world.tick(10).tally.failing == world.tick(11).tally.failing == 1
        return seen

    few, many = requests_of(10, 0), requests_of(1500, 2500)
    assert abs(len(many) - len(few)) <= 0.05 * len(few), (few, many)


def test_only_the_sick_are_looked_at_in_depth(make: Make) -> None:
    world = make("well", "sick")
    world.tick(8)
    world.access.asked.clear()
    world.access.answers |= {
        "state": lambda one: SICK if "mc_sick/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    tick = world.tick(9)
    assert (tick.tally.failing, tick.tally.effects) == (1, {"nothing": 1, "opened": 1})
    deep = {name: ids for name, ids, _ in world.access.asked if name != "state"}
    assert set(deep) == {"backend", "before"}
    assert every(len(ids) == 1 and "mc_sick/" in ids[0] for ids in deep.values())
    assert tick.deliver == (cluster_key(cluster(name="sick").id),)


def test_ports_are_looked_at_on_their_own_period_and_no_minute_twice(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(100)
    for minute in range(8, 30):
        if minute == 15:
            world.new_process()
        world.tick(minute)
    windows = [asked for name, _, asked in world.access.asked if name == "ports"]
    assert [asked.minutes for asked in windows] == [5] * len(windows)
    assert len(windows) == 5
    for first, second in pairwise(windows):
        assert first.end == second.start


def test_ports_of_a_cluster_in_trouble_are_looked_at_each_time(make: Make) -> None:
    world = make("a", "b")
    world.access.answers |= ports(900)
    world.tick(8)
    assert world.titles("a") == ["Early warning: SNAT port shortage on a"]
    world.access.answers |= ports(100)
    for minute in range(9, 30):
        world.tick(minute)
    assert world.titles("a")[-1] == "Cleared: SNAT port shortage on a"
    (incident,) = world.records.incidents(cluster_key(cluster(name="a").id))
    assert incident.cleared_at == at(18)


def test_fewer_ports_than_before_are_noticed_after_a_restart(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(10, 1024)
    world.tick(8)
    world.new_process()
    world.access.answers |= ports(10, 512)
    world.tick(13)
    assert world.titles("a") == ["Early warning: A cut of SNAT ports on a"]


def test_the_list_of_clusters_is_kept_over_restarts_and_renewed(make: Make) -> None:
    world = make("a", "b")
    for minute in range(8, 18):
        world.new_process()
        assert world.tick(minute).tally.clusters == 2
    assert world.azure.reads == 1
    world.tick(18)
    assert world.azure.reads == 2
