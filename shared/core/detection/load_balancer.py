"""From a load balancer's metric series to a reading.

The truth is one metric, SnatConnectionCount with ConnectionState Failed, per backend IP: it must be zero (Azure docs:
load-balancer-standard-diagnostics). Only Azure's literal ``Failed`` is certain, so states are bucketed without case
and what is neither failed nor pending counts as successful.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...formatting import count
from ...model.load_balancer import Node
from ...model.metric import MINUTE, MetricAnswer, Window
from ...model.reading import Cause, Idle, Measured, NodeFailures, Reading, Unmeasured

_FAILED = "failed"
_PENDING = "pending"
STATE_DIMENSION = "connectionstate"
BACKEND_DIMENSION = "backendipaddress"
STREAK_PAUSE = 10 * MINUTE
_TREND_FACTOR = 1.5


@dataclass(slots=True)
class _Count:
    failed: float = 0.0
    successful: float = 0.0
    failed_at: set[datetime] = field(default_factory=set)

    @property
    def failed_connections(self) -> int:
        """Whole connections; a failure is never rounded away."""
        return max(round(self.failed), 1) if self.failed_at else 0


def complete_window(now: datetime, ingestion_lag_minutes: int, window_minutes: int) -> Window:
    """The last ``window_minutes`` whole minutes that are old enough to be complete."""
    end = now.replace(second=0, microsecond=0) - ingestion_lag_minutes * MINUTE
    return Window(end - window_minutes * MINUTE, end)


def read_load_balancer(window: Window, by_state: MetricAnswer, allocated: MetricAnswer | None) -> Reading:
    """The reading without nodes.

    ``by_state``: SnatConnectionCount (Total) split at least by ConnectionState. ``allocated``: AllocatedSnatPorts, only
    looked at when there is no connection at all; it may hold what came before the window as well. A state with a point
    makes its minute measured, and then an absent Failed is zero: services that emit zeros and services that don't give
    the same verdict.
    """
    seen: set[datetime] = set()
    total = _Count()
    for series in by_state.series:
        state = series.dimensions.get(STATE_DIMENSION, "").lower()
        for at, value in series.points:
            if not window.holds(at):
                continue
            seen.add(at)
            _add(total, state, at, value)
    if seen:
        return Measured(
            window=window,
            measured_minutes=len(seen),
            failed=total.failed_connections,
            successful=round(total.successful),
            is_truncated=by_state.is_truncated,
            failed_minutes=tuple(sorted(total.failed_at)),
            clean_minutes=tuple(sorted(seen - total.failed_at)),
        )
    if by_state.is_unknown_in(window):
        return unreadable(window, "SnatConnectionCount")
    if has_point(window, allocated):
        return Idle(window)
    newest = _newest(allocated)
    if newest is not None and newest < window.start:
        return _late(window, newest)
    return Unmeasured(
        f"Azure Monitor has no point of SnatConnectionCount nor of AllocatedSnatPorts between "
        f"{window.start:%H:%M} and {window.end:%H:%M} UTC",
        "look at the load balancer's metrics in the portal; new or stopped clusters have none",
    )


def unreadable(window: Window, metric: str) -> Unmeasured:
    """There are values, and none of them can be."""
    reason = f"what Azure Monitor has of {metric} between {window.start:%H:%M} and {window.end:%H:%M} UTC can't be read"
    return Unmeasured(f"{reason}: values below zero, or that are no numbers", "", Cause.UNEXPECTED)


def _late(window: Window, newest: datetime) -> Unmeasured:
    minutes = int((window.end - newest) / MINUTE) - 1
    return Unmeasured(
        f"Azure Monitor's newest point of AllocatedSnatPorts is of {newest:%H:%M} UTC, {count(minutes, 'minute')} "
        f"before the newest minute that is judged: metrics arrive late, or nothing is reported since then",
        f"if this lasts, raise INGESTION_LAG_MINUTES by {minutes}",
        Cause.LATE,
    )


def with_nodes(reading: Measured, by_backend: MetricAnswer, nodes: Iterable[Node]) -> Measured:
    """The same reading with the failing backends named. An IP that no node has stays unnamed."""
    by_ip = {node.ip: node for node in nodes}
    counts: dict[str, _Count] = defaultdict(_Count)
    for series in by_backend.series:
        ip = series.dimensions.get(BACKEND_DIMENSION, "")
        state = series.dimensions.get(STATE_DIMENSION, "").lower()
        for at, value in series.points:
            if reading.window.holds(at):
                _add(counts[ip], state, at, value)
    failing = []
    for ip, tally in counts.items():
        if not tally.failed_at:
            continue
        node = by_ip.get(ip)
        failing.append(
            NodeFailures(
                ip=ip,
                failed=tally.failed_connections,
                successful=round(tally.successful),
                failed_minutes=len(tally.failed_at),
                first_failed_at=min(tally.failed_at),
                last_failed_at=max(tally.failed_at),
                name=node.name if node else "",
                pool=node.pool if node else "",
            )
        )
    failing.sort(key=lambda one: (-one.failed, one.ip))
    return replace(reading, nodes=tuple(failing), is_truncated=reading.is_truncated or by_backend.is_truncated)


def failing_since(reading: Measured, history: MetricAnswer) -> datetime | None:
    """Start of the present streak of failing minutes, looking back as far as ``history`` goes.

    A pause of up to 10 minutes does not end a streak: bursts of the same trouble are one trouble.
    """
    failed = set(reading.failed_minutes)
    for series in history.series:
        if series.dimensions.get(STATE_DIMENSION, "").lower() == _FAILED:
            failed |= {at for at, value in series.points if value > 0 and at < reading.window.end}
    since: datetime | None = None
    for at in sorted(failed, reverse=True):
        if since is not None and since - at > STREAK_PAUSE:
            break
        since = at
    return since


def trend(history: MetricAnswer, end: datetime) -> str:
    """``rising``, ``falling`` or ``steady`` failures: the last 5 minutes before ``end`` against the 10 before them.

    Empty when nothing had failed in the first 5 of them: too short to tell.
    """
    failed: dict[datetime, float] = defaultdict(float)
    for series in history.series:
        if series.dimensions.get(STATE_DIMENSION, "").lower() == _FAILED:
            for at, value in series.points:
                failed[at] += value
    before = [failed.get(end - number * MINUTE, 0.0) for number in range(6, 16)]
    now = [failed.get(end - number * MINUTE, 0.0) for number in range(1, 6)]
    if not any(before[5:]):
        return ""
    usual, latest = sum(before) / len(before), sum(now) / len(now)
    if latest > _TREND_FACTOR * usual:
        return "rising"
    return "falling" if latest * _TREND_FACTOR < usual else "steady"


def _newest(answer: MetricAnswer | None) -> datetime | None:
    return max((at for series in answer.series for at, _ in series.points), default=None) if answer else None


def has_point(window: Window, answer: MetricAnswer | None) -> bool:
    return answer is not None and any(window.holds(at) for series in answer.series for at, _ in series.points)


def _add(count: _Count, state: str, at: datetime, value: float) -> None:
    if state == _FAILED:
        count.failed += value
        if value > 0:
            count.failed_at.add(at)
    elif state != _PENDING:
        count.successful += value
