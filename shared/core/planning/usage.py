"""Reduce one hour of the load balancer's metrics: port use per node, totals, and the baseline for verifying."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ...model.load_balancer import Node
from ...model.metric import MetricAnswer, Series, Window
from ...model.plan import Baseline
from ...model.resource_id import ArmId
from ..detection.ports import is_draining
from ..subnet_ranges import SubnetRanges
from .sizing import PortUse

_PROTOCOL = "protocoltype"
_UDP = ("udp", "17")
_NOT_SUCCESSFUL = ("failed", "pending")


def totals(window: Window, connections: MetricAnswer) -> tuple[int, int]:
    """Failed and successful new connections, without pending ones."""
    sums = _sums_by_state(window, connections)
    successful = sum(amount for state, amount in sums.items() if state not in _NOT_SUCCESSFUL)
    return round(sums["failed"]), round(successful)


def baseline(window: Window, connections: MetricAnswer, nodes: Sequence[Node], ranges: SubnetRanges) -> Baseline:
    """Rates per minute over the minutes that have a point; zero without any point.

    If a backend IP belongs to no node, ``ranges`` finds its subnet.
    """
    minutes = _measured_minutes(window, connections)
    failed, successful = totals(window, connections)
    subnet_of = {node.ip: node.subnet_id for node in nodes}
    by_subnet: dict[ArmId, float] = defaultdict(float)
    for series in connections.series:
        subnet_id = subnet_of.get(series.backend_ip) or ranges.subnet_of(series.backend_ip)
        if subnet_id and series.state not in _NOT_SUCCESSFUL:
            by_subnet[subnet_id] += _sum(window, series) / minutes
    return Baseline(
        successful_per_minute=successful / minutes,
        attempted_per_minute=(successful + failed) / minutes,
        successful_by_subnet=dict(by_subnet),
    )


def port_use(window: Window, used: MetricAnswer, allocated: MetricAnswer) -> tuple[PortUse, ...] | None:
    """Peak of used ports per node, summed over frontends, without drained ones. None without any point."""
    peaks, limits = _port_peaks(window, used), _port_peaks(window, allocated)
    ips = sorted({ip for ip, _ in (*peaks, *limits)})
    return (
        tuple(
            PortUse(
                ip=ip,
                tcp_peak=peaks.get((ip, "tcp"), 0.0),
                udp_peak=peaks.get((ip, "udp"), 0.0),
                allocated=max(limits.get((ip, "tcp"), 0.0), limits.get((ip, "udp"), 0.0)),
            )
            for ip in ips
        )
        or None
    )


def gateway_totals(window: Window, connections: MetricAnswer) -> tuple[int, int]:
    """Attempted and failed new connections of a NAT gateway."""
    sums = _sums_by_state(window, connections)
    return round(sums["attempted"]), round(sums["failed"])


def gateway_baseline(window: Window, connections: MetricAnswer) -> Baseline:
    """The baseline of a gateway that all nodes use already; it has no rates per subnet."""
    attempted, failed = gateway_totals(window, connections)
    minutes = _measured_minutes(window, connections)
    return Baseline(max(attempted - failed, 0) / minutes, attempted / minutes, is_of_gateway=True)


def open_peak(window: Window, open_connections: MetricAnswer) -> float | None:
    """The highest minute, summed over series; None without any point."""
    return _peak(window, open_connections.series)


def _sum(window: Window, series: Series) -> float:
    return sum(value for at, value in series.points if window.holds(at))


def _sums_by_state(window: Window, connections: MetricAnswer) -> defaultdict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for series in connections.series:
        sums[series.state] += _sum(window, series)
    return sums


def _measured_minutes(window: Window, answer: MetricAnswer) -> int:
    """The number of minutes with a point; at least 1, because callers divide by it."""
    return max(len({at for series in answer.series for at, _ in series.points if window.holds(at)}), 1)


def _port_peaks(window: Window, answer: MetricAnswer) -> Mapping[tuple[str, str], float]:
    groups: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for series in answer.series:
        if not is_draining(series):
            protocol = "udp" if series.dimensions.get(_PROTOCOL, "").lower() in _UDP else "tcp"
            groups[(series.backend_ip, protocol)].append(series)
    peaks = {key: _peak(window, group) for key, group in groups.items()}
    return {key: peak for key, peak in peaks.items() if peak is not None}


def _peak(window: Window, group: Iterable[Series]) -> float | None:
    minutes: dict[datetime, float] = defaultdict(float)
    for series in group:
        for at, value in series.points:
            if window.holds(at):
                minutes[at] += value
    return max(minutes.values(), default=None)
