"""A load balancer's metrics, from the ports of the nodes behind it.

A node's ports lie on its frontends in equal parts and the first frontend is drained before the next
(Azure docs: load-balancer-outbound-connections); a connection fails on the last. New connections of
a node stop being counted when its flows leave by another path; allocated ports stay allocated as
long as the outbound rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...fleet import Cluster, Node
from ...physics.bank import BankMinute
from ...physics.workload import Protocol
from .series import Sample, Series, one

if TYPE_CHECKING:
    from ...world import World

PENDING_SHARE = 0.002


def load_balancer_series(world: World, cluster: Cluster, metric: str, minutes: range) -> list[Series]:
    """All series of a metric for `minutes`; series without any data are left out."""
    if not cluster.has_outbound_rule or not cluster.frontends:
        return []
    return [
        series for series in _EMITTERS[metric](world, cluster, minutes) if any(s is not None for s in series.samples)
    ]


def _minutes(world: World, node: Node, protocol: Protocol, minutes: range) -> list[BankMinute | None]:
    return [world.traffic.node_minute(node, protocol, minute) for minute in minutes]


def _snat_connections(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    successful, failed, pending = world.settings.connection_states
    zero = one(0) if world.settings.emit_zero_failed else None
    frontends = [frontend.address for frontend in cluster.frontends]
    for node in cluster.nodes:
        tcp = _minutes(world, node, Protocol.TCP, minutes)
        udp = _minutes(world, node, Protocol.UDP, minutes)
        admitted: list[list[Sample | None]] = [[] for _ in frontends]
        waiting: list[Sample | None] = []
        lost: list[Sample | None] = []
        for pair in zip(tcp, udp, strict=True):
            present = [minute for minute in pair if minute is not None]
            good, bad = sum(m.admitted for m in present), sum(m.failed for m in present)
            shares = _split(good, _used(present), present[0].ports if present else 0, len(frontends))
            for samples, share in zip(admitted, shares, strict=True):
                samples.append(one(share) if share else None)
            waiting.append(one(round(good * PENDING_SHARE)) if good * PENDING_SHARE >= 1 else None)
            lost.append(one(bad) if bad else (zero if good else None))
        for address, samples in zip(frontends, admitted, strict=True):
            yield Series(_connection(address, node, successful), samples)
        yield Series(_connection(frontends[-1], node, failed), lost)
        yield Series(_connection(frontends[0], node, pending), waiting)


def _connection(frontend: str, node: Node, state: str) -> dict[str, str]:
    return {"FrontendIPAddress": frontend, "BackendIPAddress": node.address, "ConnectionState": state}


def _used(minutes: list[BankMinute]) -> float:
    return max((minute.used_ports for minute in minutes), default=0.0)


def _split(amount: int, used: float, ports: int, frontends: int) -> list[int]:
    """Flows per frontend, in proportion to the ports in use on each; none is lost."""
    levels = _fill(used, ports, frontends)
    total = sum(levels)
    shares = [int(amount * level / total) if total else 0 for level in levels]
    shares[0] += amount - sum(shares)
    return shares


def _fill(used: float, ports: int, frontends: int) -> list[float]:
    """Ports in use on each frontend, the first filled first."""
    each = ports / frontends
    return [min(each, max(0.0, used - each * index)) for index in range(frontends)]


def _port_series(
    world: World, cluster: Cluster, minutes: range, value: Callable[[BankMinute, int, int], float]
) -> Iterator[Series]:
    count = len(cluster.frontends)
    for node in cluster.nodes:
        for protocol in Protocol:
            recorded = _minutes(world, node, protocol, minutes)
            for index, frontend in enumerate(cluster.frontends):
                dimensions = {
                    "FrontendIPAddress": frontend.address,
                    "BackendIPAddress": node.address,
                    "ProtocolType": protocol.upper(),
                    "IsAwaitingRemoval": "False",
                }
                samples = [None if m is None else one(value(m, index, count)) for m in recorded]
                yield Series(dimensions, samples)


def _used_ports(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _port_series(
        world, cluster, minutes, lambda m, index, count: round(_fill(m.used_ports, m.ports, count)[index])
    )


def _allocated_ports(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _port_series(world, cluster, minutes, lambda m, _index, count: m.ports // count)


def _frontend_counter(
    world: World, cluster: Cluster, minutes: range, value: Callable[[BankMinute], float], both: bool
) -> Iterator[Series]:
    """An amount per frontend and direction; what comes back is taken to be four times what went out."""
    totals = [0.0] * len(minutes)
    for node in cluster.nodes:
        for protocol in Protocol:
            for i, recorded in enumerate(_minutes(world, node, protocol, minutes)):
                totals[i] += value(recorded) if recorded is not None else 0.0
    for direction, factor in (("Out", 1), ("In", 4)) if both else (("Out", 1),):
        dimensions = {
            "FrontendIPAddress": cluster.frontends[0].address,
            "FrontendPort": "0",
            "Direction": direction,
        }
        yield Series(dimensions, [one(round(total * factor)) if total else None for total in totals])


def _bytes(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _frontend_counter(world, cluster, minutes, lambda m: m.bytes_sent, both=True)


def _packets(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _frontend_counter(world, cluster, minutes, lambda m: m.packets_sent, both=True)


def _syns(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _frontend_counter(world, cluster, minutes, lambda m: m.admitted, both=False)


def _data_path(_world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    for frontend in cluster.frontends:
        yield Series({"FrontendIPAddress": frontend.address, "FrontendPort": "0"}, [one(100)] * len(minutes))


def _no_series(_world: World, _cluster: Cluster, _minutes: range) -> Iterator[Series]:
    """An outbound-only load balancer has no probes."""
    return iter(())


_EMITTERS: dict[str, Callable[[World, Cluster, range], Iterator[Series]]] = {
    "SnatConnectionCount": _snat_connections,
    "UsedSnatPorts": _used_ports,
    "AllocatedSnatPorts": _allocated_ports,
    "ByteCount": _bytes,
    "PacketCount": _packets,
    "SYNCount": _syns,
    "VipAvailability": _data_path,
    "DipAvailability": _no_series,
}
