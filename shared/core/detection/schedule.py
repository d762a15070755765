"""Which metrics a scan reads, and for which minutes: for the watch, a check on demand and bench/evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...model.metric import MINUTE, Window

GATEWAY_WINDOW = timedelta(minutes=15)  # for a NAT gateway's data path (Azure docs: nat-metrics)
LONGEST_PORT_WINDOW = timedelta(hours=1)  # after a long pause the last hour is enough


@dataclass(frozen=True, slots=True)
class ScanScope:
    """What one scan reads. It reads connections by state of every cluster in ``window``."""

    window: Window
    ports: Window | None = None  # ports of every load balancer; None: not due
    gateways: Window | None = None  # data path and open connections of every NAT gateway; None: not due
    in_trouble: frozenset[str] = frozenset()  # clusters with an open incident (ids in lower case): read in full


@dataclass(frozen=True, slots=True)
class ScanSchedule:
    ingestion_lag_minutes: int
    window_minutes: int
    ports_every: timedelta

    def scope(self, now: datetime, ports_until: datetime | None, in_trouble: frozenset[str]) -> ScanScope:
        """A scan of the watch. Ports are read when due, from ``ports_until`` on, the end of the last reading."""
        window = complete_window(now, self.ingestion_lag_minutes, self.window_minutes)
        if ports_until is None or ports_until > now:  # the clock of another worker was ahead
            ports_until = window.end - self.ports_every
        if window.end - ports_until < self.ports_every:
            return ScanScope(window, in_trouble=in_trouble)
        ports = Window(max(ports_until, window.end - LONGEST_PORT_WINDOW), window.end)
        return ScanScope(window, ports, gateway_window(window), in_trouble)

    def full_scope(self, now: datetime, window_minutes: int | None = None) -> ScanScope:
        """A scan on demand: everything of every cluster."""
        window = complete_window(now, self.ingestion_lag_minutes, window_minutes or self.window_minutes)
        return ScanScope(window, window, gateway_window(window))


def complete_window(now: datetime, ingestion_lag_minutes: int, window_minutes: int) -> Window:
    """The last ``window_minutes`` minutes whose metrics should be complete."""
    end = now.replace(second=0, microsecond=0) - ingestion_lag_minutes * MINUTE
    return Window(end - window_minutes * MINUTE, end)


def gateway_window(window: Window) -> Window:
    return Window(window.end - GATEWAY_WINDOW, window.end)
