"""Trouble on a NAT gateway, which has no metrics per node.

Failing: any failed connection in the assessed window; critical if 100 per minute fail in every measured minute. The
share of failures does not count, because no document says whether Attempted includes Failed. Pressure: open connections
relative to 64,512 per public IP (Azure docs: nat-gateway-resource), a warning at ``nat_capacity_percent``, high at 90
%. Data path: average DatapathAvailability below ``datapath_percent`` in 15 minutes, with at least 10 of them measured
(Azure docs: nat-metrics).
"""

from datetime import datetime

from ....formatting import measured_minutes_of, minutes_of, percent, public_ips_of
from ....model.finding import Finding, FindingKind, Severity
from ....model.fleet import WatchedGateway
from ....model.metric import MetricAnswer, Window
from ....model.reading import Measured, Reading
from ....model.text import Text
from ..thresholds import Thresholds

PORTS_PER_IP = 64_512
CRITICAL_A_MINUTE = 100
CRITICAL_MINUTES = 3
HIGH_PERCENT = 90
MIN_MINUTES = 10


def nat_gateway_failing(gateway: WatchedGateway, reading: Reading) -> Finding | None:
    if not isinstance(reading, Measured) or reading.failed == 0:
        return None
    is_in_all = len(reading.failed_minutes) == reading.measured_minutes >= CRITICAL_MINUTES
    is_critical = is_in_all and reading.failed >= CRITICAL_A_MINUTE * reading.measured_minutes
    return Finding(
        kind=FindingKind.NAT_GATEWAY_FAILING,
        severity=Severity.CRITICAL if is_critical else Severity.FAILING,
        since=reading.failing_since or reading.failed_minutes[0],
        evidence=Text.plural(
            "{count} new outbound connection failed on NAT gateway {gateway} in {minutes} of {measured}",
            "{count} new outbound connections failed on NAT gateway {gateway} in {minutes} of {measured}",
            count=reading.failed,
            gateway=gateway.name,
            minutes=len(reading.failed_minutes),
            measured=measured_minutes_of(reading.measured_minutes),
        ),
        resource_id=gateway.id,
        remedy=Text(
            "add public IPs to the NAT gateway: connections to one destination are limited to {limit} per IP",
            limit=50_000,
        ),
    )


def nat_gateway_pressure(
    gateway: WatchedGateway, window: Window, open_connections: MetricAnswer, thresholds: Thresholds
) -> Finding | None:
    """None if the number of public IPs is unknown."""
    if not gateway.public_ip_count:
        return None
    peak, at = _peak(open_connections, window)
    capacity = gateway.public_ip_count * PORTS_PER_IP
    if at is None or 100 * peak < thresholds.nat_capacity_percent * capacity:
        return None
    return Finding(
        kind=FindingKind.NAT_GATEWAY_PRESSURE,
        severity=Severity.HIGH if 100 * peak >= HIGH_PERCENT * capacity else Severity.WARNING,
        since=at,
        evidence=Text.plural(
            "NAT gateway {gateway} held {count} connection; with {public_ips} it has {ports} ports ({share})",
            "NAT gateway {gateway} held {count} connections; with {public_ips} it has {ports} ports ({share})",
            count=round(peak),
            gateway=gateway.name,
            public_ips=public_ips_of(gateway.public_ip_count),
            ports=capacity,
            share=percent(peak, capacity),
        ),
        resource_id=gateway.id,
        remedy=Text("add public IPs to the NAT gateway; it takes up to 16"),
    )


def nat_gateway_datapath(
    gateway: WatchedGateway, window: Window, datapath: MetricAnswer, thresholds: Thresholds
) -> Finding | None:
    points = [(at, value) for _, at, value in datapath.points_in(window)]
    if len(points) < MIN_MINUTES:
        return None
    mean = sum(value for _, value in points) / len(points)
    if mean >= thresholds.datapath_percent:
        return None
    return Finding(
        kind=FindingKind.NAT_GATEWAY_DATAPATH,
        severity=Severity.HIGH,
        since=min(at for at, value in points if value < thresholds.datapath_percent),
        evidence=Text(
            "the data path of NAT gateway {gateway} was available {percent} % of the time in the last {minutes}",
            gateway=gateway.name,
            percent=mean,
            minutes=minutes_of(window.minutes),
        ),
        resource_id=gateway.id,
        remedy=Text("look at Azure's resource health of the NAT gateway and of its region"),
    )


def _peak(answer: MetricAnswer, window: Window) -> tuple[float, datetime | None]:
    """The highest minute, summed over the gateway's series (protocols)."""
    minutes: dict[datetime, float] = {}
    for _, at, value in answer.points_in(window):
        minutes[at] = minutes.get(at, 0.0) + value
    return max(((value, at) for at, value in minutes.items()), default=(0.0, None))
