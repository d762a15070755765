"""Ports will run out: predicted only if a straight line fits the use well enough.

The line (least squares) counts if it has at least 15 minutes over 20 or more, explains 80 % of the variance (R² ≥ 0.8),
rose by a tenth of the node's ports in that time, and reaches the allocation within ``exhaustion_minutes``. A burst, a
plateau or noise gives no finding.

A fast leak exhausts the ports in less than 20 minutes: a second line, for the last 10 minutes, must explain 95 %, have
risen by 15 % of the ports, and reach the allocation within 30 minutes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ....formatting import clauses, minutes_of
from ....model.finding import Finding, FindingKind, Severity
from ....model.metric import MINUTE
from ....model.ports import NodePorts, PortHistory, PortReading
from ....model.text import Text
from ..thresholds import Thresholds

MIN_POINTS = 15
MIN_MINUTES = 20
MIN_R_SQUARED = 0.8
MIN_RISE = 0.1
STEEP_MINUTES = 10
STEEP_R_SQUARED = 0.95
STEEP_RISE = 0.15
STEEP_AHEAD_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Line:
    """``value`` at the last point, ``slope`` per minute."""

    value: float
    slope: float
    r_squared: float
    minutes: float

    def minutes_until(self, allocated: float) -> float:
        return max(allocated - self.value, 0.0) / self.slope


def exhaustion_ahead(ports: PortReading, histories: Iterable[PortHistory], thresholds: Thresholds) -> Finding | None:
    """``histories`` of nodes that are not in ``ports`` are ignored. The evidence is of the node that runs out first."""
    full = {(node.ip, node.protocol): node for node in ports.nodes}
    found: list[tuple[float, NodePorts, Line]] = []
    for history in histories:
        node = full.get((history.ip, history.protocol))
        line = _line(history, node.allocated, thresholds.exhaustion_minutes) if node else None
        if node is not None and line is not None:
            found.append((line.minutes_until(node.allocated), node, line))
    if not found:
        return None
    found.sort(key=lambda entry: (entry[0], entry[1].ip))
    minutes, node, line = found[0]
    within = minutes_of(thresholds.exhaustion_minutes)
    others = Text.plural(
        "{count} other within {minutes}", "{count} others within {minutes}", count=len(found) - 1, minutes=within
    )
    first = Text(
        "{node} runs out of {protocol} ports in about {remaining}: {used} of {allocated} in use, {rise} more a minute "
        "over the last {minutes} (straight line, R² {r_squared})",
        node=node.name or node.ip,
        protocol=node.protocol.upper(),
        remaining=minutes_of(round(minutes)),
        used=round(node.used),
        allocated=round(node.allocated),
        rise=line.slope,
        minutes=minutes_of(round(line.minutes)),
        r_squared=f"{line.r_squared:.2f}",
    )
    return Finding(
        kind=FindingKind.EXHAUSTION_AHEAD,
        severity=Severity.WARNING,
        since=node.at,
        ports=tuple(full_node for _, full_node, _ in found),
        evidence=clauses(first, others) if found[1:] else first,
    )


def fit(history: PortHistory) -> Line | None:
    """The least-squares line; None for fewer than two minutes, or if all are the same."""
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


def _line(history: PortHistory, allocated: float, ahead_minutes: int) -> Line | None:
    """The line for the prediction: through all minutes, else the last ones if that line is steep and straight."""
    whole = fit(history) if len(history.used) >= MIN_POINTS else None
    if whole is not None and _is_lasting(whole, allocated) and whole.minutes_until(allocated) <= ahead_minutes:
        return whole
    last = history.used[-1][0] if history.used else None
    recent = tuple((at, value) for at, value in history.used if last and last - at < STEEP_MINUTES * MINUTE)
    steep = fit(replace(history, used=recent))
    if steep is None or len(recent) < STEEP_MINUTES or not _is_steep(steep, allocated):
        return None
    return steep if steep.minutes_until(allocated) <= min(ahead_minutes, STEEP_AHEAD_MINUTES) else None


def _is_lasting(line: Line, allocated: float) -> bool:
    return (
        line.minutes >= MIN_MINUTES
        and line.slope > 0
        and line.r_squared >= MIN_R_SQUARED
        and line.slope * line.minutes >= MIN_RISE * allocated
    )


def _is_steep(line: Line, allocated: float) -> bool:
    return line.slope > 0 and line.r_squared >= STEEP_R_SQUARED and line.slope * line.minutes >= STEEP_RISE * allocated
