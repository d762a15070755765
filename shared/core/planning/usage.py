"""What the load balancer's metrics say of an hour: port use per node, totals, and the baseline for the proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from ...model.load_balancer import Node
from ...model.metric import MetricAnswer, Window
from ...model.plan import Baseline
from ..detection.ports import is_draining
from .sizing import PortUse

_PROTOCOL = "protocoltype"
_UDP = ("udp", "17")


def totals(window: Window, connections: MetricAnswer) -> tuple[int, int]:
    """Failed and successful new connections; pending ones are in neither."""
    failed = successful = 0.0
    for series in connections.series:
        state = series.state
        amount = sum(value for at, value in series.points if window.holds(at))
        if state == "failed":
            failed += amount
        elif state != "pending":
            successful += amount
    return round(failed), round(successful)


def baseline(window: Window, connections: MetricAnswer, nodes: Sequence[Node]) -> Baseline:
    """Rates per minute over the minutes that have any point; zero when there is none."""
    minutes = {at for series in connections.series for at, _ in series.points if window.holds(at)}
    failed, successful = totals(window, connections)
    count = max(len(minutes), 1)
    subnet_of = {node.ip: node.subnet_id.lower() for node in nodes}
    by_subnet: dict[str, float] = defaultdict(float)
    for series in connections.series:
        if series.state in ("failed", "pending"):
            continue
        subnet_id = subnet_of.get(series.backend_ip)
        if subnet_id:
            by_subnet[subnet_id] += sum(value for at, value in series.points if window.holds(at)) / count
    return Baseline(
        successful_per_minute=successful / count,
        attempted_per_minute=(successful + failed) / count,
        node_ips=tuple(sorted(node.ip for node in nodes)),
        successful_by_subnet=dict(by_subnet),
    )


def port_use(window: Window, used: MetricAnswer, allocated: MetricAnswer) -> tuple[PortUse, ...] | None:
    """Peak of used ports per node; frontends are added up, drained ones left out. None without any point."""
    peaks = _peaks(window, used)
    limits = _peaks(window, allocated)
    ips = sorted({ip for ip, _ in (*peaks, *limits)})
    if not ips:
        return None
    return tuple(
        PortUse(
            ip=ip,
            tcp_peak=peaks.get((ip, "tcp"), 0.0),
            udp_peak=peaks.get((ip, "udp"), 0.0),
            allocated=max(limits.get((ip, "tcp"), 0.0), limits.get((ip, "udp"), 0.0)),
        )
        for ip in ips
    )


def _peaks(window: Window, answer: MetricAnswer) -> Mapping[tuple[str, str], float]:
    """(backend IP, protocol) to the highest minute, several series of the same key added up first."""
    minutes: dict[tuple[str, str], dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    for series in answer.series:
        if is_draining(series):
            continue
        protocol = "udp" if series.dimensions.get(_PROTOCOL, "").lower() in _UDP else "tcp"
        key = (series.backend_ip, protocol)
        for at, value in series.points:
            if window.holds(at):
                minutes[key][at] += value
    return {key: max(values.values()) for key, values in minutes.items() if values}


def gateway_totals(window: Window, connections: MetricAnswer) -> tuple[int, int]:
    """Attempted and failed new connections of a NAT gateway."""
    sums: dict[str, float] = defaultdict(float)
    for series in connections.series:
        state = series.state
        sums[state] += sum(value for at, value in series.points if window.holds(at))
    return round(sums["attempted"]), round(sums["failed"])


def gateway_baseline(window: Window, connections: MetricAnswer) -> Baseline:
    """As ``baseline``, of a gateway that all nodes leave through already; it knows no nodes."""
    minutes = {at for series in connections.series for at, _ in series.points if window.holds(at)}
    attempted, failed = gateway_totals(window, connections)
    count = max(len(minutes), 1)
    return Baseline(max(attempted - failed, 0) / count, attempted / count, (), is_of_gateway=True)


def open_peak(window: Window, open_connections: MetricAnswer) -> float | None:
    """The highest minute, several series added up first; None without any point."""
    minutes: dict[datetime, float] = defaultdict(float)
    for series in open_connections.series:
        for at, value in series.points:
            if window.holds(at):
                minutes[at] += value
    return max(minutes.values(), default=None)
