"""What is seen from inside a cluster: when egress probes meet trouble, and whom the sockets of failing nodes name.

A probe connects every 5 minutes from each of its nodes to the destinations that fail in that trouble: its owner is
taken to have chosen those. The first connection that lost a SYN or failed shows it, and is reported at once. A
*culprit* is a workload whose flows failed; named are the pods with connections to the destination that tops snatbot's
table, where snatbot names a cure. UDP sockets are closed long before their ports are free, so they name nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from shared.core.guidance.culprits import read_sockets
from shared.model.sockets import Cure
from simulator.fleet import Node
from simulator.gadget import sockets
from simulator.noise import unit
from simulator.physics.workload import Protocol
from simulator.probe_pods import OK, connect
from simulator.probe_reports import probed_nodes
from simulator.world import World

from .track import PAUSE_MINUTES, Culprit, Span, Track, spans

EVERY_SECONDS = 300
LOOKED_MINUTES = 60
SLOW_SECONDS = 0.9
AFTER_MINUTES = 3  # somebody looks at the sockets


def note_inside(world: World, tracks: Mapping[str, Track]) -> None:
    """Records for each trouble of a cluster's load balancer what its nodes show."""
    for key, track in tracks.items():
        cluster = world.clusters[key]
        two_a_subnet = list(probed_nodes(cluster, {}))
        for span in spans((at.minute for at in track.truth_nodes), PAUSE_MINUTES):
            failing = _failing_destinations(world, cluster.nodes, span)
            track.seen_everywhere[span.first] = _first_seen(world, cluster.nodes, failing, span)
            track.seen_by_two[span.first] = _first_seen(world, two_a_subnet, failing, span)
            _note_culprits(world, track, cluster.nodes, min(span.first + AFTER_MINUTES, span.last))


def _failing_destinations(world: World, nodes: Iterable[Node], span: Span) -> set[str]:
    minutes = range(span.first, min(span.last, span.first + AFTER_MINUTES) + 1)
    return {
        stream.destination.name
        for node in nodes
        for minute in minutes
        for stream, result in world.traffic.streams(node, Protocol.TCP, minute).items()
        if result.failed > 0
    }


def _first_seen(world: World, nodes: Iterable[Node], targets: set[str], span: Span) -> int | None:
    """The second since 1970 at which the first bad connection has ended, if it is within an hour."""
    found = []
    until = min(span.last, span.first + LOOKED_MINUTES) * 60
    for node in nodes:
        phase = int(EVERY_SECONDS * unit("phase", node.name))
        for at in range(span.first * 60 + phase, until, EVERY_SECONDS):
            rows = [connect(world.traffic, node, target, at, at // 60) for target in sorted(targets)]
            bad = [row for row in rows if row["exit"] != OK or row["connect"] > SLOW_SECONDS]
            if bad:
                found.append(at + min(20 if row["exit"] else round(row["connect"]) for row in bad))
                break
    return min(found, default=None)


def _note_culprits(world: World, track: Track, nodes: Iterable[Node], minute: int) -> None:
    for node in nodes:
        failing = {
            Culprit(node.name, minute, stream.workload.name)
            for protocol in Protocol
            for stream, result in world.traffic.streams(node, protocol, minute).items()
            if result.failed > 0
        }
        track.truth_culprits |= failing
        rows = sockets(world.traffic, node, minute) if failing else []
        if rows:
            (found,) = read_sockets(json.dumps(rows)).nodes
            first = found.culprits[0]
            track.named_culprits |= {
                Culprit(node.name, minute, each.pod.partition("/")[2].rpartition("-")[0])
                for each in found.culprits
                if (each.destination, each.protocol) == (first.destination, first.protocol)
                and each.cure is not Cure.NONE
            }
