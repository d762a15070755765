"""Turn port metrics into a reading: the minute with the highest use, for each node and protocol.

UsedSnatPorts and AllocatedSnatPorts (Average per minute) by BackendIPAddress, ProtocolType and IsAwaitingRemoval. TCP
and UDP have separate ports; ports of a frontend that is being removed are no capacity (Azure docs:
monitor-load-balancer-reference). Azure names protocols by name or by number.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from ...model.load_balancer import NodeList
from ...model.metric import MINUTE, MetricAnswer, Series, Window
from ...model.ports import NodePorts, PortHistory, PortReading

KEPT_SHARE = 0.5
# A node whose use rises this fast is included before it is half full.
STEEP_FROM_SHARE = 0.25
STEEP_SHARE_A_MINUTE = 0.012
_PROTOCOL = "protocoltype"
_AWAITING_REMOVAL = "isawaitingremoval"
_NOT_DRAINING = ("false", "0", "")
_UDP = ("udp", "17")

_Key = tuple[str, str]
_Minutes = dict[datetime, float]


def read_ports(window: Window, used: MetricAnswer, allocated: MetricAnswer) -> PortReading:
    """Nodes and protocols with at least half of their ports in use, or with steeply rising use.

    A minute counts if both metrics have a point in it, and ports are allocated.
    """
    limits = _minutes(window, allocated)
    full = []
    for (ip, protocol), minutes in _minutes(window, used).items():
        limit = limits.get((ip, protocol), {})
        if not limit or max(minutes.values(), default=0.0) < STEEP_FROM_SHARE * min(limit.values()):
            continue  # most nodes
        shares = [(value / limit[at], at) for at, value in minutes.items() if limit.get(at, 0.0) > 0]
        share, at = max(shares, default=(0.0, None))
        if at is not None and (share >= KEPT_SHARE or _is_steep(minutes, limit)):
            full.append(NodePorts(ip, protocol, minutes[at], limit[at], at))
    full.sort(key=lambda node: (-node.share, node.ip, node.protocol))
    return PortReading(window, tuple(full), _usual_allocation(limits), used.is_truncated or allocated.is_truncated)


def named(reading: PortReading, nodes: NodeList) -> PortReading:
    """The reading with the nodes' names, which are read after the metrics."""
    by_ip = {node.ip: node for node in nodes.nodes}

    def name(ports: NodePorts) -> NodePorts:
        node = by_ip.get(ports.ip)
        return replace(ports, name=node.name, pool=node.pool) if node else replace(ports, is_gone=nodes.is_complete)

    return replace(reading, nodes=tuple(map(name, reading.nodes)))


def read_history(window: Window, used: MetricAnswer) -> tuple[PortHistory, ...]:
    return tuple(
        PortHistory(ip, protocol, tuple(sorted(minutes.items())))
        for (ip, protocol), minutes in sorted(_minutes(window, used).items())
    )


def _is_steep(used: _Minutes, limits: _Minutes) -> bool:
    minutes = sorted(at for at in used if limits.get(at, 0.0) > 0)
    if len(minutes) < 2:
        return False
    first, last = minutes[0], minutes[-1]
    climbed = (used[last] - used[first]) / limits[last]
    is_fast = climbed >= STEEP_SHARE_A_MINUTE * ((last - first) / MINUTE)
    return is_fast and used[last] >= STEEP_FROM_SHARE * limits[last]


def is_draining(series: Series) -> bool:
    """Ports of a frontend that is being removed. Azure does not document the value for yes, so all but no count."""
    return series.dimensions.get(_AWAITING_REMOVAL, "").lower() not in _NOT_DRAINING


def _minutes(window: Window, answer: MetricAnswer) -> dict[_Key, _Minutes]:
    """Minutes by (backend IP, protocol); series with the same key, such as those of several frontends, are summed.

    A node has ports on every frontend, and Azure's average without that dimension is a mean over the frontends.
    """
    found: dict[_Key, _Minutes] = {}
    for series in answer.series:
        if is_draining(series):
            continue
        points = series.points
        if points and not (window.holds(points[0][0]) and window.holds(points[-1][0])):
            points = tuple((at, value) for at, value in points if window.holds(at))
        protocol = "udp" if series.dimensions.get(_PROTOCOL, "").lower() in _UDP else "tcp"
        key = series.backend_ip, protocol
        if key in found:
            minutes = found[key]
            minutes.update((at, minutes.get(at, 0.0) + value) for at, value in points)
        else:
            found[key] = dict(points)
    return found


def _usual_allocation(limits: dict[_Key, _Minutes]) -> int | None:
    """The allocation of most nodes in their last minute, so that joining and leaving nodes count little."""
    last = [round(minutes[max(minutes)]) for (_, protocol), minutes in limits.items() if protocol == "tcp" and minutes]
    counts = Counter(value for value in last if value > 0)
    return min(counts, key=lambda value: (-counts[value], value), default=None)
