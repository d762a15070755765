"""What one look at a cluster's metrics amounts to. "Could not measure" is a result of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from .metric import Window

Trend = Literal["rising", "falling", "steady", ""]  # empty: too short to tell


@dataclass(frozen=True, slots=True)
class NodeFailures:
    """Failed SNAT connections of one backend IP. ``name`` is empty when no node is known to have that IP.

    ``is_gone``: every list of nodes was read, and no node has that IP any more. Without it an unnamed node may live.

    ``failed`` and ``successful`` count new outbound connections in the window; ``failed_minutes`` the minutes
    with at least one failure.
    """

    ip: str
    failed: int
    successful: int
    failed_minutes: int
    first_failed_at: datetime
    last_failed_at: datetime
    name: str = ""
    pool: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """``nodes`` lists only backends with failures, worst first.

    ``failed_minutes`` had a failure, ``clean_minutes`` a point and none; ``measured_minutes`` counts both. A minute
    without any point is in neither. ``is_truncated``: more nodes may be failing than are listed. ``failing_since`` may
    lie before the window. ``trend`` is of the failures.
    """

    window: Window
    measured_minutes: int
    failed: int
    successful: int
    nodes: tuple[NodeFailures, ...] = ()
    is_truncated: bool = False
    failed_minutes: tuple[datetime, ...] = ()
    clean_minutes: tuple[datetime, ...] = ()
    failing_since: datetime | None = None
    trend: Trend = ""
    kind: Literal["measured"] = "measured"


@dataclass(frozen=True, slots=True)
class Idle:
    """No new outbound connection, but ports are allocated: the metric pipeline works. Counts as clean."""

    window: Window
    kind: Literal["idle"] = "idle"


class Cause(StrEnum):
    """Why something was not measured. Told apart because what helps differs."""

    FORBIDDEN = "forbidden"
    NOT_REGISTERED = "not_registered"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNEXPECTED = "unexpected"
    NO_DATA = "no_data"
    LATE = "late"
    NO_LOAD_BALANCER = "no_load_balancer"
    VANISHED = "vanished"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """``remedy`` says what a person can do, such as the role to grant; empty when there is nothing to do."""

    reason: str
    remedy: str = ""
    cause: Cause = Cause.NO_DATA
    kind: Literal["unmeasured"] = "unmeasured"


@dataclass(frozen=True, slots=True)
class DoesNotApply:
    """The cluster's egress does not use SNAT ports of a load balancer."""

    reason: str
    kind: Literal["does_not_apply"] = "does_not_apply"


Reading = Measured | Idle | Unmeasured | DoesNotApply
