"""Whether a NAT gateway cured the incident: a verdict from the gateway's own metrics.

A load balancer without failures proves nothing after the switch: new connections no longer use it. Microsoft's pages
contradict each other on whether SNATConnectionCount counts per minute or per second, so "fixed" must be true either
way. Platform health checks add a small count without any traffic (Azure docs: nat-metrics).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ...formatting import count, percent
from ...model.change import Outcome, Verdict
from ...model.metric import MetricAnswer, Series, Window
from ...model.plan import Baseline
from ..detection.load_balancer import count_by_minute
from .measurement import LEAST_PER_MINUTE, MeasurementPolicy, points, total

SHARE_OF_BEFORE = 0.25
LEFT_ON_LOAD_BALANCER = 0.05
DATAPATH_PERCENT = 90.0


@dataclass(frozen=True, slots=True)
class GatewayEvidence:
    """The metrics to judge, all for the same window."""

    window: Window
    connections: tuple[Series, ...]
    datapath: tuple[Series, ...]
    drops: tuple[Series, ...]
    load_balancer: tuple[Series, ...]  # connections of every backend, by state
    left_behind: str = ""  # nodes that still use the load balancer and that the plan did not move


def judge_gateway(evidence: GatewayEvidence, baseline: Baseline | None, policy: MeasurementPolicy) -> Outcome:
    """FIXED, NOT_FIXED, or CANT_TELL so far.

    ``baseline``: None if the traffic before the change could not be measured. Failures still count then, but FIXED is
    impossible, because nothing shows whether enough traffic uses the gateway.
    """
    window = evidence.window
    minutes = len({at for at, _ in points(evidence.connections, window, "attempted")})
    attempted = total(evidence.connections, window, "attempted")
    failed = total(evidence.connections, window, "failed")
    datapath = _mean(evidence.datapath, window)
    rate = attempted / max(minutes, 1)
    lb_rate = total(evidence.load_balancer, window) / window.minutes
    lb_failed = total(evidence.load_balancer, window, "failed")
    figures = (
        f"NAT gateway: {attempted:,.0f} new connections attempted in {minutes} measured minutes "
        f"({rate:,.0f} a minute), {failed:,.0f} failed" + (f" ({percent(failed, attempted)})" if failed else ""),
        _before(baseline, lb_rate),
        f"data path availability: {datapath:.1f} %" if datapath is not None else "data path availability: no data",
        f"dropped packets: {total(evidence.drops, window):,.0f}",
    )

    line = count_by_minute(MetricAnswer(evidence.connections), window.end, "attempted")

    def outcome(verdict: Verdict, reason: str, *advice: str) -> Outcome:
        return Outcome(verdict, reason, figures, advice, attempted=line)

    if minutes < min(policy.minutes, window.minutes):
        reason = f"{minutes} of {count(policy.minutes, 'minute')} measured on the NAT gateway so far"
        return outcome(Verdict.CANT_TELL, reason)
    if failed > 0:
        reason = f"{count(math.ceil(failed), 'connection')} failed on the NAT gateway itself"
        return outcome(Verdict.NOT_FIXED, reason, *_why_it_fails(failed, attempted))
    if lb_failed > 0:
        reason = f"{count(math.ceil(lb_failed), 'connection')} still failed on the load balancer"
        return outcome(Verdict.NOT_FIXED, reason, evidence.left_behind or _LEFT_THERE)
    if datapath is not None and datapath < DATAPATH_PERCENT:
        reason = f"the NAT gateway's data path was available {datapath:.1f} % of the time"
        return outcome(Verdict.NOT_FIXED, reason, _UNAVAILABLE)
    if baseline is None:
        return outcome(
            Verdict.CANT_TELL,
            f"{count(round(rate), 'new connection')} a minute on the NAT gateway and none failed, but how many there "
            "were before could not be measured when this was planned",
            "Compare with the application's own figures, or ask what the load balancer's metrics showed then.",
        )
    # If the count were per second, it would mean sixty times as many: per minute is the stricter reading.
    share = SHARE_OF_BEFORE * baseline.successful_per_minute
    if rate <= LEAST_PER_MINUTE or rate < share:
        return outcome(
            Verdict.CANT_TELL,
            f"{count(round(rate), 'new connection')} a minute on the NAT gateway; at least "
            f"{max(LEAST_PER_MINUTE, share):,.0f} are needed to tell",
            "Likely there is little traffic now, or it takes another way: a route to an appliance, a private endpoint.",
        )
    if evidence.left_behind:
        return outcome(Verdict.CANT_TELL, evidence.left_behind, _LEFT_THERE)
    if lb_rate >= LEFT_ON_LOAD_BALANCER * max(baseline.attempted_per_minute, 1):
        reason = f"{count(round(lb_rate), 'new connection')} a minute still leave through the load balancer"
        return outcome(Verdict.CANT_TELL, reason, _LEFT_THERE)
    if datapath is None:
        return outcome(Verdict.CANT_TELL, "the NAT gateway's data path availability could not be measured")
    return outcome(
        Verdict.FIXED,
        f"no failed connection in {minutes} measured minutes with {attempted:,.0f} attempted on the NAT gateway",
    )


def _before(baseline: Baseline | None, lb_rate: float) -> str:
    if baseline is None:
        return "before: not measured"
    successful = f"{baseline.successful_per_minute:,.0f} successful a minute"
    if baseline.is_of_gateway:
        return f"NAT gateway before: {successful}"
    return f"load balancer before: {successful}; now {lb_rate:,.0f} a minute"


_UNAVAILABLE = (
    "Likely the platform: look at Azure's service health and the gateway's resource health; if it lasts, roll back."
)
_LEFT_THERE = "Likely some nodes are in a subnet that has no NAT gateway, or a route of their own goes ahead of it."
_OFTEN = 0.05


def _why_it_fails(failed: float, attempted: float) -> tuple[str, ...]:
    """The likely cause (Azure docs: nat-gateway/troubleshoot-nat-connectivity)."""
    if failed >= _OFTEN * max(attempted, 1):
        return (
            "Likely one destination: at most 50,000 connections go from one public IP to the same address and port. "
            "More public IPs raise that; reusing connections cures it.",
            "Or the gateway itself is too small: ask for a plan that adds public IPs.",
        )
    return (
        "Likely connections that wait for a port to cool down towards one busy destination: reuse connections, or ask "
        "for a plan that adds public IPs.",
    )


def _mean(series: Iterable[Series], window: Window) -> float | None:
    values = [value for _, value in points(series, window)]
    return sum(values) / len(values) if values else None
