"""Ports will run out: said only when a straight line describes the use well enough to be extended.

The line (least squares) deserves it when it rests on at least 15 minutes spread over 20 or more, explains 80 % of the
variance (R² ≥ 0.8), and has risen by a tenth of the node's ports in that time. Then the time until it meets the
allocation is told, if that is within ``exhaustion_minutes``. A burst, a plateau or noise gives no figure at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...model.finding import Finding, FindingKind, Severity
from ...model.metric import MINUTE
from ...model.ports import NodePorts, PortHistory, PortReading
from ...texts import count
from ..thresholds import Thresholds

LEAST_POINTS = 15
LEAST_MINUTES = 20
LEAST_R_SQUARED = 0.8
LEAST_RISE = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """``value`` at the last point, ``slope`` a minute."""

    value: float
    slope: float
    r_squared: float
    minutes: float


def exhaustion_ahead(ports: PortReading, histories: Iterable[PortHistory], thresholds: Thresholds) -> Finding | None:
    """``histories`` of the nodes in ``ports``; those of other nodes are left alone. The soonest is told."""
    full = {(one.ip, one.protocol): one for one in ports.nodes}
    found: list[tuple[float, NodePorts, Line]] = []
    for history in histories:
        node = full.get((history.ip, history.protocol))
        line = fit(history)
        if node is None or line is None or not _deserves(line, node.allocated):
            continue
        minutes = max(node.allocated - line.value, 0.0) / line.slope
        if minutes <= thresholds.exhaustion_minutes:
            found.append((minutes, node, line))
    if not found:
        return None
    found.sort(key=lambda one: (one[0], one[1].ip))
    minutes, node, line = found[0]
    others = f"; {count(len(found) - 1, 'other')} within {thresholds.exhaustion_minutes} minutes" if found[1:] else ""
    return Finding(
        kind=FindingKind.EXHAUSTION_AHEAD,
        severity=Severity.WARNING,
        since=node.at,
        ports=tuple(one for _, one, _ in found),
        evidence=(
            f"{node.name or node.ip} runs out of {node.protocol.upper()} ports in about {minutes:,.0f} minutes: "
            f"{node.used:,.0f} of {node.allocated:,.0f} in use, {line.slope:,.1f} more a minute over the last "
            f"{line.minutes:.0f} minutes (straight line, R² {line.r_squared:.2f}){others}"
        ),
    )


def fit(history: PortHistory) -> Line | None:
    """The least-squares line; None for fewer than two minutes, or when all are the same."""
    if len(history.used) < 2:
        return None
    start = history.used[0][0]
    xs = [(at - start) / MINUTE for at, _ in history.used]
    ys = [value for _, value in history.used]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread_x = sum((x - mean_x) ** 2 for x in xs)
    spread_y = sum((y - mean_y) ** 2 for y in ys)
    if spread_x == 0 or spread_y == 0:
        return None
    together = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    slope = together / spread_x
    return Line(mean_y + slope * (xs[-1] - mean_x), slope, together**2 / (spread_x * spread_y), xs[-1])


def _deserves(line: Line, allocated: float) -> bool:
    return (
        line.minutes >= LEAST_MINUTES
        and line.slope > 0
        and line.r_squared >= LEAST_R_SQUARED
        and line.slope * line.minutes >= LEAST_RISE * allocated
    )
