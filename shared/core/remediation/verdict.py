"""Whether a NAT gateway cured the incident: a verdict from the gateway's own metrics.

A load balancer without failures proves nothing after the switch: new connections no longer use it. Microsoft's pages
contradict each other on whether SNATConnectionCount counts per minute or per second, so "fixed" must be true either
way. Platform health checks add a small count without any traffic (Azure docs: nat-metrics).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ...formatting import measured_minutes_of, minutes_of, percent
from ...model.change import Outcome, Verdict
from ...model.metric import MetricAnswer, Series, Window
from ...model.plan import Baseline
from ...model.text import Text, arranged
from ..detection.load_balancer import count_by_minute
from .measurement import LEAST_PER_MINUTE, MeasurementPolicy, points, rate_on_gateway, total

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
    left_behind: Text = Text("")  # nodes that still use the load balancer and that the plan did not move


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
    measured = measured_minutes_of(minutes)
    on_gateway = Text(
        "NAT gateway: {attempted} new connections attempted in {measured} ({rate} a minute), {failed} failed",
        attempted=round(attempted),
        measured=measured,
        rate=round(rate),
        failed=round(failed),
    )
    figures = (
        arranged("{figure} ({share})", figure=on_gateway, share=percent(failed, attempted)) if failed else on_gateway,
        _before(baseline, lb_rate),
        Text("data path availability: no data")
        if datapath is None
        else Text("data path availability: {percent} %", percent=datapath),
        Text("dropped packets: {packets}", packets=round(total(evidence.drops, window))),
    )

    line = count_by_minute(MetricAnswer(evidence.connections), window.end, "attempted")

    def outcome(verdict: Verdict, reason: Text, *advice: Text) -> Outcome:
        return Outcome(verdict, reason, figures, advice, attempted=line)

    if minutes < min(policy.minutes, window.minutes):
        reason = Text(
            "{measured} of {minutes} measured on the NAT gateway so far",
            measured=minutes,
            minutes=minutes_of(policy.minutes),
        )
        return outcome(Verdict.CANT_TELL, reason)
    if failed > 0:
        reason = Text.plural(
            "{count} connection failed on the NAT gateway itself",
            "{count} connections failed on the NAT gateway itself",
            count=math.ceil(failed),
        )
        return outcome(Verdict.NOT_FIXED, reason, *_why_it_fails(failed, attempted))
    if lb_failed > 0:
        reason = Text.plural(
            "{count} connection still failed on the load balancer",
            "{count} connections still failed on the load balancer",
            count=math.ceil(lb_failed),
        )
        return outcome(Verdict.NOT_FIXED, reason, evidence.left_behind or _LEFT_THERE)
    if datapath is not None and datapath < DATAPATH_PERCENT:
        reason = Text("the NAT gateway's data path was available {percent} % of the time", percent=datapath)
        return outcome(Verdict.NOT_FIXED, reason, _UNAVAILABLE)
    if baseline is None:
        return outcome(
            Verdict.CANT_TELL,
            Text(
                "{rate} and none failed, but how many there were before could not be measured when this was planned",
                rate=rate_on_gateway(rate),
            ),
            Text("Compare with the application's own figures, or ask what the load balancer's metrics showed then."),
        )
    # If the count were per second, it would mean sixty times as many: per minute is the stricter reading.
    share = SHARE_OF_BEFORE * baseline.successful_per_minute
    if rate <= LEAST_PER_MINUTE or rate < share:
        return outcome(
            Verdict.CANT_TELL,
            Text(
                "{rate}; at least {needed} are needed to tell",
                rate=rate_on_gateway(rate),
                needed=round(max(LEAST_PER_MINUTE, share)),
            ),
            Text(
                "Likely there is little traffic now, or it takes another way: a route to an appliance, a private "
                "endpoint."
            ),
        )
    if evidence.left_behind:
        return outcome(Verdict.CANT_TELL, evidence.left_behind, _LEFT_THERE)
    if lb_rate >= LEFT_ON_LOAD_BALANCER * max(baseline.attempted_per_minute, 1):
        reason = Text.plural(
            "{count} new connection a minute still leaves through the load balancer",
            "{count} new connections a minute still leave through the load balancer",
            count=round(lb_rate),
        )
        return outcome(Verdict.CANT_TELL, reason, _LEFT_THERE)
    if datapath is None:
        return outcome(Verdict.CANT_TELL, Text("the NAT gateway's data path availability could not be measured"))
    return outcome(
        Verdict.FIXED,
        Text(
            "no failed connection in {measured} with {attempted} attempted on the NAT gateway",
            measured=measured,
            attempted=round(attempted),
        ),
    )


def _before(baseline: Baseline | None, lb_rate: float) -> Text:
    if baseline is None:
        return Text("before: not measured")
    rate = round(baseline.successful_per_minute)
    if baseline.is_of_gateway:
        return Text("NAT gateway before: {rate} successful a minute", rate=rate)
    return Text(
        "load balancer before: {rate} successful a minute; now {rate_now} a minute", rate=rate, rate_now=round(lb_rate)
    )


_UNAVAILABLE = Text(
    "Likely the platform: look at Azure's service health and the gateway's resource health; if it lasts, roll back."
)
_LEFT_THERE = Text(
    "Likely some nodes are in a subnet that has no NAT gateway, or a route of their own goes ahead of it."
)
_OFTEN = 0.05


def _why_it_fails(failed: float, attempted: float) -> tuple[Text, ...]:
    """The likely cause (Azure docs: nat-gateway/troubleshoot-nat-connectivity)."""
    if failed >= _OFTEN * max(attempted, 1):
        return (
            Text(
                "Likely one destination: at most {limit} connections go from one public IP to the same address and "
                "port. More public IPs raise that; reusing connections cures it.",
                limit=50_000,
            ),
            Text("Or the gateway itself is too small: ask for a plan that adds public IPs."),
        )
    return (
        Text(
            "Likely connections that wait for a port to cool down towards one busy destination: reuse connections, or "
            "ask for a plan that adds public IPs."
        ),
    )


def _mean(series: Iterable[Series], window: Window) -> float | None:
    values = [value for _, value in points(series, window)]
    return sum(values) / len(values) if values else None
