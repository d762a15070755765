"""What metrics show of a cluster: measured, idle, not measured, or does not apply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from .metric import MINUTE, Window
from .text import Text

Trend = Literal["rising", "falling", "steady", ""]  # empty: too few minutes


@dataclass(frozen=True, slots=True)
class NodeFailures:
    """New outbound connections of one backend IP in the window."""

    ip: str
    failed: int
    successful: int
    failed_minutes: int  # minutes with a failure
    first_failed_at: datetime
    last_failed_at: datetime
    name: str = ""  # empty: no known node has that IP
    pool: str = ""
    is_gone: bool = False  # every list of nodes was read, and no node has that IP any more


@dataclass(frozen=True, slots=True)
class MinuteSeries:
    """One count a minute from ``start`` on; None where nothing was measured."""

    start: datetime
    values: tuple[int | None, ...]

    @property
    def end(self) -> datetime:
        return self.start + len(self.values) * MINUTE

    @property
    def known(self) -> tuple[int, ...]:
        return tuple(value for value in self.values if value is not None)


@dataclass(frozen=True, slots=True)
class Measured:
    """A minute without any point is neither failed nor clean."""

    window: Window
    measured_minutes: int  # failed and clean minutes
    failed: int
    successful: int
    nodes: tuple[NodeFailures, ...] = ()  # nodes with failures, worst first
    is_truncated: bool = False  # other nodes may be failing too
    failed_minutes: tuple[datetime, ...] = ()
    clean_minutes: tuple[datetime, ...] = ()
    failing_since: datetime | None = None  # may be before the window
    trend: Trend = ""  # of the failures
    failed_by_minute: MinuteSeries | None = None  # of up to an hour; None when nobody looked
    kind: Literal["measured"] = "measured"


@dataclass(frozen=True, slots=True)
class Idle:
    """No new outbound connection, but ports are allocated, so metrics do arrive. Counts as clean."""

    window: Window
    kind: Literal["idle"] = "idle"


class Cause(StrEnum):
    """Why something was not measured. Each cause has its own remedy."""

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
    reason: Text
    remedy: Text = Text("")  # what to do, such as the role to grant
    cause: Cause = Cause.NO_DATA
    kind: Literal["unmeasured"] = "unmeasured"


@dataclass(frozen=True, slots=True)
class DoesNotApply:
    """The cluster's egress uses no SNAT ports of a load balancer."""

    reason: Text
    kind: Literal["does_not_apply"] = "does_not_apply"


Reading = Measured | Idle | Unmeasured | DoesNotApply
