"""The gate after each subnet: does its traffic leave the new way, and does nothing fail?

A NAT gateway's metrics know no subnet, and the first subnets' traffic must not speak for a later one without egress. So
the gateway's rate has to rise by a share of what the subnet's own nodes had before. After a detach, the load balancer's
metrics name each node, and the nodes' own connections count.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...formatting import count
from ...model.metric import MINUTE, Series, Window
from ..detection.schedule import complete_window
from .verdict import BACKGROUND_FACTOR, total

SHARE_OF_OWN = 0.25
_MOST_FAILING = 0.5
_MORE_THAN_BEFORE = 0.25


def window_since(since: datetime, now: datetime, lag_minutes: int, minutes: int) -> Window | None:
    """The last complete minutes that lie wholly after ``since``; None while there are fewer."""
    window = complete_window(now, lag_minutes, minutes)
    return window if window.start >= since.replace(second=0, microsecond=0) + MINUTE else None


class Passage(StrEnum):
    OPEN = "open"
    NOT_YET = "not yet"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class GateView:
    passage: Passage
    words: str  # what was measured


@dataclass(frozen=True, slots=True)
class GatewayRates:
    """New connections a minute on the NAT gateway now, and before the subnet was moved; ``failed`` in the window."""

    now: float
    before: float
    failed: float


def through_gateway(rates: GatewayRates, own_before: float, background_per_minute: float) -> GateView:
    """``own_before``: successful connections a minute that the subnet's nodes made through the load balancer."""
    if rates.failed > 0:
        return GateView(Passage.BROKEN, f"{count(math.ceil(rates.failed), 'connection')} failed on the NAT gateway")
    floor = BACKGROUND_FACTOR * background_per_minute
    if own_before <= floor:
        words = f"too little traffic before ({own_before:,.0f} a minute) to tell by it; none failed"
        return GateView(Passage.OPEN, words)
    rise = rates.now - rates.before
    since = f", {rates.before:,.0f} before the subnet was moved" if rates.before else ""
    words = f"{count(round(rates.now), 'new connection')} a minute on the NAT gateway{since}"
    if rates.now > floor and rise >= SHARE_OF_OWN * own_before:
        return GateView(Passage.OPEN, f"{words}, none failed")
    needed = max(floor, rates.before + SHARE_OF_OWN * own_before)
    return GateView(Passage.NOT_YET, f"{words} so far; {needed:,.0f} would show that this subnet has egress")


def through_load_balancer(
    connections: Iterable[Series],
    window: Window,
    node_ips: Collection[str],
    own_before: float,
    background_per_minute: float,
    failing_before: float = 0.0,
) -> GateView:
    """``connections``: of the load balancer by backend and state; ``node_ips`` are the subnet's.

    ``failing_before``: the share of the cluster's connections that failed before any change; a detach brings it back.
    """
    if not node_ips:
        return GateView(Passage.OPEN, "could not be measured: no node has its address in this subnet")
    own = [series for series in connections if series.backend_ip in node_ips]
    failed = total(own, window, "failed")
    succeeded = total(own, window) - failed - total(own, window, "pending")
    rate = succeeded / window.minutes
    if failed > max(_MOST_FAILING, failing_before + _MORE_THAN_BEFORE) * (failed + succeeded):
        of = count(round(failed + succeeded), "connection")
        words = f"{failed:,.0f} of {of} of its nodes failed on the load balancer"
        return GateView(Passage.BROKEN, words)
    if succeeded > 0:
        words = f"{count(round(rate), 'new connection')} a minute of its nodes leave through the load balancer"
        return GateView(Passage.OPEN, f"{words}, {failed:,.0f} failed in {count(window.minutes, 'minute')}")
    if own_before <= BACKGROUND_FACTOR * background_per_minute:
        words = f"could not be measured: its nodes had too little traffic before ({own_before:,.0f} a minute)"
        return GateView(Passage.OPEN, words)
    return GateView(Passage.NOT_YET, "no new connection of its nodes left through the load balancer so far")
