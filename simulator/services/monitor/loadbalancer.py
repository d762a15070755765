"""A load balancer's metrics, from the ports of the nodes behind it.

A node's ports are spread equally over its frontends, and the first frontend is used up before the next
(Azure docs: load-balancer-outbound-connections); a connection fails on the last. New connections of
a node stop being counted when its flows leave by another path; allocated ports stay allocated as
long as the outbound rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from ...fleet import Cluster, Node
from ...physics.bank import BankWindow
from ...physics.workload import Protocol
from ...state.metric_source import Series
from ...world import World

PENDING_SHARE = 0.002
"""Share of new flows that are caught while they are being set up."""
INCOMING_FACTOR = 4
"""What comes back is taken to be four times what went out."""


def load_balancer_series(world: World, cluster: Cluster, metric: str, minutes: range) -> list[Series]:
    """All series of a metric for `minutes`; series without any data are left out."""
    if not cluster.has_outbound_rule or not cluster.frontends:
        return []
    made = _EMITTERS[metric](world, cluster, minutes)
    return [series for series in made if series.samples.count(None) < len(series.samples)]


def _windows(world: World, node: Node, minutes: range) -> tuple[BankWindow, BankWindow]:
    traffic = world.traffic
    return traffic.node_window(node, Protocol.TCP, minutes), traffic.node_window(node, Protocol.UDP, minutes)


def _snat_connections(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    successful, failed, pending = world.settings.connection_states
    zero = 0 if world.settings.emit_zero_failed else None
    addresses = [frontend.address for frontend in cluster.frontends]
    for node in cluster.nodes:
        found = _count(*_windows(world, node, minutes), len(addresses), zero)
        if found is None:
            continue
        for address, samples in zip(addresses, found.successful, strict=True):
            yield Series(_connection(address, node, successful), samples)
        yield Series(_connection(addresses[-1], node, failed), found.failed)
        yield Series(_connection(addresses[0], node, pending), found.pending)


class _Counted(NamedTuple):
    """A node's connections by state; the successful ones for each frontend."""

    successful: list[list[int | None]]
    failed: list[int | None]
    pending: list[int | None]


@lru_cache(maxsize=2048)  # nodes that behave alike share their windows
def _count(tcp: BankWindow, udp: BankWindow, frontends: int, zero: int | None) -> _Counted | None:
    """None without any connection. `zero` is the value for no failures when some connections succeed."""
    good = [a + b for a, b in zip(tcp.admitted, udp.admitted, strict=True)]
    bad = [a + b for a, b in zip(tcp.failed, udp.failed, strict=True)]
    if not any(good) and not any(bad):
        return None
    return _Counted(
        [[share or None for share in shares] for shares in _per_frontend(good, tcp, udp, frontends)],
        [b or (zero if g else None) for g, b in zip(good, bad, strict=True)],
        [int(g * PENDING_SHARE) or None for g in good],
    )


def _connection(frontend: str, node: Node, state: str) -> dict[str, str]:
    return {"frontendipaddress": frontend, "backendipaddress": node.address, "connectionstate": state}


def _per_frontend(flows: list[int], tcp: BankWindow, udp: BankWindow, count: int) -> list[list[int]]:
    """Flows per frontend, in proportion to the ports in use on each; none is lost."""
    if count == 1:
        return [flows]
    shares: list[list[int]] = [[] for _ in range(count)]
    for amount, used_tcp, used_udp, ports in zip(flows, tcp.used_ports, udp.used_ports, tcp.ports, strict=True):
        levels = _fill(max(used_tcp or 0.0, used_udp or 0.0), ports or 0, count)
        whole = sum(levels)
        parts = [int(amount * level / whole) if whole else 0 for level in levels]
        parts[0] += amount - sum(parts)
        for share, part in zip(shares, parts, strict=True):
            share.append(part)
    return shares


def _fill(used: float, ports: int, frontends: int) -> list[float]:
    """Ports in use on each frontend, the first filled first."""
    each = ports / frontends
    return [min(each, max(0.0, used - each * index)) for index in range(frontends)]


def _port_series(
    world: World,
    cluster: Cluster,
    minutes: range,
    values: Callable[[BankWindow, int, int], list[float | None]],
) -> Iterator[Series]:
    count = len(cluster.frontends)
    for node in cluster.nodes:
        for protocol, window in zip((Protocol.TCP, Protocol.UDP), _windows(world, node, minutes), strict=True):
            for index, frontend in enumerate(cluster.frontends):
                dimensions = {
                    "frontendipaddress": frontend.address,
                    "backendipaddress": node.address,
                    "protocoltype": protocol.upper(),
                    "isawaitingremoval": "False",
                }
                yield Series(dimensions, values(window, index, count))


def _used_on(window: BankWindow, index: int, count: int) -> list[float | None]:
    if count == 1:
        return [None if used is None else round(used) for used in window.used_ports]
    return [
        None if used is None or ports is None else round(_fill(used, ports, count)[index])
        for used, ports in zip(window.used_ports, window.ports, strict=True)
    ]


def _used_ports(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    return _port_series(world, cluster, minutes, _used_on)


def _allocated_ports(world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    def allocated(window: BankWindow, _index: int, count: int) -> list[float | None]:
        return [None if ports is None else ports // count for ports in window.ports]

    return _port_series(world, cluster, minutes, allocated)


def _frontend_counter(
    world: World, cluster: Cluster, minutes: range, column: Callable[[BankWindow], list[int]], *, both_ways: bool = True
) -> Iterator[Series]:
    """An amount per direction, counted on the first frontend."""
    columns = [column(window) for node in cluster.nodes for window in _windows(world, node, minutes)]
    totals = [sum(each) for each in zip(*columns, strict=True)]
    for direction, factor in (("Out", 1), ("In", INCOMING_FACTOR)) if both_ways else (("Out", 1),):
        dimensions = {
            "frontendipaddress": cluster.frontends[0].address,
            "frontendport": "0",
            "direction": direction,
        }
        yield Series(dimensions, [total * factor or None for total in totals])


def _data_path(_world: World, cluster: Cluster, minutes: range) -> Iterator[Series]:
    for frontend in cluster.frontends:
        yield Series({"frontendipaddress": frontend.address, "frontendport": "0"}, [100] * len(minutes))


def _no_series(_world: World, _cluster: Cluster, _minutes: range) -> Iterator[Series]:
    """An outbound-only load balancer has no probes."""
    return iter(())


_EMITTERS: dict[str, Callable[[World, Cluster, range], Iterator[Series]]] = {
    "SnatConnectionCount": _snat_connections,
    "UsedSnatPorts": _used_ports,
    "AllocatedSnatPorts": _allocated_ports,
    "ByteCount": partial(_frontend_counter, column=lambda window: window.bytes_sent),
    "PacketCount": partial(_frontend_counter, column=lambda window: window.packets_sent),
    "SYNCount": partial(_frontend_counter, column=lambda window: window.admitted, both_ways=False),
    "VipAvailability": _data_path,
    "DipAvailability": _no_series,
}
