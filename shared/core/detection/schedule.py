"""Which metrics a scan reads, and for which minutes: for the watch, a check on demand and bench/evaluate."""

import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...model.fleet import PortRound
from ...model.metric import MINUTE, Window

GATEWAY_WINDOW = timedelta(minutes=15)  # for a NAT gateway's data path (Azure docs: nat-metrics)
LONGEST_PORT_WINDOW = timedelta(hours=1)  # after a long pause the last hour is enough
# Shares of a scan's time: no port is asked for after the first, so that every connection is; below the second, twice as
# many ports would have fitted.
FOR_PORTS = 0.7
_FAST = 0.3
MOST_PARTS = 32  # a round of parts must end within the longest window


@dataclass(frozen=True, slots=True)
class ScanScope:
    """What one scan reads. It reads connections by state of every cluster in ``window``."""

    window: Window
    ports: Window | None = None  # ports of every load balancer; None: not due
    gateways: Window | None = None  # data path and open connections of every NAT gateway; None: not due
    in_trouble: frozenset[str] = frozenset()  # clusters with an open incident (ids in lower case): read in full
    port_round: PortRound = field(default_factory=PortRound)  # the part of the load balancers whose ports are read

    def has_due_ports(self, load_balancer_id: str) -> bool:
        parts, part = self.port_round.parts, self.port_round.part
        return self.ports is not None and zlib.crc32(load_balancer_id.lower().encode()) % parts == part


@dataclass(frozen=True, slots=True)
class ScanSchedule:
    ingestion_lag_minutes: int
    window_minutes: int
    ports_every: timedelta

    def scope(
        self,
        now: datetime,
        ports_until: datetime | None,
        in_trouble: frozenset[str],
        port_round: PortRound = PortRound(),  # noqa: B008 - it can't be changed
    ) -> ScanScope:
        """A scan of the watch. Ports are read when due, from ``ports_until`` on, the end of the last reading."""
        window = complete_window(now, self.ingestion_lag_minutes, self.window_minutes)
        if ports_until is None or ports_until > now:  # the clock of another worker was ahead
            ports_until = window.end - self.ports_every
        is_first = port_round.part == 0
        if window.end - ports_until < (self.ports_every if is_first else MINUTE):
            return ScanScope(window, in_trouble=in_trouble, port_round=port_round)
        ports = Window(max(ports_until, window.end - LONGEST_PORT_WINDOW), window.end)
        return ScanScope(window, ports, gateway_window(window) if is_first else None, in_trouble, port_round)

    def full_scope(self, now: datetime, window_minutes: int | None = None) -> ScanScope:
        """A scan on demand: everything of every cluster."""
        window = complete_window(now, self.ingestion_lag_minutes, window_minutes or self.window_minutes)
        return ScanScope(window, window, gateway_window(window))


def ports_after(scope: ScanScope, ports_until: datetime | None, time_used: float) -> tuple[datetime | None, PortRound]:
    """The next ``ports_until`` and round after a scan that used this share of its time.

    If ports had no time left, the round begins again with twice as many parts, from the same minute: none is left out.
    """
    done = scope.port_round
    if scope.ports is None:
        return ports_until, done
    if time_used >= FOR_PORTS and done.parts < MOST_PARTS:
        return scope.ports.start, PortRound(2 * done.parts)
    until = done.until or scope.ports.end
    if done.part + 1 < done.parts:
        return scope.ports.start, replace(done, part=done.part + 1, until=until)
    return until, PortRound(max(1, done.parts // 2) if time_used < _FAST else done.parts)


def complete_window(now: datetime, ingestion_lag_minutes: int, window_minutes: int) -> Window:
    """The last ``window_minutes`` minutes whose metrics should be complete."""
    end = now.replace(second=0, microsecond=0) - ingestion_lag_minutes * MINUTE
    return Window(end - window_minutes * MINUTE, end)


def gateway_window(window: Window) -> Window:
    return Window(window.end - GATEWAY_WINDOW, window.end)
