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
    """New outbound connections of one backend IP in the window."""

    ip: str
    failed: int
    successful: int
    failed_minutes: int  # with at least one failure
    first_failed_at: datetime
    last_failed_at: datetime
    name: str = ""  # empty: no node is known to have that IP
    pool: str = ""
    is_gone: bool = False  # every list of nodes was read, and none has that IP any more; else it may live


@dataclass(frozen=True, slots=True)
class Measured:
    """A minute without any point is neither failed nor clean."""

    window: Window
    measured_minutes: int  # failed and clean ones
    failed: int
    successful: int
    nodes: tuple[NodeFailures, ...] = ()  # with failures, worst first
    is_truncated: bool = False  # more nodes may be failing than are listed
    failed_minutes: tuple[datetime, ...] = ()
    clean_minutes: tuple[datetime, ...] = ()
    failing_since: datetime | None = None  # may lie before the window
    trend: Trend = ""  # of the failures
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
    reason: str
    remedy: str = ""  # what a person can do, such as the role to grant
    cause: Cause = Cause.NO_DATA
    kind: Literal["unmeasured"] = "unmeasured"


@dataclass(frozen=True, slots=True)
class DoesNotApply:
    """The cluster's egress does not use SNAT ports of a load balancer."""

    reason: str
    kind: Literal["does_not_apply"] = "does_not_apply"


Reading = Measured | Idle | Unmeasured | DoesNotApply
