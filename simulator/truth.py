"""Which nodes and NAT gateways really failed connections, in which minutes: read from the physics.

This is what monitoring should have found, whatever the metrics API let through.
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
    return {"id": cluster.id, "name": cluster.name, "nodes": nodes, "gateways": _gateways(world, cluster, minutes)}


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


def declared_differences(content: Content, found: dict[str, Any]) -> list[str]:
    """How the `truth` that a scenario declares differs from what was found; empty when it doesn't.

    A declared span without an end lasts until the end of what was computed; the ends of a span may be
    off by one minute, because the fluid crosses the line within one.
    """
    declared = {(str(each["cluster"]), str(each["node"])): each for each in content.get("truth") or []}
    actual: dict[tuple[str, str], list[list[int]]] = {}
    for cluster in found["clusters"]:
        for node in cluster["nodes"]:
            actual[cluster["name"], node["pool_instance"]] = node["failing_minutes"]
        for gateway in cluster["gateways"]:
            actual[cluster["name"], "gateway"] = gateway["failing_minutes"]
    differences = [f"{c} {n}: fails in {actual[c, n]}, which isn't declared" for c, n in actual.keys() - declared]
    for key, each in declared.items():
        spans = actual.get(key)
        if spans is None:
            differences.append(f"{key[0]} {key[1]}: declared to fail, but doesn't")
            continue
        until = each.get("until_minute", found["until_minute"])
        if abs(spans[0][0] - each["from_minute"]) > 1 or abs(spans[-1][1] - until) > 1:
            differences.append(f"{key[0]} {key[1]}: declared {each['from_minute']} to {until}, fails in {spans}")
    return sorted(differences)
