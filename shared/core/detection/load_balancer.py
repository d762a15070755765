"""Turn a load balancer's metric series into a reading.

One metric decides: SnatConnectionCount with ConnectionState Failed, per backend IP, must be zero (Azure docs:
load-balancer-standard-diagnostics). Azure documents only ``Failed`` for certain, so states are compared
case-insensitively, and every state except failed and pending counts as successful.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...formatting import minutes_of
from ...model.load_balancer import NodeList
from ...model.metric import MINUTE, MetricAnswer, Window
from ...model.reading import Cause, Idle, Measured, MinuteSeries, NodeFailures, Reading, Trend, Unmeasured
from ...model.text import Text

FAILED = "failed"
_PENDING = "pending"
STREAK_PAUSE = 10 * MINUTE
_CHARTED = 60 * MINUTE
_TREND_FACTOR = 1.5


@dataclass(slots=True)
class _Count:
    failed: float = 0.0
    successful: float = 0.0
    failed_at: set[datetime] = field(default_factory=set)

    def add(self, state: str, at: datetime, value: float) -> None:
        if state == FAILED:
            self.failed += value
            if value > 0:
                self.failed_at.add(at)
        elif state != _PENDING:
            self.successful += value

    @property
    def failed_connections(self) -> int:
        """Whole connections; rounding never removes a failure."""
        return max(round(self.failed), 1) if self.failed_at else 0


def read_load_balancer(window: Window, by_state: MetricAnswer, allocated: MetricAnswer | None) -> Reading:
    """The reading without nodes.

    ``by_state``: SnatConnectionCount (Total) split at least by ConnectionState. ``allocated``: AllocatedSnatPorts, used
    only without any connection; it may cover time before the window. If any state has a point in a minute, the minute
    is measured and an absent Failed is zero: the reading is the same whether the service emits zeros or not.
    """
    measured: set[datetime] = set()
    total = _Count()
    for series, at, value in by_state.points_in(window):
        measured.add(at)
        total.add(series.state, at, value)
    if measured:
        return Measured(
            window=window,
            measured_minutes=len(measured),
            failed=total.failed_connections,
            successful=round(total.successful),
            is_truncated=by_state.is_truncated,
            failed_minutes=tuple(sorted(total.failed_at)),
            clean_minutes=tuple(sorted(measured - total.failed_at)),
        )
    if by_state.is_unknown_in(window):
        return unreadable(window, "SnatConnectionCount")
    points = [at for series in allocated.series for at, _ in series.points] if allocated else []
    if any(map(window.holds, points)):
        return Idle(window)
    if points and max(points) < window.start:
        return _late(window, max(points))
    return Unmeasured(
        Text(
            "Azure Monitor has no point of SnatConnectionCount nor of AllocatedSnatPorts between {start} and {end} UTC",
            start=f"{window.start:%H:%M}",
            end=f"{window.end:%H:%M}",
        ),
        Text("look at the load balancer's metrics in the portal; new or stopped clusters have none"),
    )


def unreadable(window: Window, metric: str) -> Unmeasured:
    """Whether there are values, and all of them are impossible."""
    reason = Text(
        "what Azure Monitor has of {metric} between {start} and {end} UTC can't be read: "
        "values below zero, or that are no numbers",
        metric=metric,
        start=f"{window.start:%H:%M}",
        end=f"{window.end:%H:%M}",
    )
    return Unmeasured(reason, cause=Cause.UNEXPECTED)


def _late(window: Window, newest: datetime) -> Unmeasured:
    minutes = int((window.end - newest) / MINUTE) - 1
    return Unmeasured(
        Text(
            "Azure Monitor's newest point of AllocatedSnatPorts is of {newest} UTC, {minutes} before the newest minute "
            "that is judged: metrics arrive late, or nothing is reported since then",
            newest=f"{newest:%H:%M}",
            minutes=minutes_of(minutes),
        ),
        Text("if this lasts, raise INGESTION_LAG_MINUTES by {minutes}", minutes=minutes),
        Cause.LATE,
    )


def with_nodes(reading: Measured, by_backend: MetricAnswer, nodes: NodeList) -> Measured:
    """The same reading with names of failing backends. An IP of no known node remains without a name."""
    by_ip = {node.ip: node for node in nodes.nodes}
    counts: dict[str, _Count] = defaultdict(_Count)
    for series, at, value in by_backend.points_in(reading.window):
        counts[series.backend_ip].add(series.state, at, value)
    failing = [
        NodeFailures(
            ip=ip,
            failed=tally.failed_connections,
            successful=round(tally.successful),
            failed_minutes=len(tally.failed_at),
            first_failed_at=min(tally.failed_at),
            last_failed_at=max(tally.failed_at),
            name=by_ip[ip].name if ip in by_ip else "",
            pool=by_ip[ip].pool if ip in by_ip else "",
            is_gone=nodes.is_complete and ip not in by_ip,
        )
        for ip, tally in counts.items()
        if tally.failed_at
    ]
    failing.sort(key=lambda node: (-node.failed, node.ip))
    return replace(reading, nodes=tuple(failing), is_truncated=reading.is_truncated or by_backend.is_truncated)


def failing_since(reading: Measured, history: MetricAnswer) -> datetime | None:
    """Start of the present streak of failing minutes, as far as ``history`` shows.

    A pause of up to 10 minutes does not end a streak: repeated bursts are the same trouble.
    """
    failed = {at for at, value in _failures(history) if value > 0 and at < reading.window.end}
    since: datetime | None = None
    for at in sorted(failed | set(reading.failed_minutes), reverse=True):
        if since is not None and since - at > STREAK_PAUSE:
            break
        since = at
    return since


def trend(history: MetricAnswer, end: datetime) -> Trend:
    """The last 5 minutes before ``end`` compared with the 10 minutes before them.

    Empty if nothing failed in the earliest 5 of those 10 minutes: too short to tell.
    """
    failed: dict[datetime, float] = defaultdict(float)
    for at, value in _failures(history):
        failed[at] += value
    before = [failed.get(end - number * MINUTE, 0.0) for number in range(6, 16)]
    now = [failed.get(end - number * MINUTE, 0.0) for number in range(1, 6)]
    if not any(before[5:]):
        return ""
    usual, latest = sum(before) / len(before), sum(now) / len(now)
    if latest > _TREND_FACTOR * usual:
        return "rising"
    return "falling" if latest * _TREND_FACTOR < usual else "steady"


def count_by_minute(answer: MetricAnswer, end: datetime, state: str = FAILED) -> MinuteSeries | None:
    """Connections of one state in the hour before ``end``, from the first measured minute on.

    A minute with a point of any state is measured, and then an absent state is zero. None: no minute is measured.
    """
    hour = Window(end - _CHARTED, end)
    counts: dict[datetime, float] = {}
    for series, at, value in answer.points_in(hour):
        counts[at] = counts.get(at, 0.0) + (value if series.state == state else 0.0)
    if not counts:
        return None
    minutes = Window(min(counts), end).each_minute()
    return MinuteSeries(minutes[0], tuple(math.ceil(counts[at]) if at in counts else None for at in minutes))


def _failures(answer: MetricAnswer) -> list[tuple[datetime, float]]:
    return [point for series in answer.series if series.state == FAILED for point in series.points]
