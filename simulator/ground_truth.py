"""Which nodes and NAT gateways failed connections, in which minutes: read from the physics.

Monitoring should find exactly this, whatever the metrics API shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .build import build_world
from .clock import SimulatedClock
from .fleet import Cluster, Node
from .physics.workload import Protocol
from .scenario import Content
from .world import World, epoch_minute


def truth_of_scenario(content: Content, start: datetime, minutes: int) -> dict[str, Any]:
    """The truth of a scenario that starts at `start` and runs for `minutes`."""
    clock = SimulatedClock(wall=lambda: start, speed=0)
    world = build_world(content, clock)
    clock.advance(minutes * 60)
    world.settle()
    return truth_of_world(world)


def truth_of_world(world: World) -> dict[str, Any]:
    """The truth of all whole minutes so far. Minutes count from the scenario's start."""
    minutes = range(world.traffic.first_minute, epoch_minute(world.clock.now()))
    clusters = [_cluster_truth(world, cluster, minutes) for cluster in world.clusters.values()]
    return {
        "scenario": world.scenario,
        "started": world.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "from_minute": minutes.start - world.origin_minute,
        "until_minute": minutes.stop - world.origin_minute,
        "clusters": [each for each in clusters if each["nodes"] or each["gateways"]],
        "healthy_clusters": sum(1 for each in clusters if not each["nodes"] and not each["gateways"]),
    }


def _cluster_truth(world: World, cluster: Cluster, minutes: range) -> dict[str, Any]:
    nodes = []
    for node in cluster.nodes:
        failed = _failed(world, node, minutes)
        if any(failed):
            shown = {"name": node.name, "pool_instance": f"{node.pool.name}/{node.instance}", "address": node.address}
            nodes.append(shown | _spans(failed, minutes, world.origin_minute))
    return {
        "id": cluster.id,
        "name": cluster.name,
        "pools": {pool.name: len(pool.nodes) for pool in cluster.pools},
        "nodes": nodes,
        "gateways": _gateways(world, cluster, minutes),
    }


def _failed(world: World, node: Node, minutes: range) -> list[int]:
    windows = (world.traffic.node_window(node, protocol, minutes) for protocol in Protocol)
    return [sum(pair) for pair in zip(*(window.failed for window in windows), strict=True)]


def _gateways(world: World, cluster: Cluster, minutes: range) -> list[dict[str, Any]]:
    keys = {path.gateway for node in cluster.nodes if (path := world.traffic.path(node)).gateway is not None}
    found = []
    for key in sorted(str(key) for key in keys):
        failed = [
            sum(
                recorded.failed
                for protocol in Protocol
                if (recorded := world.traffic.gateway_minute(key, protocol, minute)) is not None
            )
            for minute in minutes
        ]
        if any(failed):
            found.append({"id": key} | _spans(failed, minutes, world.origin_minute))
    return found


def _spans(failed: Iterable[int], minutes: range, origin: int) -> dict[str, Any]:
    """Runs of minutes with failures, as [first, first without], and how many there were in all."""
    spans: list[list[int]] = []
    total = 0
    for minute, count in zip(minutes, failed, strict=True):
        total += count
        if count and spans and spans[-1][1] == minute - origin:
            spans[-1][1] += 1
        elif count:
            spans.append([minute - origin, minute - origin + 1])
    return {"failing_minutes": spans, "failed": total}


Spans = list[list[int]]


def declared_differences(content: Content, found: dict[str, Any]) -> list[str]:
    """Differences between a scenario's declared `truth` and the computed truth.

    A declared span without an end lasts until the computed truth ends. Ends of spans may be off
    by two minutes: nodes differ a little, and new ones begin empty.
    """
    actual = _actual_spans(found)
    declared: dict[tuple[str, str], Spans] = {}
    for each in content.get("truth") or []:
        span = [int(each["from_minute"]), int(each.get("until_minute", found["until_minute"]))]
        for key in _declared_nodes(each, found):
            declared.setdefault(key, []).append(span)
    differences = []
    for key in sorted(actual.keys() | declared.keys()):
        expected, spans = declared.get(key, []), actual.get(key, [])
        same = len(expected) == len(spans) and all(
            abs(e[0] - s[0]) <= 2 and abs(e[1] - s[1]) <= 2 for e, s in zip(sorted(expected), spans, strict=True)
        )
        if not same:
            differences.append(f"{key[0]} {key[1]}: declared to fail in {expected}, fails in {spans}")
    return differences


def _actual_spans(found: dict[str, Any]) -> dict[tuple[str, str], Spans]:
    actual: dict[tuple[str, str], Spans] = {}
    for cluster in found["clusters"]:
        for node in cluster["nodes"]:
            actual[cluster["name"], node["pool_instance"]] = node["failing_minutes"]
        for gateway in cluster["gateways"]:
            actual[cluster["name"], "gateway"] = gateway["failing_minutes"]
    return actual


def _declared_nodes(each: Content, found: dict[str, Any]) -> list[tuple[str, str]]:
    """The nodes of an entry: `pool/*` is all nodes of the pool."""
    cluster, node = str(each["cluster"]), str(each["node"])
    pool, _, instance = node.partition("/")
    if instance != "*":
        return [(cluster, node)]
    sizes = next((c["pools"] for c in found["clusters"] if c["name"] == cluster), {pool: 1})
    return [(cluster, f"{pool}/{number}") for number in range(sizes[pool])]
