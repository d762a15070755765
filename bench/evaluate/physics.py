"""Reads the ground truth from the simulator's physics, minute by minute, and how much of it the metrics show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.cloud import metric_queries
from shared.cloud.errors import AzureError
from shared.cloud.metrics import Metrics
from shared.model.metric import MetricAnswer, Window
from simulator.fleet import Cluster
from simulator.physics.workload import Protocol
from simulator.world import World

from .minutes import at_minute, minute_of
from .track import NodeMinute, Track

PRESSED_SHARE = 0.75
_CHUNK_MINUTES = 240


def note_truth(world: World, tracks: Mapping[str, Track], minutes: range) -> None:
    """Records failures and nearly full ports of the present nodes in ``minutes``."""
    for key, cluster in world.clusters.items():
        track = tracks[key]
        for node in cluster.nodes:
            track.node_names.add(node.name)
            for protocol in Protocol:
                window = world.traffic.node_window(node, protocol, minutes)
                track.truth_nodes |= {
                    NodeMinute(node.name, minute)
                    for minute, failed in zip(minutes, window.failed, strict=True)
                    if failed
                }
                track.truth_pressed |= {
                    NodeMinute(node.name, minute)
                    for minute, used, ports in zip(minutes, window.used_ports, window.ports, strict=True)
                    if used is not None and ports and used >= PRESSED_SHARE * ports
                }
        gateways = _gateways(world, cluster)
        track.truth_gateways |= {minute for minute in minutes if _any_failed(world, gateways, minute)}


def _gateways(world: World, cluster: Cluster) -> set[str]:
    paths = (world.traffic.path(node).gateway for node in cluster.nodes)
    return {gateway for gateway in paths if gateway is not None}


def _any_failed(world: World, gateways: set[str], minute: int) -> bool:
    found = (world.traffic.gateway_minute(gateway, protocol, minute) for gateway in gateways for protocol in Protocol)
    return any(recorded is not None and recorded.failed for recorded in found)


def note_visible(world: World, metrics: Metrics, tracks: Mapping[str, Track], first: int, last: int) -> None:
    """Records which failing minutes the complete metrics show. Queries only clusters with failures."""
    for key, track in tracks.items():
        cluster = world.clusters[key]
        names = {node.address: node.name for node in cluster.nodes}
        for start in range(first, last, _CHUNK_MINUTES) if track.truth_minutes else ():
            window = Window(at_minute(start), at_minute(min(start + _CHUNK_MINUTES, last)))
            try:
                shown = metrics.query(cluster.load_balancer_id, metric_queries.SNAT_CONNECTIONS_BY_BACKEND, window)
                track.visible_nodes |= {
                    NodeMinute(names[address], minute_of(at)) for address, at in _failures(shown) if address in names
                }
                for gateway in _gateways(world, cluster):
                    answer = metrics.query(gateway, metric_queries.NAT_CONNECTIONS, window)
                    track.visible_gateways |= {minute_of(at) for _, at in _failures(answer)}
            except AzureError:
                return  # without permission to read metrics nothing is visible


def _failures(answer: MetricAnswer) -> set[tuple[str, datetime]]:
    return {
        (series.backend_ip, at)
        for series in answer.series
        if series.state == "failed"
        for at, value in series.points
        if value > 0
    }
